import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padded, unpadded } from '../../../src/transformer/padding.js';

/** Bytes that end like a padding, more often than not. */
const bytes = fc
  .tuple(fc.uint8Array({ maxLength: 200 }), fc.array(fc.constantFrom(0, 0x80), { maxLength: 130 }))
  .map(([start, end]) => Uint8Array.from([...start, ...end]));

describe('padded()', () => {
  it('is taken off again, from any bytes', () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(unpadded(padded(bytes))).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('goes up to the next step of 64 bytes, one byte at least', () => {
    const lengths = [0, 1, 62, 63, 64, 127, 128, 4000].map((length) => padded(new Uint8Array(length)).length);
    expect(lengths).toEqual([64, 64, 64, 64, 128, 128, 192, 4032]);
  });

  it('is a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    padded(bytes).fill(9);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('unpadded()', () => {
  it('gives undefined for what was not padded', () => {
    for (const bytes of [[], [0], [0, 0], [1], [0x80, 1], [0x80, 0, 1], [1, 0x81, 0]]) {
      expect(unpadded(Uint8Array.from(bytes))).toBeUndefined();
    }
  });

  it('takes off the last mark alone', () => {
    expect(unpadded(Uint8Array.of(0x80, 0x80, 0))).toEqual(Uint8Array.of(0x80));
    expect(unpadded(Uint8Array.of(0x80))).toEqual(new Uint8Array());
  });
});
