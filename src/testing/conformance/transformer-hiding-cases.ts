import assert from 'node:assert/strict';
import { noise } from './noise.js';
import { bytesOf } from './sample-bytes.js';
import type { TransformerCaseDraft } from './transformer-bench.js';

/** Of the bytes that are sealed, so many in a row are not there by accident. */
const TELLING = 6;

const LENGTHS = 1024;

/** A step is so many bytes at least. */
const STEP = 8;

/** That nothing shows of what is sealed. */
export const transformerHidingCases: readonly TransformerCaseDraft[] = [
  {
    name: 'seal() makes something else of the same bytes each time',
    check: (bench) => {
      for (const bytes of [new Uint8Array(), noise(40), noise(500)]) {
        const all = Array.from({ length: 100 }, () => Buffer.from(bench.seal(bytes)).toString('base64'));
        assert.equal(new Set(all).size, all.length, 'different ones');
      }
    },
  },
  {
    name: 'seal() shows no part of the bytes',
    check: (bench) => {
      for (const bytes of [noise(40), noise(1000), bytesOf('the same words, the same words, the same words')]) {
        const sealed = Buffer.from(bench.seal(bytes));
        for (let start = 0; start + TELLING <= bytes.length; start++) {
          const isThere = sealed.includes(Buffer.from(bytes.subarray(start, start + TELLING)));
          assert.ok(!isThere, `bytes ${start} to ${start + TELLING} are not to be seen`);
        }
      }
    },
  },
  {
    name: 'seal() tells how many bytes there are in steps alone',
    check: (bench) => {
      const lengths = Array.from({ length: LENGTHS }, (_, length) => bench.seal(noise(length)).length);
      const steps = new Set(lengths).size;
      assert.ok(steps <= LENGTHS / STEP, `${LENGTHS} lengths show as ${LENGTHS / STEP} at most: received ${steps}`);
    },
  },
];
