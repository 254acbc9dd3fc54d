import assert from 'node:assert/strict';
import type { WriteResult } from '../../storage/session-storage.js';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { bytesOf, oddChunks, ONE, TWO } from './sample-bytes.js';

const refused = (reason: 'exists' | 'conflict' | 'missing'): WriteResult => ({ written: false, reason });

/** A write happens only in the state that it expects. */
export function conditionCases(expires: boolean): readonly CaseDraft[] {
  return [...conditions, versionsNeverRepeat(expires), ...(expires ? conditionsOfExpiry : [])];
}

const conditions: readonly CaseDraft[] = [
  {
    name: "write() with expect 'absent' stores where there is nothing, and refuses with 'exists' where there is something",
    check: async (bench) => {
      const first = await bench.write('a', ONE, { expect: 'absent' });
      assert.equal(first.written, true);
      assert.deepEqual(await bench.write('a', TWO, { expect: 'absent' }), refused('exists'));
      assertBytes(await bench.read('a'), ONE);
      await bench.storage.invalidate('a');
      assert.equal((await bench.write('a', TWO, { expect: 'absent' })).written, true);
      assertBytes(await bench.read('a'), TWO);
    },
  },
  {
    name: 'write() with the version that is stored, as written or as read, stores',
    check: async (bench) => {
      const first = await bench.write('a', ONE, { expect: 'absent' });
      assert.ok(first.written && first.version !== undefined);
      assert.equal(await bench.version('a'), first.version);
      const second = await bench.write('a', TWO, { expect: { version: first.version } });
      assert.ok(second.written && second.version !== undefined);
      assert.equal(await bench.version('a'), second.version);
      const third = await bench.write('a', ONE, { expect: { version: second.version } });
      assert.equal(third.written, true);
      assertBytes(await bench.read('a'), ONE);
    },
  },
  {
    name: "write() with another version refuses with 'conflict', and changes nothing",
    check: async (bench) => {
      await bench.write('a', ONE);
      const old = await bench.version('a');
      await bench.write('a', TWO);
      for (const version of [old, '', 'none', '0']) {
        assert.deepEqual(await bench.write('a', ONE, { expect: { version } }), refused('conflict'));
      }
      assertBytes(await bench.read('a'), TWO);
    },
  },
  {
    name: 'write() with a source that fails leaves the version',
    check: async (bench) => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield ONE;
        throw new Error('of the source');
      }
      await bench.write('a', ONE);
      const version = await bench.version('a');
      await assert.rejects(bench.write('a', broken(), { expect: { version } }));
      assert.equal((await bench.write('a', TWO, { expect: { version } })).written, true);
    },
  },
  {
    name: 'of many parallel writers with one version exactly one stores',
    check: async (bench) => {
      await bench.write('a', ONE);
      const version = await bench.version('a');
      const candidates = Array.from({ length: 50 }, (_, index) => bytesOf(`writer ${index}`));
      const results = await Promise.all(
        candidates.map((bytes, index) =>
          bench.write('a', index % 2 === 0 ? bytes : oddChunks(bytes), { expect: { version } }),
        ),
      );
      const winners = candidates.filter((_, index) => results[index]?.written === true);
      assert.equal(winners.length, 1);
      assertBytes(await bench.read('a'), winners[0]);
      assert.equal(results.filter((result) => !result.written && result.reason === 'conflict').length, 49);
    },
  },
  {
    name: "of many parallel writers with 'absent' exactly one stores",
    check: async (bench) => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => bench.write('a', bytesOf(`writer ${index}`), { expect: 'absent' })),
      );
      const winner = results.findIndex(({ written }) => written);
      assertBytes(await bench.read('a'), bytesOf(`writer ${winner}`));
      assert.equal(results.filter((result) => !result.written && result.reason === 'exists').length, 49);
    },
  },
  {
    name: 'write() with a version revives nothing that was invalidated, be it while it waits for its source',
    check: async (bench) => {
      assert.deepEqual(await bench.write('unknown', ONE, { expect: { version: 'any' } }), refused('missing'));
      await bench.write('a', ONE);
      const version = await bench.version('a');
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield bytesOf('slow');
        await bench.storage.invalidate('a');
      }
      assert.deepEqual(await bench.write('a', slow(), { expect: { version } }), refused('missing'));
      assert.deepEqual(await bench.write('a', TWO, { expect: { version } }), refused('missing'));
      for (const id of ['unknown', 'a']) assertBytes(await bench.read(id), undefined);
    },
  },
  {
    name: 'invalidate() among parallel writers with a version leaves nothing, whoever is first',
    check: async (bench) => {
      for (let round = 0; round < 10; round++) {
        await bench.write('a', ONE);
        const version = await bench.version('a');
        const write = (): Promise<WriteResult> => bench.write('a', oddChunks(TWO), { expect: { version } });
        await Promise.all([write(), write(), bench.storage.invalidate('a'), write(), write()]);
        assertBytes(await bench.read('a'), undefined);
      }
    },
  },
  {
    name: 'a conditional write that waits for its source does not store over what was written meanwhile',
    check: async (bench) => {
      await bench.write('a', ONE);
      const version = await bench.version('a');
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield bytesOf('slow');
        await bench.write('a', TWO);
      }
      assert.deepEqual(await bench.write('a', slow(), { expect: { version } }), refused('conflict'));
      assertBytes(await bench.read('a'), TWO);
    },
  },
];

const conditionsOfExpiry: readonly CaseDraft[] = [
  {
    name: "write() with expect 'absent' takes an expired record for nothing, from the instant on",
    check: async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.in(1000) });
      await bench.pass(999);
      assert.deepEqual(await bench.write('a', TWO, { expect: 'absent' }), refused('exists'));
      await bench.pass(1);
      assert.equal((await bench.write('a', TWO, { expect: 'absent' })).written, true);
      assertBytes(await bench.read('a'), TWO);
    },
  },
  {
    name: 'write() with a version revives nothing that has expired, be it while it waits for its source',
    check: async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.in(1000) });
      const version = await bench.version('a');
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield bytesOf('slow');
        await bench.pass(1000);
      }
      assert.deepEqual(await bench.write('a', slow(), { expect: { version } }), refused('missing'));
      assert.deepEqual(await bench.write('a', TWO, { expect: { version } }), refused('missing'));
      assertBytes(await bench.read('a'), undefined);
    },
  },
  {
    name: 'write() that has expired already ends the record under the same condition alone',
    check: async (bench) => {
      await bench.write('a', ONE);
      const old = await bench.version('a');
      await bench.write('a', TWO);
      assert.deepEqual(await bench.write('a', ONE, { expiresAt: 0, expect: { version: old } }), refused('conflict'));
      assert.deepEqual(await bench.write('a', ONE, { expiresAt: 0, expect: 'absent' }), refused('exists'));
      assertBytes(await bench.read('a'), TWO);
      const version = await bench.version('a');
      assert.equal((await bench.write('a', ONE, { expiresAt: 0, expect: { version } })).written, true);
      assertBytes(await bench.read('a'), undefined);
      assert.deepEqual(await bench.write('a', ONE, { expect: { version } }), refused('missing'));
    },
  },
];

function versionsNeverRepeat(expires: boolean): CaseDraft {
  return {
    name: 'C13: a version never comes back under one id, whatever happens to the record, be the bytes the same',
    check: async (bench) => {
      const endings: readonly (() => Promise<unknown>)[] = [
        () => bench.storage.invalidate('a'),
        ...(expires ? [() => bench.write('a', ONE, { expiresAt: 0 }), () => bench.pass(1000)] : []),
      ];
      const versions: string[] = [];
      const note = async (): Promise<void> => void versions.push(await bench.version('a'));
      for (const end of [...endings, ...endings]) {
        await bench.write('a', ONE, { expect: 'absent' });
        await note();
        await bench.write('a', ONE, { expect: { version: await bench.version('a') } });
        await note();
        await bench.write('a', ONE, { expiresAt: bench.in(1000) });
        await note();
        await end();
        await bench.storage.sweep();
      }
      assert.equal(new Set(versions).size, versions.length);
    },
  };
}
