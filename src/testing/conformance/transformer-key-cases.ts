import assert from 'node:assert/strict';
import { noise } from './noise.js';
import { ONE, TWO } from './sample-bytes.js';
import { ready, type MakeTransformer, type TransformerCaseDraft } from './transformer-bench.js';
import { flipped } from './transformer-refusal-cases.js';

const BYTES = noise(40);

/** That a transformer gets ready, however often. */
export const transformerReadyCases: readonly TransformerCaseDraft[] = [
  {
    name: 'ready() may be called again, and twice at once',
    check: async ({ transformer }) => {
      await Promise.all([transformer.ready?.(), transformer.ready?.()]);
      await transformer.ready?.();
    },
  },
  {
    name: 'ready() leaves what was sealed before as good as it was',
    check: async (bench) => {
      const sealed = bench.seal(ONE);
      await bench.transformer.ready?.();
      const { outdated } = bench.assertOpens(sealed, ONE);
      assert.notEqual(outdated, true, 'outdated');
    },
  },
];

/** @param other makes one with other keys */
export function transformerOtherKeysCases(other: MakeTransformer): readonly TransformerCaseDraft[] {
  return [
    {
      name: 'open() gives undefined for what was sealed with other keys',
      check: async (bench) => {
        const by = await ready(other);
        for (const length of [0, 1, 40, 500]) {
          bench.assertRefused(bench.seal(noise(length), { by }), 'what other keys sealed');
          bench.assertRefused(bench.seal(noise(length)), 'what these keys sealed, by others', { by });
        }
      },
    },
  ];
}

/**
 * @param rotated makes one with a new first key, and the old one second
 * @param authenticates whether nobody without a key can make what opens
 */
export function transformerRotationCases(
  rotated: MakeTransformer,
  authenticates: boolean,
): readonly TransformerCaseDraft[] {
  const cases: readonly TransformerCaseDraft[] = [
    {
      name: 'after a rotation, open() gives back what was sealed before it, and calls it outdated',
      check: async (bench) => {
        const by = await ready(rotated);
        for (const length of [0, 1, 40, 500]) {
          const { outdated } = bench.assertOpens(bench.seal(noise(length)), noise(length), { by });
          assert.equal(outdated, true, 'outdated');
        }
      },
    },
    {
      name: 'after a rotation, open() gives back what is sealed from then on, and does not call it outdated',
      check: async (bench) => {
        const by = await ready(rotated);
        // Before and after it has opened something old
        for (const bytes of [ONE, TWO]) {
          const { outdated } = bench.assertOpens(bench.seal(bytes, { by }), bytes, { by });
          assert.notEqual(outdated, true, 'outdated');
          bench.open(bench.seal(bytes), { by });
        }
      },
    },
  ];
  if (!authenticates) return cases;
  return [
    ...cases,
    {
      name: 'after a rotation, open() gives undefined for anything else',
      check: async (bench) => {
        const by = await ready(rotated);
        const sealed = bench.seal(BYTES);
        for (const [bytes, what] of flipped(sealed)) bench.assertRefused(bytes, what, { by });
        bench.assertRefused(sealed, 'what was sealed for another purpose', { by, purpose: 'value b' });
        for (let length = 0; length <= 200; length++) {
          bench.assertRefused(noise(length, length), `${length} random bytes`, { by });
        }
      },
    },
  ];
}
