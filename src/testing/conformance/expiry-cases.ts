import assert from 'node:assert/strict';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { ONE, TWO } from './sample-bytes.js';

/** A storage that forgets by itself does so at the instant. */
export const expiryCases: readonly CaseDraft[] = [
  {
    name: 'E1: read() resolves to undefined from the instant an entry expires',
    check: async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.in(1000) });
      await bench.pass(999);
      assertBytes(await bench.read('a'), ONE);
      await bench.pass(1);
      assertBytes(await bench.read('a'), undefined);
      await bench.pass(1);
      assertBytes(await bench.read('a'), undefined);
    },
  },
  {
    name: 'E5: an entry lives longer than 2^31 ms',
    check: async (bench) => {
      const expiresAt = bench.in(2 ** 31 + 1000);
      await bench.write('a', ONE, { expiresAt });
      await bench.pass(2 ** 31);
      assertBytes(await bench.read('a'), ONE);
      await bench.pass(1000);
      assertBytes(await bench.read('a'), undefined);
    },
  },
  {
    name: 'invalidate() tells of an expired entry that there was nothing',
    check: async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.in(1000) });
      await bench.pass(1000);
      assert.equal(await bench.storage.invalidate('a'), false);
    },
  },
  {
    name: 'write() that has expired already ends the record',
    check: async (bench) => {
      for (const expiresAt of [0, bench.clock.now() - 1, bench.clock.now()]) {
        await bench.write('a', ONE);
        assert.equal((await bench.write('a', TWO, { expiresAt })).written, true);
        assertBytes(await bench.read('a'), undefined);
      }
    },
  },
  {
    name: 'write() moves the instant of expiry, both ways',
    check: async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.in(1000) });
      await bench.write('a', ONE, { expiresAt: bench.in(2000) });
      await bench.pass(1500);
      assertBytes(await bench.read('a'), ONE);
      await bench.write('a', ONE, { expiresAt: bench.in(100) });
      await bench.pass(100);
      assertBytes(await bench.read('a'), undefined);
    },
  },
  {
    name: 'sweep() leaves what was renewed, and nothing to read of what has expired',
    check: async (bench) => {
      for (const id of ['short', 'renewed']) await bench.write(id, ONE, { expiresAt: bench.in(1000) });
      await bench.write('long', TWO);
      await bench.write('renewed', TWO);
      await bench.pass(1000);
      let calls = 0;
      while ((await bench.storage.sweep()) > 0) assert.ok(++calls < 100, 'sweep() comes to an end');
      assert.equal(await bench.storage.sweep(), 0);
      for (const id of ['long', 'renewed']) assertBytes(await bench.read(id), TWO);
      assertBytes(await bench.read('short'), undefined);
    },
  },
];
