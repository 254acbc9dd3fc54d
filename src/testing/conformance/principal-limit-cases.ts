import assert from 'node:assert/strict';
import type { AddResult } from '../../storage/principals/principal-index.js';
import type { CaseDraft, ConformanceBench } from './conformance-bench.js';

/** The ids that a refusal tells of; fails when it is none. */
function inTheWay(result: AddResult): readonly string[] {
  assert.ok(!result.added && result.reason === 'full', 'add() is refused: full');
  for (const { age } of result.entries) assert.ok(age >= 0, 'each of them has an age');
  return result.entries.map(({ id }) => id);
}

/** Adds an entry in the place of the oldest, as often as somebody else is faster. */
async function addInPlace(bench: ConformanceBench, id: string, limit: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const result = await bench.add('p', id, { limit });
    const { length } = await bench.idsOf('p');
    assert.ok(length <= limit, `there are ${length} where there may be ${limit}`);
    if (result.added) return;
    const [oldest] = inTheWay(result);
    assert.ok(oldest !== undefined);
    await bench.principals.remove('p', oldest);
  }
  assert.fail('there is no room, whatever is removed');
}

const idsUpTo = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `id${index}`);

/** A limit is kept by the index itself, as nobody else sees all who add at once. */
export const principalLimitCases: readonly CaseDraft[] = [
  {
    name: "add() with a limit refuses one too many with 'full', tells of those that are there in their order, and changes nothing",
    check: async (bench) => {
      for (const id of ['c', 'a', 'b']) await bench.added('p', id, { limit: 3 });
      assert.deepEqual(inTheWay(await bench.add('p', 'd', { limit: 3 })), ['c', 'a', 'b']);
      assert.deepEqual(inTheWay(await bench.add('p', 'd', { limit: 1 })), ['c', 'a', 'b']);
      assert.deepEqual(await bench.idsOf('p'), ['c', 'a', 'b']);
      await bench.principals.remove('p', 'a');
      await bench.added('p', 'd', { limit: 3 });
      assert.deepEqual(await bench.idsOf('p'), ['c', 'b', 'd']);
    },
  },
  {
    name: 'add() of an entry that is there takes no further place',
    check: async (bench) => {
      for (const id of ['a', 'b', 'a', 'b', 'a']) await bench.added('p', id, { limit: 2 });
      assert.deepEqual(await bench.idsOf('p'), ['b', 'a']);
    },
  },
  {
    name: 'add() with a limit below what is there refuses an entry that is there too, and tells of the others',
    check: async (bench) => {
      for (const id of ['a', 'b', 'c']) await bench.added('p', id);
      assert.deepEqual(inTheWay(await bench.add('p', 'a', { limit: 2 })), ['b', 'c']);
      assert.deepEqual(await bench.idsOf('p'), ['a', 'b', 'c']);
    },
  },
  {
    name: 'add() without a limit adds any number, and a limit is of one principal',
    check: async (bench) => {
      for (const id of idsUpTo(30)) await bench.added('p', id);
      await bench.added('p', 'a', { limit: undefined });
      await bench.added('q', 'a', { limit: 1 });
      assert.deepEqual(await bench.idsOf('p'), [...idsUpTo(30), 'a']);
    },
  },
  {
    name: 'of many parallel add() with a limit as many are added as there may be',
    check: async (bench) => {
      const ids = idsUpTo(50);
      const results = await Promise.all(ids.map((id) => bench.add('p', id, { limit: 5 })));
      const added = ids.filter((_, index) => results[index]?.added === true);
      assert.equal(added.length, 5);
      assert.deepEqual((await bench.idsOf('p')).toSorted(), added.toSorted());
      for (const result of results) if (!result.added) assert.equal(inTheWay(result).length, 5);
    },
  },
  {
    name: 'of many who add at once in the place of the oldest, there are never more than there may be',
    check: async (bench) => {
      await Promise.all(idsUpTo(20).map((id) => addInPlace(bench, id, 3)));
      assert.equal((await bench.idsOf('p')).length, 3);
    },
  },
];
