import assert from 'node:assert/strict';
import { collect } from '../../common/byte-stream.js';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { LARGE, oddChunks, ONE, SIZES, SOURCES, TWO } from './sample-bytes.js';

/** What is read is what was written. */
export const roundTripCases: readonly CaseDraft[] = [
  {
    name: 'read() resolves to undefined for an unknown id, without calling its consumer',
    check: async ({ storage }) => {
      let called = false;
      const result = await storage.read('unknown', async () => (called = true));
      assert.equal(result, undefined);
      assert.equal(called, false);
    },
  },
  {
    name: 'read() resolves to what its consumer resolves to',
    check: async (bench) => {
      await bench.write('a', ONE);
      const result = { any: 'thing' };
      assert.equal(await bench.storage.read('a', async () => result), result);
      assert.equal(await bench.storage.read('a', async () => undefined), undefined);
    },
  },
  ...Object.entries(SOURCES).flatMap(([source, streamFrom]) =>
    Object.entries(SIZES).map(([size, bytes]): CaseDraft => ({
      name: `write() stores ${size} that come as ${source}`,
      check: async (bench) => {
        const result = await bench.write('a', streamFrom(bytes));
        assert.equal(result.written, true);
        assertBytes(await bench.read('a'), Uint8Array.from(bytes));
      },
    })),
  ),
  {
    name: 'write() replaces what is stored, by more and by less',
    check: async (bench) => {
      for (const bytes of [ONE, LARGE, TWO, new Uint8Array()]) {
        await bench.write('a', bytes);
        assertBytes(await bench.read('a'), bytes);
      }
    },
  },
  {
    name: 'write() leaves other ids alone',
    check: async (bench) => {
      await bench.write('a', ONE);
      await bench.write('b', TWO);
      await bench.storage.invalidate('a');
      assertBytes(await bench.read('b'), TWO);
    },
  },
  {
    name: 'write() keeps a copy: what happens to the source later changes nothing',
    check: async (bench) => {
      const bytes = ONE.slice();
      async function* reused(): AsyncGenerator<Uint8Array> {
        yield bytes;
      }
      await bench.write('a', bytes);
      bytes.fill(0);
      assertBytes(await bench.read('a'), ONE);
      bytes.set(TWO);
      await bench.write('b', reused());
      bytes.fill(0);
      assertBytes(await bench.read('b'), TWO);
    },
  },
  {
    name: 'read() lends a copy: who writes to it changes nothing that is stored',
    check: async (bench) => {
      await bench.write('a', ONE);
      for (let times = 0; times < 2; times++) {
        await bench.storage.read('a', async ({ stream }) => {
          (await collect(stream)).fill(0);
        });
      }
      assertBytes(await bench.read('a'), ONE);
    },
  },
  {
    name: 'read() that is fresh sees the last write',
    check: async (bench) => {
      for (const bytes of [ONE, TWO]) {
        await bench.write('a', bytes);
        const seen = await bench.storage.read('a', ({ stream }) => collect(stream), { fresh: true });
        assertBytes(seen, bytes);
      }
    },
  },
  {
    name: 'a reader sees all of the old bytes or all of the new ones',
    check: async (bench) => {
      const old = LARGE.slice().fill(1);
      const fresh = LARGE.slice().fill(2);
      await bench.write('a', old);
      const [, ...reads] = await Promise.all([
        bench.write('a', oddChunks(fresh)),
        ...Array.from({ length: 5 }, () => bench.read('a')),
      ]);
      for (const bytes of reads) {
        assert.equal(bytes?.length, LARGE.length);
        assert.equal(new Set(bytes).size, 1);
      }
      assertBytes(await bench.read('a'), fresh);
    },
  },
  {
    name: 'invalidate() removes, and tells whether there was something',
    check: async (bench) => {
      await bench.write('a', ONE);
      assert.equal(await bench.storage.invalidate('a'), true);
      assertBytes(await bench.read('a'), undefined);
      assert.equal(await bench.storage.invalidate('a'), false);
      assert.equal(await bench.storage.invalidate('unknown'), false);
    },
  },
  {
    name: 'write() stores anew what was invalidated',
    check: async (bench) => {
      await bench.write('a', ONE);
      await bench.storage.invalidate('a');
      await bench.write('a', TWO);
      assertBytes(await bench.read('a'), TWO);
    },
  },
  {
    name: 'an entry tells when it expires as it was written, or not at all',
    check: async (bench) => {
      for (const expiresAt of [bench.in(5000), bench.in(9000)]) {
        await bench.write('a', ONE, { expiresAt });
        const told = await bench.storage.read('a', async (entry) => entry.expiresAt ?? expiresAt);
        assert.equal(told, expiresAt);
      }
    },
  },
  {
    name: 'sweep() leaves what lives, and resolves to 0 in the end',
    check: async (bench) => {
      await bench.write('a', ONE);
      let calls = 0;
      while ((await bench.storage.sweep()) > 0) assert.ok(++calls < 100, 'sweep() comes to an end');
      assertBytes(await bench.read('a'), ONE);
    },
  },
];
