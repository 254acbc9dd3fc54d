import assert from 'node:assert/strict';
import type { ConformanceCase } from './conformance/conformance-bench.js';
import { TransformerBench, type MakeTransformer, type TransformerCaseDraft } from './conformance/transformer-bench.js';
import { transformerHidingCases } from './conformance/transformer-hiding-cases.js';
import {
  transformerOtherKeysCases,
  transformerReadyCases,
  transformerRotationCases,
} from './conformance/transformer-key-cases.js';
import { transformerOwnershipCases } from './conformance/transformer-ownership-cases.js';
import { transformerHostileCases, transformerRefusalCases } from './conformance/transformer-refusal-cases.js';
import { transformerRoundTripCases } from './conformance/transformer-round-trip-cases.js';

/** How to try a transformer. */
export interface TransformerConformanceOptions {
  /** Makes a transformer, with the same keys each time; called at least once a case. Its `ready()` is awaited. */
  readonly create: MakeTransformer;
  /** Makes one with other keys. Default: there are no keys, and none of the cases about them. */
  readonly other?: MakeTransformer;
  /** Makes one after a rotation: a new key is the first, that of `create()` the second. Default: keys do not rotate. */
  readonly rotated?: MakeTransformer;
  /** Whether it authenticates; default `true`. */
  readonly authenticates?: boolean;
  /**
   * Whether it hides what it seals: nothing of the bytes shows, the same ones look different each time, and their number shows
   * in steps; default `false`.
   */
  readonly hides?: boolean;
}

/**
 * Everything that the contract of `SessionTransformer` promises, as cases for any test runner.
 *
 * ```ts
 * const create = () => new MyTransformer(oldKey);
 * const other = () => new MyTransformer(strangeKey);
 *
 * describe('MyTransformer', () => {
 *   for (const { name, run } of transformerConformance({ create, other })) it(name, run);
 * });
 * ```
 *
 * @param options how to make the transformer, and what it does
 * @returns the cases; those of what it does not do are left out
 */
export function transformerConformance(options: TransformerConformanceOptions): readonly ConformanceCase[] {
  const { create, other, rotated, authenticates = true, hides = false } = options;
  const drafts: readonly TransformerCaseDraft[] = [
    {
      name: `authenticates is ${authenticates}`,
      check: ({ transformer }) => assert.equal(transformer.authenticates, authenticates),
    },
    ...transformerRoundTripCases,
    ...transformerOwnershipCases,
    ...transformerReadyCases,
    ...transformerHostileCases,
    ...(authenticates ? transformerRefusalCases : []),
    ...(other !== undefined && authenticates ? transformerOtherKeysCases(other) : []),
    ...(rotated === undefined ? [] : transformerRotationCases(rotated, authenticates)),
    ...(hides ? transformerHidingCases : []),
  ];
  return drafts.map(({ name, check }) => ({ name, run: async () => check(await TransformerBench.create(create)) }));
}
