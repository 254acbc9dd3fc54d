import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingsIn } from '../../../src/record/parsed-json.js';

/** How deep parsed JSON nests. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 12 },
    fc.string(),
    fc.constantFrom(null, 5),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('json'), { maxKeys: 4 }),
  ),
}));

describe('findingsIn()', () => {
  it('tells whether data nests deeper than the limit, for any JSON', () => {
    fc.assert(
      fc.property(json, fc.nat({ max: 12 }), (value, maxDepth) => {
        fc.pre(typeof value === 'object' && value !== null);
        expect(findingsIn(value as object, maxDepth).isTooDeep).toBe(depthOf(value) > maxDepth);
      }),
      { numRuns: 1000 },
    );
  });

  it('A15: looks no deeper than the limit', () => {
    const text = '['.repeat(400_000) + ']'.repeat(400_000);
    expect(findingsIn(JSON.parse(text) as object, 500).isTooDeep).toBe(true);
  });

  it.each([
    ['{"a":[{"b":1e999}]}', { isTooDeep: false, isInfinite: true, mayReachPrototype: false }],
    ['{"a":{"__proto__":1}}', { isTooDeep: false, isInfinite: false, mayReachPrototype: true }],
    ['{"a":{"\\u005f_proto__":1}}', { isTooDeep: false, isInfinite: false, mayReachPrototype: true }],
    ['{"constructor":{}}', { isTooDeep: false, isInfinite: false, mayReachPrototype: true }],
    ['{"a":"__proto__","b":[1e308,null]}', { isTooDeep: false, isInfinite: false, mayReachPrototype: false }],
  ])('finds in %s what is wrong', (text, findings) => {
    expect(findingsIn(JSON.parse(text) as object, 500)).toEqual(findings);
  });
});
