import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertStorageId, isStorageId } from '../../../src/storage/assert-storage-id.js';

describe('isStorageId()', () => {
  it('accepts 1 to 255 characters of the alphabet, and nothing else', () => {
    const character = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...'ABCXYZabcxyz0189_-') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    );
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 300 }), (id) => {
        const expected =
          id.length >= 1 && id.length <= 255 && [...id].every((one) => /[A-Za-z0-9_-]/.test(one) && one.length === 1);
        expect(isStorageId(id)).toBe(expected);
      }),
    );
    expect(isStorageId('a'.repeat(255))).toBe(true);
    expect(isStorageId('a'.repeat(256))).toBe(false);
    expect(isStorageId('a\n')).toBe(false);
  });
});

describe('assertStorageId()', () => {
  it('throws a TypeError that does not quote the id', () => {
    expect(() => assertStorageId('../THE-ID')).toThrow(
      new TypeError('Cannot use storage id: it must be 1 to 255 characters of [A-Za-z0-9_-]'),
    );
    expect(() => assertStorageId('good_ID-1')).not.toThrow();
  });
});
