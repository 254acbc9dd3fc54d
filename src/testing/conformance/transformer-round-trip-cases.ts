import assert from 'node:assert/strict';
import { noise } from './noise.js';
import { ONE, TWO } from './sample-bytes.js';
import type { TransformerCaseDraft } from './transformer-bench.js';

const LONG = [511, 512, 1000, 1023, 1024, 2047, 4095, 4096, 4097, 5000];

/** What whoever trims, pads or marks ends might take for his own. */
const ENDS = [0x00, 0x01, 0x0a, 0x10, 0x20, 0x7f, 0x80, 0xff];

const PURPOSES = ['', 'value cart', 'token cart', 'a', ' a ', 'größe ☃', 'a\u0000b', 'p'.repeat(500)];

/** What opens is what was sealed. */
export const transformerRoundTripCases: readonly TransformerCaseDraft[] = [
  {
    name: 'open() gives back what was sealed, of every length from 0 to 300 bytes',
    check: (bench) => {
      for (let length = 0; length <= 300; length++) bench.assertOpens(bench.seal(noise(length)), noise(length));
    },
  },
  {
    name: 'open() gives back what was sealed, up to 5,000 bytes',
    check: (bench) => {
      for (const length of LONG) bench.assertOpens(bench.seal(noise(length)), noise(length));
    },
  },
  {
    name: 'open() gives back every value of a byte, wherever it is',
    check: (bench) => {
      for (let value = 0; value < 256; value++) {
        for (const bytes of [[value], [value, ...ONE], [...ONE, value], [...ONE, value, value, ...TWO]]) {
          bench.assertOpens(bench.seal(Uint8Array.from(bytes)), Uint8Array.from(bytes));
        }
      }
    },
  },
  {
    name: 'open() gives back bytes that end like a padding',
    check: (bench) => {
      for (const end of ENDS) {
        for (let times = 1; times <= 70; times++) {
          const bytes = Uint8Array.from([...ONE, ...Array.from({ length: times }, () => end)]);
          bench.assertOpens(bench.seal(bytes), bytes);
        }
      }
    },
  },
  {
    name: 'open() gives back what was sealed before, in any order, and as often as it is asked',
    check: (bench) => {
      const all = Array.from({ length: 20 }, (_, index) => noise(index * 13, index + 1));
      const sealed = all.map((bytes) => bench.seal(bytes));
      for (let turn = 0; turn < 40; turn++) {
        const index = (turn * 7) % all.length;
        bench.assertOpens(sealed[index] as Uint8Array, all[index] as Uint8Array);
      }
    },
  },
  {
    name: 'open() does not call outdated what was sealed just now',
    check: (bench) => {
      assert.notEqual(bench.assertOpens(bench.seal(ONE), ONE).outdated, true, 'outdated');
    },
  },
  {
    name: 'seal() and open() take bytes that are a part of others',
    check: (bench) => {
      const larger = noise(200);
      const bytes = larger.slice(50, 90);
      const sealed = bench.seal(larger.subarray(50, 90));
      const surrounded = Uint8Array.from([...TWO, ...sealed, ...TWO]);
      bench.assertOpens(surrounded.subarray(TWO.length, TWO.length + sealed.length), bytes);
    },
  },
  {
    name: 'seal() and open() take any purpose',
    check: (bench) => {
      for (const purpose of PURPOSES) bench.assertOpens(bench.seal(ONE, { purpose }), ONE, { purpose });
    },
  },
  {
    name: 'open() gives back what another with the same keys sealed',
    check: async (bench) => {
      const by = await bench.another();
      bench.assertOpens(bench.seal(ONE), ONE, { by });
      bench.assertOpens(bench.seal(TWO, { by }), TWO);
    },
  },
];
