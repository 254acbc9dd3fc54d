import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedLine } from '../../../src/common/keyed-line.js';

describe('KeyedLine', () => {
  it('enter() lets in at once, synchronously, who finds nobody', () => {
    const line = new KeyedLine();
    expect(line.enter('a')).toBeUndefined();
    expect(line.enter('b')).toBeUndefined();
  });

  it('enter() lets in one after the other, in the order in which they came', async () => {
    const line = new KeyedLine();
    const log: number[] = [];
    const enter = (who: number): void => void line.enter('a')?.then(() => log.push(who));
    for (const who of [0, 1, 2, 3]) enter(who);
    await turn();
    expect(log).toEqual([]);
    line.leave('a');
    await turn();
    expect(log).toEqual([1]);
    enter(4);
    for (let left = 3; left > 0; left--) {
      line.leave('a');
      await turn();
    }
    expect(log).toEqual([1, 2, 3, 4]);
  });

  it('leave() of the last one empties the line', async () => {
    const line = new KeyedLine();
    void line.enter('a');
    const second = line.enter('a');
    line.leave('a');
    await second;
    line.leave('a');
    expect(line.length('a')).toBe(0);
    expect(line.enter('a')).toBeUndefined();
  });

  it('length() counts who is inside and who waits, for each key', () => {
    const line = new KeyedLine();
    expect(line.length('a')).toBe(0);
    for (const expected of [1, 2, 3]) {
      void line.enter('a');
      expect(line.length('a')).toBe(expected);
    }
    expect(line.length('b')).toBe(0);
    line.leave('a');
    expect(line.length('a')).toBe(2);
  });

  it('never has two of one key inside, whatever the keys and how long each stays', async () => {
    const visits = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'constructor'), turns: fc.nat(3) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(visits, async (visits) => {
        const line = new KeyedLine();
        const inside = new Map<string, number>();
        const order: Record<string, number[]> = { a: [], b: [], constructor: [] };
        await Promise.all(
          visits.map(async ({ key, turns }, index) => {
            await line.enter(key);
            inside.set(key, (inside.get(key) ?? 0) + 1);
            expect(inside.get(key)).toBe(1);
            order[key]?.push(index);
            for (let i = 0; i < turns; i++) await turn();
            inside.set(key, 0);
            line.leave(key);
          }),
        );
        for (const indexes of Object.values(order)) expect(indexes).toEqual(indexes.toSorted((x, y) => x - y));
        for (const key of Object.keys(order)) expect(line.length(key)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
