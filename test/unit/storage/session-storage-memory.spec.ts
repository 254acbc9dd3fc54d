import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import { SessionTooLargeError } from '../../../src/errors.js';
import { MemoryPrincipals } from '../../../src/storage/principals/memory-principals.js';
import { EPOCH_MEMORY } from '../../../src/storage/principals/principal-index.js';
import { SessionStorageMemory, type SessionStorageMemoryOptions } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const HOUR = 3_600_000;

function bench(options: SessionStorageMemoryOptions = {}) {
  const clock = new ManualClock();
  const onFull = vi.fn<(message: string) => void>();
  const storage = new SessionStorageMemory({ clock, onFull, ...options });
  return {
    clock,
    onFull,
    storage,
    write: (id: string, content = '', expiresAt = clock.now() + HOUR) =>
      storage.write(id, streamOf(Buffer.from(content)), { expiresAt }),
    use: (id: string) => storage.read(id, async () => true),
    read: (id: string) => storage.read(id, async ({ stream }) => Buffer.from(await collect(stream)).toString()),
    /** Which of these ids are there, without using them. */
    async present(ids: readonly string[]) {
      const result: string[] = [];
      for (const id of ids) {
        const written = await storage.write(id, streamOf(Buffer.alloc(0)), { expiresAt: 0, expect: 'absent' });
        if (!written.written) result.push(id);
      }
      return result;
    },
  };
}

const ids = (count: number, prefix = 'id'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('SessionStorageMemory', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([0, -1, 1.5, NaN, Infinity, '5', null])('refuses the bound %j at once, naming it', (bound) => {
    const wrong = bound as unknown as number;
    const message = (name: string) =>
      `Cannot create SessionStorageMemory: ${name} must be a positive integer: received ${bound}`;
    expect(() => new SessionStorageMemory({ maxEntries: wrong })).toThrow(new RangeError(message('maxEntries')));
    expect(() => new SessionStorageMemory({ maxBytes: wrong })).toThrow(new RangeError(message('maxBytes')));
  });

  it('does not read a source before it has checked the id', async () => {
    const { storage, clock } = bench();
    let read = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      read = true;
      yield Buffer.from('x');
    }
    await expect(storage.write('../x', source(), { expiresAt: clock.now() + HOUR })).rejects.toThrow(TypeError);
    expect(read).toBe(false);
  });

  it('size counts its records', async () => {
    const { storage, write } = bench();
    expect(storage.size).toBe(0);
    await write('a');
    await write('b');
    await write('a');
    expect(storage.size).toBe(2);
    await storage.invalidate('a');
    expect(storage.size).toBe(1);
  });

  it('keeps an expired record for the sweep, whoever meets it', async () => {
    const { storage, write, use, clock } = bench();
    await write('a', '', clock.now() + 1000);
    const version = await storage.read('a', async (entry) => entry.version);
    clock.advance(1000);
    expect(await use('a')).toBeUndefined();
    const change = { expiresAt: Infinity, expect: { version: version ?? '' } };
    const refused = await storage.write('a', streamOf(Buffer.alloc(0)), change);
    expect(refused).toEqual({ written: false, reason: 'missing' });
    expect(storage.size).toBe(1);
    expect(await storage.sweep()).toBe(1);
  });

  describe('when it is full of entries', () => {
    it('lets the oldest leave first, of those that were never read', async () => {
      const { storage, write, present } = bench({ maxEntries: 3 });
      for (const id of ['a', 'b', 'c', 'd']) await write(id);
      expect(storage.size).toBe(3);
      expect(await present(['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
    });

    it('lets those that were never read leave before those that were, however old these are', async () => {
      const { write, use, present } = bench({ maxEntries: 3 });
      for (const id of ['used', 'new1', 'new2']) await write(id);
      await use('used');
      await write('new3');
      await write('new4');
      expect(await present(['used', 'new1', 'new2', 'new3', 'new4'])).toEqual(['used', 'new3', 'new4']);
    });

    it('lets the least recently used leave, when all were read', async () => {
      const { write, use, present } = bench({ maxEntries: 3 });
      for (const id of ['a', 'b', 'c']) await write(id);
      for (const id of ['a', 'b', 'c', 'a']) await use(id);
      await write('d');
      expect(await present(['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
    });

    it('takes a write of a read record for a use', async () => {
      const { write, use, present } = bench({ maxEntries: 3 });
      for (const id of ['a', 'b', 'c']) await write(id);
      for (const id of ['a', 'b', 'c']) await use(id);
      await write('a', 'changed');
      await write('d');
      expect(await present(['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
    });

    it('never lets the newcomer leave', async () => {
      const { write, read, use } = bench({ maxEntries: 1 });
      await write('a', 'one');
      await use('a');
      await write('b', 'two');
      expect(await read('b')).toBe('two');
      expect(await read('a')).toBeUndefined();
    });

    it('replaces a record without pushing another one out', async () => {
      const { write, present } = bench({ maxEntries: 2 });
      await write('a');
      await write('b');
      await write('a', 'again');
      expect(await present(['a', 'b'])).toEqual(['a', 'b']);
    });

    it('D12: strangers without cookies, twice as many as it holds, push nobody out who is in use', async () => {
      const { storage, write, use, present } = bench({ maxEntries: 100 });
      const users = ids(60, 'user');
      for (const id of users) await write(id);
      for (const id of users) await use(id);
      for (const id of ids(200, 'stranger')) await write(id);
      expect(storage.size).toBe(100);
      expect(await present(users)).toEqual(users);
    });
  });

  describe('when it is full of bytes', () => {
    it('counts ids and records, and lets leave as many as it takes', async () => {
      const { write, present } = bench({ maxBytes: 100 });
      for (const id of ['a', 'b', 'c', 'd']) await write(id, 'x'.repeat(24));
      expect(await present(['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c', 'd']);
      await write('e', 'x'.repeat(25));
      expect(await present(['a', 'b', 'c', 'd', 'e'])).toEqual(['c', 'd', 'e']);
    });

    it('counts a record that is replaced by its new size', async () => {
      const { write, present } = bench({ maxBytes: 100 });
      await write('a', 'x'.repeat(80));
      await write('a', 'x');
      await write('b', 'x'.repeat(90));
      expect(await present(['a', 'b'])).toEqual(['a', 'b']);
    });

    it('counts what is invalidated, replaced or swept no more', async () => {
      const { storage, write, clock, onFull } = bench({ maxBytes: 100 });
      for (let round = 0; round < 20; round++) {
        await write('a', 'x'.repeat(90));
        await storage.invalidate('a');
        await write('b', 'x'.repeat(90), clock.now() + 10);
        clock.advance(10);
        await write('b', 'x'.repeat(90), 0);
        await write('c', 'x'.repeat(90), clock.now() + 10);
        clock.advance(10);
        await storage.sweep();
      }
      expect(onFull).not.toHaveBeenCalled();
      expect(storage.size).toBe(0);
    });

    it("refuses a record that is larger than all of it, and keeps the old one and everybody else's", async () => {
      const { storage, write, read, present } = bench({ maxBytes: 100 });
      await write('a', 'old');
      await write('b', 'other');
      const failure = write('a', 'x'.repeat(101));
      await expect(failure).rejects.toThrow(SessionTooLargeError);
      await expect(failure).rejects.toThrow('Cannot store session: 101 bytes are more than maxBytes, 100');
      expect(await read('a')).toBe('old');
      expect(await present(['b'])).toEqual(['b']);
      expect(storage.size).toBe(2);
    });

    it('refuses a record that is larger than all of it together with its id, and comes to an end', async () => {
      const { write, read } = bench({ maxBytes: 100 });
      await write('ten-chars-', 'old');
      // It looks for a victim for ever: the test must be able to go on
      const keys = vi.spyOn(Map.prototype, 'keys');
      const original = keys.getMockImplementation() ?? Map.prototype.keys;
      let looks = 0;
      keys.mockImplementation(function (this: Map<unknown, unknown>) {
        if (++looks > 1000) throw new Error('it never ends');
        return original.call(this);
      });
      const failure = write('ten-chars-', 'x'.repeat(95));
      keys.mockRestore();
      await expect(failure).rejects.toThrow(SessionTooLargeError);
      expect(await read('ten-chars-')).toBe('old');
    });
  });

  it('warns once, when a record that lives leaves', async () => {
    const { write, onFull } = bench({ maxEntries: 2 });
    for (const id of ['a', 'b']) await write(id);
    expect(onFull).not.toHaveBeenCalled();
    for (const id of ids(10)) await write(id);
    expect(onFull).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('SessionStorageMemory is full'));
  });

  it('does not warn when what leaves for want of room had expired', async () => {
    const { storage, write, clock, onFull } = bench({ maxEntries: 2 });
    for (const id of ['a', 'b']) await write(id, '', clock.now() + 1000);
    clock.advance(1000);
    for (const id of ['c', 'd']) await write(id);
    expect(storage.size).toBe(2);
    expect(onFull).not.toHaveBeenCalled();
    await write('e');
    expect(onFull).toHaveBeenCalledOnce();
  });

  it('warns the process by default', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const storage = new SessionStorageMemory({ maxEntries: 1 });
    for (const id of ids(5)) await storage.write(id, streamOf(Buffer.alloc(0)), { expiresAt: Date.now() + HOUR });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('SessionStorageMemory is full'),
      'NestSessionsWarning',
    );
  });

  it('holds to both bounds, and gives every record that it holds back whole, whatever happens', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      fc.record({ verb: fc.constant('write' as const), id, length: fc.nat(60), life: fc.nat(5) }),
      fc.record({ verb: fc.constantFrom('use' as const, 'invalidate' as const), id }),
      fc.record({ verb: fc.constantFrom('sweep' as const, 'advance' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { storage, clock, write, use, read } = bench({ maxEntries: 3, maxBytes: 100 });
        const model = new Map<string, { content: string; expiresAt: number }>();
        for (const step of steps) {
          if (step.verb === 'write') {
            const content = step.id.repeat(step.length);
            const expiresAt = clock.now() + step.life;
            await write(step.id, content, expiresAt);
            model.set(step.id, { content, expiresAt });
          } else if (step.verb === 'use') await use(step.id);
          else if (step.verb === 'invalidate') {
            await storage.invalidate(step.id);
            model.delete(step.id);
          } else if (step.verb === 'sweep') await storage.sweep();
          else clock.advance(1);
          expect(storage.size).toBeLessThanOrEqual(3);
        }
        let total = 0;
        for (const id of ['a', 'b', 'c', 'd', 'e']) {
          const content = await read(id);
          if (content === undefined) continue;
          expect(content).toBe(model.get(id)?.content);
          expect(model.get(id)?.expiresAt).toBeGreaterThan(clock.now());
          total += 1 + content.length;
        }
        expect(total).toBeLessThanOrEqual(100);
      }),
      { numRuns: 200 },
    );
  });

  describe('sweep()', () => {
    it('removes what has expired, read or not, and nothing else', async () => {
      const { storage, write, use, clock, present } = bench();
      await write('old', '', clock.now() + 1000);
      await write('used', '', clock.now() + 1000);
      await use('used');
      await write('living', '', clock.now() + 1001);
      clock.advance(999);
      expect(await storage.sweep()).toBe(0);
      clock.advance(1);
      expect(await storage.sweep()).toBe(2);
      expect(storage.size).toBe(1);
      expect(await present(['living'])).toEqual(['living']);
      expect(await storage.sweep()).toBe(0);
    });

    it('tells of each that it has removed', async () => {
      const { storage, write, use, clock } = bench();
      for (const id of ['met', 'used', 'left']) await write(id, `content of ${id}`, clock.now() + 1000);
      await write('living');
      await use('used');
      clock.advance(1000);
      await use('met');
      const told: string[] = [];
      const onExpired = async (id: string, stream: ByteStream): Promise<void> =>
        void told.push(`${id}: ${Buffer.from(await collect(stream)).toString()}`);
      expect(await storage.sweep({ onExpired })).toBe(3);
      expect(told.toSorted()).toEqual(['left: content of left', 'met: content of met', 'used: content of used']);
    });

    it('works through many records in bounded slices, and ends with 0', async () => {
      const { storage, write, clock } = bench();
      for (const id of ids(12_000)) await write(id, '', clock.now() + 1000);
      for (const id of ids(3000, 'living')) await write(id);
      clock.advance(1000);
      const slices: number[] = [];
      for (let removed = await storage.sweep(); removed > 0; removed = await storage.sweep()) slices.push(removed);
      expect(Math.max(...slices)).toBeLessThanOrEqual(5000);
      expect(slices.reduce((sum, slice) => sum + slice, 0)).toBe(12_000);
      expect(storage.size).toBe(3000);
    });

    it('finds what is expired after a sweep that ended just at the last record', async () => {
      const { storage, write, clock } = bench();
      for (const id of ids(5000)) await write(id, '', clock.now() + 1000);
      expect(await storage.sweep()).toBe(0);
      clock.advance(1000);
      expect(await storage.sweep()).toBeGreaterThan(0);
    });

    it('finds what is expired behind many that live, wherever the last sweep stopped', async () => {
      const { storage, write, clock } = bench();
      for (const id of ids(5001)) await write(id);
      await write('late', '', clock.now() + 2000);
      await write('early', '', clock.now() + 1000);
      clock.advance(1000);
      expect(await storage.sweep()).toBe(1);
      clock.advance(1000);
      expect(await storage.sweep()).toBe(1);
      expect(storage.size).toBe(5001);
    });

    it('finds all that is expired while records come, go and are used between its slices', async () => {
      const { storage, write, use, clock } = bench();
      for (const id of ids(8000)) await write(id, '', clock.now() + 1000);
      for (const id of ids(4000, 'living')) await write(id);
      clock.advance(1000);
      let turn = 0;
      for (let removed = await storage.sweep(); removed > 0; removed = await storage.sweep()) {
        for (const id of ids(100, `living`)) await use(id);
        await storage.invalidate(`id${7000 + turn}`);
        if (turn < 5) for (const id of ids(100, `more${turn}-`)) await write(id);
        turn++;
        expect(turn).toBeLessThan(50);
      }
      expect(turn).toBeGreaterThan(1);
      expect(storage.size).toBe(4000 + Math.min(turn, 5) * 100);
    });
  });

  describe('principals', () => {
    function indexed(options: SessionStorageMemoryOptions = {}) {
      const all = bench(options);
      const { storage, clock, write } = all;
      const index = storage.principals;
      if (!(index instanceof MemoryPrincipals)) throw new Error('it keeps another index');
      const add = (id: string, principal = 'p', life = HOUR) =>
        index.add(principal, id, { expiresAt: clock.now() + life, begunAgo: 0 });
      return {
        ...all,
        index,
        add,
        login: async (id: string, principal?: string) => {
          await add(id, principal);
          await write(id);
        },
        ids: async (principal = 'p') => (await index.entries(principal)).map(({ id }) => id),
      };
    }

    it('keeps the entry of a record that is about to be written, is written, read and replaced', async () => {
      const { add, ids, write, use } = indexed();
      await add('a');
      expect(await ids()).toEqual(['a']);
      await write('a');
      await use('a');
      await write('a', 'again');
      expect(await ids()).toEqual(['a']);
    });

    it.each<[string, (all: ReturnType<typeof indexed>) => Promise<unknown>]>([
      ['invalidated', ({ storage }) => storage.invalidate('a')],
      ['ended by a write', ({ write }) => write('a', '', 0)],
      [
        'swept',
        async ({ storage, write, clock }) => {
          await write('a', '', clock.now() + 10);
          clock.advance(10);
          await storage.sweep();
        },
      ],
      ['pushed out for want of room', async ({ write }) => Promise.all(ids(3, 'other').map((id) => write(id)))],
    ])('lets the entry go of a record that is %s, and no other', async (_, end) => {
      const all = indexed({ maxEntries: 3 });
      await all.login('a');
      await all.login('b');
      await all.use('b');
      await end(all);
      expect(await all.ids()).toEqual(['b']);
      await all.storage.invalidate('b');
      expect(all.index.size).toBe(0);
    });

    it('lets entries go that nobody wrote a record for, with a sweep that has no record to remove', async () => {
      const { storage, add, clock, index } = indexed();
      for (const id of ids(100)) await add(id, id, 1000);
      clock.advance(1000);
      expect(await storage.sweep()).toBe(0);
      expect(index.size).toBe(0);
    });

    it('has nothing left after 100,000 logins and logouts, whichever way they end', async () => {
      const { storage, login, add, write, clock, index } = indexed({ maxEntries: 1000 });
      for (let turn = 0; turn < 100_000; turn++) {
        const [id, principal] = [`id${turn}`, `p${turn % 5000}`];
        if (turn % 10 === 0) await add(id, principal, 60_000);
        else await login(id, principal);
        if (turn % 3 === 0) await write(id, '', 0);
        else if (turn % 3 === 1) await storage.invalidate(id);
        if (turn % 2 === 0) await index.remove(principal, id);
        if (turn % 1000 > 0) continue;
        // A principal, a record and an entry each, those whose record was not written, and epochs
        expect(index.size).toBeLessThan(3 * (1000 + 200) + 100);
        await index.raiseEpoch(principal, id);
        clock.advance(60_000);
        await storage.sweep();
      }
      clock.advance(EPOCH_MEMORY + 1);
      while ((await storage.sweep()) > 0);
      expect([storage.size, index.size]).toEqual([0, 0]);
    }, 30_000);
  });
});
