import assert from 'node:assert/strict';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { ONE } from './sample-bytes.js';
import { GOOD_IDS, HOSTILE_IDS } from './sample-ids.js';

/** How long entries live that expire while they are tried, in milliseconds: a clock that is a server's has to be waited for. */
const SHORT = 50;
const LONGER = 100;

/** An entry is there from when it is added until it expires or is removed. */
export const principalEntryCases: readonly CaseDraft[] = [
  {
    name: 'entries() tells of what was added under a principal, and of nothing to one who has none',
    check: async (bench) => {
      await bench.added('p', 'a');
      await bench.added('q', 'b');
      await bench.added('p', 'c');
      assert.deepEqual(await bench.idsOf('p'), ['a', 'c']);
      assert.deepEqual(await bench.idsOf('q'), ['b']);
      assert.deepEqual(await bench.principals.entries('r'), []);
    },
  },
  {
    name: 'entries() tells of them in the order in which they were added, in whatever instant and whatever they are called',
    check: async (bench) => {
      const ids = ['m', 'z', 'a', 'Z', '9', '_', 'mm', '-', '10', 'b'];
      for (const id of ids) await bench.added('p', id);
      assert.deepEqual(await bench.idsOf('p'), ids);
    },
  },
  {
    name: 'add() of an entry that is there moves it to the end, and there is one of it',
    check: async (bench) => {
      for (const id of ['a', 'b', 'c', 'a']) await bench.added('p', id);
      assert.deepEqual(await bench.idsOf('p'), ['b', 'c', 'a']);
      await bench.added('p', 'c');
      assert.deepEqual(await bench.idsOf('p'), ['b', 'a', 'c']);
    },
  },
  {
    name: 'entries() tells how many milliseconds ago each was added last',
    check: async (bench) => {
      await bench.added('p', 'a');
      await bench.added('p', 'b');
      await bench.pass(LONGER);
      await bench.added('p', 'a');
      const [b, a] = await bench.principals.entries('p');
      assert.ok(a !== undefined && b !== undefined);
      assert.ok(a.age >= 0 && a.age < 10_000, `${a.age} is the age of what was added just now`);
      const between = b.age - a.age;
      assert.ok(between > LONGER / 2 && between < 10_000, `${between} milliseconds have passed between them`);
    },
  },
  {
    name: 'an entry that has expired is not told of, not held and not counted',
    check: async (bench) => {
      const at = await bench.added('p', 'short', { expiresAt: bench.in(SHORT) });
      await bench.added('p', 'long');
      await bench.pass(LONGER);
      assert.deepEqual(await bench.idsOf('p'), ['long']);
      assert.equal(await bench.principals.holds('p', 'short', at), false);
      await bench.added('p', 'new', { limit: 2 });
      assert.deepEqual(await bench.idsOf('p'), ['long', 'new']);
    },
  },
  {
    name: 'raiseEpoch() does not tell of an entry that has expired, nor does add() that is refused',
    check: async (bench) => {
      await bench.added('p', 'short', { expiresAt: bench.in(SHORT) });
      await bench.added('p', 'long');
      await bench.pass(LONGER);
      const refused = await bench.add('p', 'new', { limit: 1 });
      assert.deepEqual(!refused.added && refused.reason === 'full' && refused.entries.map(({ id }) => id), ['long']);
      assert.deepEqual(
        (await bench.principals.raiseEpoch('p')).map(({ id }) => id),
        ['long'],
      );
    },
  },
  {
    name: 'add() of an entry that is there gives it the new expiry, later or earlier',
    check: async (bench) => {
      await bench.added('p', 'later', { expiresAt: bench.in(SHORT) });
      await bench.added('p', 'later');
      await bench.added('p', 'earlier');
      await bench.added('p', 'earlier', { expiresAt: bench.in(SHORT) });
      await bench.pass(LONGER);
      assert.deepEqual(await bench.idsOf('p'), ['later']);
    },
  },
  {
    name: 'an entry whose record never ends does not expire',
    check: async (bench) => {
      const at = await bench.added('p', 'a', { expiresAt: Infinity });
      await bench.pass(LONGER);
      assert.deepEqual(await bench.idsOf('p'), ['a']);
      assert.equal(await bench.principals.holds('p', 'a', at), true);
    },
  },
  {
    name: 'holds() is true of an entry under its principal alone, until it is removed',
    check: async (bench) => {
      const at = await bench.added('p', 'a');
      await bench.added('q', 'b');
      assert.equal(await bench.principals.holds('p', 'a', at), true);
      assert.equal(await bench.principals.holds('p', 'b', at), false);
      assert.equal(await bench.principals.holds('q', 'a', at), false);
      assert.equal(await bench.principals.holds('r', 'a', at), false);
      await bench.principals.remove('p', 'a');
      assert.equal(await bench.principals.holds('p', 'a', at), false);
    },
  },
  {
    name: 'remove() removes an entry, and nothing else',
    check: async (bench) => {
      for (const id of ['a', 'b', 'c']) await bench.added('p', id);
      await bench.added('q', 'b');
      await bench.principals.remove('p', 'b');
      assert.deepEqual(await bench.idsOf('p'), ['a', 'c']);
      assert.deepEqual(await bench.idsOf('q'), ['b']);
      for (const id of ['a', 'c']) await bench.principals.remove('p', id);
      assert.deepEqual(await bench.idsOf('p'), []);
    },
  },
  {
    name: 'remove() of what is not there does nothing',
    check: async (bench) => {
      await bench.principals.remove('p', 'a');
      await bench.added('p', 'a');
      for (const id of ['b', 'p']) await bench.principals.remove('p', id);
      await bench.principals.remove('q', 'a');
      assert.deepEqual(await bench.idsOf('p'), ['a']);
    },
  },
  {
    name: 'a record under the same text as a principal has nothing to do with it',
    check: async (bench) => {
      await bench.write('p', ONE);
      assert.deepEqual(await bench.idsOf('p'), []);
      await bench.added('p', 'a');
      assertBytes(await bench.read('p'), ONE);
      assertBytes(await bench.read('a'), undefined);
      assert.equal(await bench.storage.invalidate('p'), true);
      assert.deepEqual(await bench.idsOf('p'), ['a']);
    },
  },
  {
    name: 'sweep() leaves entries that live, and what has expired of others is no record to it',
    check: async (bench) => {
      await bench.added('p', 'short', { expiresAt: bench.in(SHORT) });
      await bench.added('q', 'short', { expiresAt: bench.in(SHORT) });
      await bench.added('q', 'long');
      await bench.pass(LONGER);
      const onExpired = async (id: string): Promise<void> => void told.push(id);
      const told: string[] = [];
      for (let calls = 0; calls < 3; calls++) assert.equal(await bench.storage.sweep({ onExpired }), 0);
      assert.deepEqual(told, []);
      assert.deepEqual(await bench.idsOf('q'), ['long']);
    },
  },
  {
    name: 'principals of two instances are not shared by accident',
    check: async (bench) => {
      await bench.added('p', 'a');
      await bench.principals.raiseEpoch('p');
      await bench.create();
      assert.deepEqual(await bench.idsOf('p'), []);
      await bench.added('p', 'b', { begunAgo: 60_000 });
    },
  },
  {
    name: 'principals and entries may be called by every text that is an id, each apart',
    check: async (bench) => {
      for (const name of GOOD_IDS) await bench.added(name, name);
      for (const name of GOOD_IDS) await bench.added('everybody', name);
      for (const name of GOOD_IDS) assert.deepEqual(await bench.idsOf(name), [name]);
      assert.deepEqual(await bench.idsOf('everybody'), GOOD_IDS);
    },
  },
  {
    name: 'no method of the index takes a principal or an id that is none',
    check: async (bench) => {
      const { principals } = bench;
      for (const text of HOSTILE_IDS) {
        const calls: readonly (() => Promise<unknown>)[] = [
          async () => bench.add(text, 'a'),
          async () => bench.add('p', text),
          async () => principals.holds(text, 'a', 0),
          async () => principals.holds('p', text, 0),
          async () => principals.remove(text, 'a'),
          async () => principals.remove('p', text),
          async () => principals.entries(text),
          async () => principals.raiseEpoch(text),
          async () => principals.raiseEpoch('p', text),
        ];
        for (const call of calls) await assert.rejects(call, TypeError);
      }
      assert.deepEqual(await bench.idsOf('p'), []);
      await bench.added('p', 'a', { begunAgo: 60_000 });
    },
  },
];
