import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBase64url } from '../../../src/common/base64url.js';

describe('isBase64url()', () => {
  it('accepts what Node encodes, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(isBase64url(text, text.length)).toBe(true);
      }),
    );
  });

  it('accepts a text only if Node gives the same text back', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQgwBCcZz09-_+/=. \n\u0000ÿ'), maxLength: 12 });
    fc.assert(
      fc.property(text, (text) => {
        const canonical = Buffer.from(text, 'base64url').toString('base64url') === text;
        expect(isBase64url(text, text.length)).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts one text alone for two bytes, whatever the unused bits of its last character', () => {
    const accepted = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter((last) =>
      isBase64url(`A${last}`, 2),
    );
    expect(accepted.join('')).toBe('AQgw');
  });

  it('asks for the exact length', () => {
    expect(isBase64url('AAAA', 4)).toBe(true);
    expect(isBase64url('AAAA', 8)).toBe(false);
    expect(isBase64url('AAAAAAAA', 4)).toBe(false);
    expect(isBase64url('', 0)).toBe(true);
  });

  it('refuses a length that no bytes have', () => {
    expect(isBase64url('AAAAA', 5)).toBe(false);
  });

  it.each(['AAA=', 'AA==', 'AA+A', 'AA/A', 'AAA\n', ' AAA', 'AAé0', 'AA\u0000A'])('refuses %j', (text) => {
    expect(isBase64url(text, text.length)).toBe(false);
  });
});
