import { assertBytes } from './assert-bytes.js';
import { noise } from './noise.js';
import { ONE, TWO } from './sample-bytes.js';
import type { TransformerCaseDraft } from './transformer-bench.js';

const BYTES = noise(100);

/** What is lent stays its owner's, and what is given is the caller's. */
export const transformerOwnershipCases: readonly TransformerCaseDraft[] = [
  {
    name: 'seal() does not change the bytes that it is lent',
    check: (bench) => {
      bench.inEachForm(BYTES, (lent) => {
        bench.seal(lent);
        assertBytes(lent, BYTES);
      });
    },
  },
  {
    name: 'seal() keeps nothing of the bytes that it is lent',
    check: (bench) => {
      bench.inEachForm(BYTES, (lent) => {
        const sealed = bench.seal(lent);
        lent.fill(0);
        bench.assertOpens(sealed, BYTES);
      });
    },
  },
  {
    name: 'what seal() gives belongs to the caller',
    check: (bench) => {
      bench.inEachForm(BYTES, (lent) => {
        const first = bench.seal(lent);
        const second = bench.seal(lent);
        const third = bench.seal(TWO);
        first.fill(0);
        assertBytes(lent, BYTES);
        bench.assertOpens(second, BYTES);
        bench.assertOpens(third, TWO);
      });
    },
  },
  {
    name: 'open() does not change the bytes that it is lent',
    check: (bench) => {
      const sealed = Uint8Array.from(bench.seal(BYTES));
      bench.inEachForm(sealed, (lent) => {
        bench.open(lent);
        assertBytes(lent, sealed);
      });
    },
  },
  {
    name: 'open() keeps nothing of the bytes that it is lent',
    check: (bench) => {
      bench.inEachForm(bench.seal(BYTES), (lent) => {
        const opened = bench.assertOpens(lent, BYTES);
        lent.fill(0);
        assertBytes(opened.bytes, BYTES);
      });
    },
  },
  {
    name: 'what open() gives belongs to the caller',
    check: (bench) => {
      const other = bench.seal(ONE);
      const sealed = Uint8Array.from(bench.seal(BYTES));
      bench.inEachForm(sealed, (lent) => {
        const first = bench.assertOpens(lent, BYTES);
        const second = bench.assertOpens(lent, BYTES);
        bench.assertOpens(other, ONE);
        first.bytes.fill(0);
        assertBytes(lent, sealed);
        assertBytes(second.bytes, BYTES);
        bench.assertOpens(lent, BYTES);
      });
    },
  },
];
