import assert from 'node:assert/strict';
import { EPOCH_MEMORY, type AddResult, type PrincipalEntry } from '../../storage/principals/principal-index.js';
import type { CaseDraft } from './conformance-bench.js';

/** How old a request is that began before the case, in milliseconds; no case takes as long. */
const OLD = 60_000;
/** How much time passes where it has to, in milliseconds, and how old a request is that began after that. */
const PASSED = 100;
const RECENT = 20;

const refused: AddResult = { added: false, reason: 'epoch' };
const idsIn = (entries: readonly PrincipalEntry[]): readonly string[] => entries.map(({ id }) => id);

/** Who raises the epoch is rid of all that was added before, and of all whom a request is about to add that began before. */
export const principalEpochCases: readonly CaseDraft[] = [
  {
    name: 'raiseEpoch() tells of the entries that are there, but for the one that is excepted, and removes nothing',
    check: async (bench) => {
      for (const id of ['c', 'a', 'b']) await bench.added('p', id);
      await bench.added('q', 'd');
      assert.deepEqual(idsIn(await bench.principals.raiseEpoch('p')), ['c', 'a', 'b']);
      assert.deepEqual(idsIn(await bench.principals.raiseEpoch('p', 'a')), ['c', 'b']);
      assert.deepEqual(idsIn(await bench.principals.raiseEpoch('p', 'd')), ['c', 'a', 'b']);
      assert.deepEqual(await bench.idsOf('p'), ['c', 'a', 'b']);
      assert.deepEqual(await bench.principals.raiseEpoch('r'), []);
    },
  },
  {
    name: "add() of a request that began before the epoch is refused with 'epoch', and changes nothing",
    check: async (bench) => {
      await bench.added('p', 'a', { begunAgo: OLD });
      await bench.added('p', 'b', { begunAgo: OLD });
      for (const principal of ['p', 'q']) {
        await bench.principals.raiseEpoch(principal);
        for (const id of ['a', 'new']) assert.deepEqual(await bench.add(principal, id, { begunAgo: OLD }), refused);
      }
      assert.deepEqual(await bench.idsOf('p'), ['a', 'b']);
      assert.deepEqual(await bench.idsOf('q'), []);
    },
  },
  {
    name: 'add() of a request that began after the epoch is not refused',
    check: async (bench) => {
      await bench.principals.raiseEpoch('p');
      await bench.pass(PASSED);
      const at = await bench.added('p', 'a', { begunAgo: RECENT });
      assert.equal(await bench.principals.holds('p', 'a', at), true);
      assert.deepEqual(await bench.idsOf('p'), ['a']);
    },
  },
  {
    name: 'an epoch that is raised again counts from then on',
    check: async (bench) => {
      await bench.principals.raiseEpoch('p');
      await bench.pass(PASSED);
      const at = await bench.added('p', 'a', { begunAgo: RECENT });
      await bench.principals.raiseEpoch('p');
      assert.deepEqual(await bench.add('p', 'b', { begunAgo: RECENT }), refused);
      assert.equal(await bench.principals.holds('p', 'a', at), false);
    },
  },
  {
    name: 'a request that began in the very instant of the epoch is refused, and what was added in it is not held',
    check: async (bench) => {
      const before = await bench.added('p', 'a');
      await bench.principals.raiseEpoch('p');
      const result = await bench.add('p', 'b');
      // A clock that goes on by itself may have done so
      if (result.added) assert.ok(result.at > before);
      assert.equal(await bench.principals.holds('p', 'a', before), false);
    },
  },
  {
    name: 'holds() is false of what was added before the epoch, and true when it was added anew after it',
    check: async (bench) => {
      const before = await bench.added('p', 'a');
      assert.equal(await bench.principals.holds('p', 'a', before), true);
      await bench.principals.raiseEpoch('p');
      assert.equal(await bench.principals.holds('p', 'a', before), false);
      await bench.pass(PASSED);
      const after = await bench.added('p', 'a');
      assert.equal(await bench.principals.holds('p', 'a', after), true);
      assert.equal(await bench.principals.holds('p', 'a', before), false);
    },
  },
  {
    name: 'an epoch counts as not raised for the record that is excepted, be it not there yet',
    check: async (bench) => {
      const a = await bench.added('p', 'a');
      const b = await bench.added('p', 'b');
      await bench.principals.raiseEpoch('p', 'a');
      assert.equal(await bench.principals.holds('p', 'a', a), true);
      assert.equal(await bench.principals.holds('p', 'b', b), false);
      await bench.added('p', 'a', { begunAgo: OLD });
      assert.deepEqual(await bench.add('p', 'b', { begunAgo: OLD }), refused);
      await bench.principals.raiseEpoch('q', 'new');
      await bench.principals.raiseEpoch('q', 'new');
      await bench.added('q', 'new', { begunAgo: OLD });
    },
  },
  {
    name: 'an exception is of its epoch alone: one that was raised before counts on, and one that is raised later counts',
    check: async (bench) => {
      const b = await bench.added('p', 'b');
      await bench.principals.raiseEpoch('p', 'a');
      await bench.principals.raiseEpoch('p', 'b');
      for (const id of ['a', 'b']) assert.deepEqual(await bench.add('p', id, { begunAgo: OLD }), refused);
      assert.equal(await bench.principals.holds('p', 'b', b), false);
      await bench.principals.raiseEpoch('q', 'a');
      await bench.principals.raiseEpoch('q');
      assert.deepEqual(await bench.add('q', 'a', { begunAgo: OLD }), refused);
    },
  },
  {
    name: 'epochs of principals do not meet',
    check: async (bench) => {
      const at = await bench.added('q', 'a');
      await bench.principals.raiseEpoch('p');
      assert.equal(await bench.principals.holds('q', 'a', at), true);
      await bench.added('q', 'b', { begunAgo: OLD });
    },
  },
  {
    name: 'an epoch outlives the entries, removed or expired and swept',
    check: async (bench) => {
      await bench.added('p', 'a');
      await bench.principals.raiseEpoch('p');
      await bench.principals.remove('p', 'a');
      await bench.added('q', 'a', { expiresAt: bench.in(PASSED / 2) });
      await bench.principals.raiseEpoch('q');
      await bench.pass(PASSED);
      for (let calls = 0; calls < 3; calls++) await bench.storage.sweep();
      for (const principal of ['p', 'q']) {
        assert.deepEqual(await bench.add(principal, 'b', { begunAgo: OLD }), refused);
      }
    },
  },
  {
    name: 'add() of a request that is older than epochs are remembered is refused',
    check: async (bench) => {
      assert.deepEqual(await bench.add('p', 'a', { begunAgo: EPOCH_MEMORY + 1000 }), refused);
      await bench.added('p', 'a', { begunAgo: EPOCH_MEMORY - 1000 });
    },
  },
  {
    name: "add() that is refused for the epoch does not say 'full': nobody shall make room for it",
    check: async (bench) => {
      await bench.added('p', 'a', { limit: 1 });
      await bench.principals.raiseEpoch('p');
      assert.deepEqual(await bench.add('p', 'b', { limit: 1, begunAgo: OLD }), refused);
    },
  },
  {
    name: 'of what is added while the epoch is raised, raiseEpoch() tells of all that is not held',
    check: async (bench) => {
      const added = new Map<string, number>();
      const add = async (id: string): Promise<void> => {
        const result = await bench.add('p', id);
        if (result.added) added.set(id, result.at);
      };
      let told: readonly string[] = [];
      const raise = async (): Promise<void> => void (told = idsIn(await bench.principals.raiseEpoch('p')));
      const ids = Array.from({ length: 20 }, (_, index) => `id${index}`);
      await Promise.all([...ids.slice(0, 10).map(add), raise(), ...ids.slice(10).map(add)]);
      for (const id of told) assert.ok(added.has(id), `${id} was added`);
      for (const [id, at] of added) assert.equal(await bench.principals.holds('p', id, at), !told.includes(id));
    },
  },
];
