import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeeper } from '../../../src/record/nesting.js';

/** How deep parsed JSON nests. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const text = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\\"', '[[[[', '}{', '\\\\"[', ']'));

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 12 },
    text,
    fc.constantFrom(null, 5),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4 }),
  ),
}));

describe('isDeeper()', () => {
  it('tells what parsing would tell, for any JSON, whatever its texts hold', () => {
    fc.assert(
      fc.property(json, fc.nat({ max: 12 }), fc.boolean(), (value, maxDepth, pretty) => {
        const depth = depthOf(value);
        // Padded: a short text is not looked at
        const padded = [JSON.stringify(value, undefined, pretty ? 2 : 0), ' '.repeat(40)].join('');
        expect(isDeeper(padded, maxDepth)).toBe(depth > maxDepth);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a text that ends within a string gives an answer', () => {
    expect(isDeeper('["[[[[[[[[[[\\', 2)).toBe(false);
  });
});
