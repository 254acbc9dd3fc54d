import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryPrincipals } from '../../../../src/storage/principals/memory-principals.js';
import { EPOCH_MEMORY } from '../../../../src/storage/principals/principal-index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { GoodPrincipals } from '../../testing/good-principals.js';
import { answer, anyCommand } from './principal-commands.js';

const HOUR = 3_600_000;

function bench() {
  const clock = new ManualClock();
  const index = new MemoryPrincipals(clock);
  return {
    clock,
    index,
    add: (principal: string, id: string, life = HOUR) =>
      index.add(principal, id, { expiresAt: clock.now() + life, begunAgo: 0 }),
    ids: async (principal: string) => (await index.entries(principal)).map(({ id }) => id),
  };
}

describe('MemoryPrincipals', () => {
  it('answers as the contract says, whatever happens, and has nothing left when all is over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCommand, { maxLength: 40 }), async (commands) => {
        const { clock, index } = bench();
        const model = new GoodPrincipals(clock);
        for (const command of commands) {
          if (command.verb === 'pass') clock.advance(command.time);
          else if (command.verb === 'sweep') await index.sweep();
          else expect(await answer(index, command, clock.now())).toEqual(await answer(model, command, clock.now()));
        }
        for (const id of ['a', 'b', 'c']) index.recordLeft(id);
        for (const principal of ['p', 'q']) expect(await index.entries(principal)).toEqual([]);
        clock.advance(EPOCH_MEMORY + 1);
        await index.sweep();
        expect(index.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('size counts principals, records and entries', async () => {
    const { index, add } = bench();
    expect(index.size).toBe(0);
    await add('p', 'a');
    await add('p', 'b');
    await add('q', 'b');
    await add('q', 'b');
    expect(index.size).toBe(2 + 2 + 3);
    await index.raiseEpoch('r');
    expect(index.size).toBe(3 + 2 + 3);
    await index.remove('p', 'a');
    await index.remove('q', 'b');
    expect(index.size).toBe(2 + 1 + 1);
  });

  it('does not grow when somebody asks of whom nothing is known', async () => {
    const { index } = bench();
    await index.entries('p');
    await index.holds('p', 'a', 0);
    await index.remove('p', 'a');
    await index.add('p', 'a', { expiresAt: 0, begunAgo: 0 });
    await index.add('p', 'a', { expiresAt: Infinity, begunAgo: EPOCH_MEMORY * 2 });
    index.recordLeft('a');
    expect(index.size).toBe(0);
  });

  it('lets the entries of a record go with it, under whichever principals, and no others', async () => {
    const { index, add, ids } = bench();
    for (const principal of ['p', 'q']) for (const id of ['a', 'b']) await add(principal, id);
    await index.raiseEpoch('p');
    index.recordLeft('a');
    expect([await ids('p'), await ids('q')]).toEqual([['b'], ['b']]);
    index.recordLeft('b');
    expect([await ids('p'), await ids('q')]).toEqual([[], []]);
    // The epoch of one of them
    expect(index.size).toBe(1);
    index.recordLeft('never there');
  });

  it('does not let an entry go that was added anew, for one that has expired before', async () => {
    const { clock, index, add, ids } = bench();
    await add('p', 'a', 10);
    clock.advance(10);
    await add('p', 'a');
    await index.sweep();
    expect(await ids('p')).toEqual(['a']);
    index.recordLeft('a');
    expect(index.size).toBe(0);
  });

  it('sweeps entries whose record was never written, at their expiry and not before', async () => {
    const { clock, index, add } = bench();
    for (let principal = 0; principal < 12_000; principal++) await add(`p${principal}`, `a${principal}`, 1000);
    await add('living', 'a');
    clock.advance(999);
    await index.sweep();
    expect(index.size).toBe(3 * 12_001);
    clock.advance(1);
    await index.sweep();
    expect(index.size).toBe(3);
  });

  it('lets others work while it sweeps', async () => {
    const { index } = bench();
    for (let principal = 0; principal < 12_000; principal++) await index.raiseEpoch(`p${principal}`);
    let turns = 0;
    let swept = false;
    const sweeping = index.sweep().then(() => (swept = true));
    while (!swept) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    await sweeping;
    // After each 5,000; one turn is what it takes to see the end
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it('sweeps an epoch when it need not be remembered any more', async () => {
    const { clock, index } = bench();
    await index.raiseEpoch('p', 'a');
    const refused = { added: false, reason: 'epoch' };
    clock.advance(EPOCH_MEMORY);
    await index.sweep();
    expect(await index.add('p', 'b', { expiresAt: Infinity, begunAgo: EPOCH_MEMORY })).toEqual(refused);
    clock.advance(1);
    await index.sweep();
    expect(index.size).toBe(0);
  });
});
