import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION, milliseconds, type Duration } from '../../../src/common/duration.js';

describe('milliseconds()', () => {
  it.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7 days', 604_800_000],
    ['1.5s', 1500],
    ['250', 250],
    ['0', 0],
  ] as const)('reads %j as %d', (text, expected) => {
    expect(milliseconds(text)).toBe(expected);
  });

  it('E5: reads durations over 2^31 ms', () => {
    expect(milliseconds('30d')).toBe(2_592_000_000);
    expect(milliseconds('400 days')).toBe(MAX_DURATION);
    expect(milliseconds(2 ** 40)).toBe(2 ** 40);
  });

  it.each(['', ' ', 'soon', '30 parsecs', '1h30m', '5m!', 'NaN', 'Infinity', '1'.repeat(101)])(
    'gives NaN for %j',
    (text) => {
      expect(milliseconds(text as Duration)).toBeNaN();
    },
  );

  it('gives a number back as it is', () => {
    fc.assert(
      fc.property(fc.double(), (number) => {
        expect(milliseconds(number)).toBe(number);
      }),
    );
  });

  it('never throws, and gives a number for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(typeof milliseconds(text as Duration)).toBe('number');
      }),
    );
  });
});
