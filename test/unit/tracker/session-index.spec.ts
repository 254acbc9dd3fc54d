import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import type { PrincipalIndex } from '../../../src/storage/principals/principal-index.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { SessionIndex } from '../../../src/tracker/session-index.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import { LabIndex } from './principal-lab.js';

const TIMEOUT = 5000;
const options = { expiresAt: Infinity, begunAgo: 0 };

function bench() {
  const clock = new ManualClock();
  const { principals } = new SessionStorageMemory({ clock });
  const keys: string[] = [];
  /** Notes under which keys it is asked. */
  const noting = new Proxy(principals, {
    get: (index, verb: keyof PrincipalIndex) => (key: string, id: string, more: never) => {
      keys.push(key);
      return (index[verb] as (...given: unknown[]) => unknown).call(index, key, id, more);
    },
  });
  const of = (name: string, index: PrincipalIndex = noting) =>
    new SessionIndex(index, name, new TimeLimit(clock, TIMEOUT));
  return { clock, keys, of };
}

describe('SessionIndex', () => {
  it('asks the index with what it is asked', async () => {
    const { clock, of } = bench();
    const index = of('sid');
    expect(await index.add('eva', 'one', { ...options, limit: 1 })).toEqual({ added: true, at: clock.now() });
    expect(await index.add('eva', 'other', { ...options, limit: 1 })).toMatchObject({
      added: false,
      entries: [{ id: 'one', age: 0 }],
    });
    expect(await index.holds('eva', 'one', clock.now())).toBe(true);
    expect(await index.raiseEpoch('eva', 'one')).toEqual([]);
    expect(await index.add('eva', 'other', options)).toEqual({ added: false, reason: 'epoch' });
    expect(await index.holds('eva', 'one', clock.now())).toBe(true);
    expect(await index.entries('eva')).toEqual([{ id: 'one', age: 0 }]);
    await index.remove('eva', 'one');
    expect(await index.entries('eva')).toEqual([]);
  });

  it.each(['eva', 'eva@example.org', '5', ' ', '\n', 'ö'.repeat(255), '\ud800', '../..', '"]'])(
    'names %j by a key that any index takes, the same for every call, and from which nobody learns who it is',
    async (principal) => {
      const { keys, of } = bench();
      const index = of('sid');
      await index.add(principal, 'one', options);
      await index.holds(principal, 'one', 0);
      await index.remove(principal, 'one');
      await index.entries(principal);
      await index.raiseEpoch(principal);
      expect(new Set(keys).size).toBe(1);
      expect(keys[0]).toMatch(/^[\w-]{43}$/);
    },
  );

  it('has a key of its own for each principal, and for each name of sessions', async () => {
    const { keys, of } = bench();
    for (const [name, principal] of [
      ['a', 'b'],
      ['a', 'c'],
      ['ab', ''],
      ['', 'ab'],
      ['a","b', 'c'],
      ['a', 'b","c'],
      ['a', '\ud800'],
      ['a', '\ud801'],
      ['a', '\ufffd'],
    ] as const) {
      await of(name).entries(principal);
    }
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each<[verb: keyof PrincipalIndex, call: (index: SessionIndex) => Promise<unknown>, id: string | undefined]>([
    ['add', (index) => index.add('eva', 'one', options), 'one'],
    ['holds', (index) => index.holds('eva', 'one', 0), 'one'],
    ['remove', (index) => index.remove('eva', 'one'), 'one'],
    ['entries', (index) => index.entries('eva'), undefined],
    ['raiseEpoch', (index) => index.raiseEpoch('eva'), undefined],
  ])('%s() rejects with a SessionStorageError when it fails, and when it takes too long', async (verb, call, id) => {
    const { clock, of } = bench();
    const faulty = new LabIndex(clock);
    const index = of('sid', faulty);
    void faulty.next(verb, 'fails');
    const failed = await call(index).catch((reason: unknown) => reason);
    expect(failed).toBeInstanceOf(SessionStorageError);
    expect(failed).toMatchObject({ message: 'Cannot use session storage: it failed', id });
    const hanging = faulty.next(verb, 'hangs');
    const answer = call(index).catch((reason: unknown) => reason);
    await hanging;
    clock.advance(TIMEOUT);
    expect(await answer).toMatchObject({ message: 'Cannot reach session storage: no answer within 5000 ms', id });
    expect(clock.timers).toBe(0);
  });
});
