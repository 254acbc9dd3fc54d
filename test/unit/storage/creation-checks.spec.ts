import { describe, expect, it } from 'vitest';
import { assertKnownOptions, positiveInteger } from '../../../src/storage/creation-checks.js';

describe('assertKnownOptions()', () => {
  it('takes what is known, and less', () => {
    expect(() => assertKnownOptions('MyStorage', { a: 1 }, ['a', 'b'])).not.toThrow();
  });

  it('refuses what nothing would read, naming it', () => {
    expect(() => assertKnownOptions('MyStorage', { a: 1, c: 2 }, ['a', 'b'])).toThrow(
      new TypeError('Cannot create MyStorage: it has no option c'),
    );
  });
});

describe('positiveInteger()', () => {
  it('gives what it takes', () => {
    expect([1, Number.MAX_SAFE_INTEGER].map((value) => positiveInteger('MyStorage', 'max', value))).toEqual([
      1,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '7' as unknown as number])('refuses %s, naming the option', (value) => {
    expect(() => positiveInteger('MyStorage', 'max', value)).toThrow(
      new RangeError(`Cannot create MyStorage: max must be a positive integer: received ${value}`),
    );
  });
});
