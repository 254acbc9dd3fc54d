import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKeys } from '../../../src/transformer/key-ring.js';
import { sign } from '../../../src/transformer/sign.js';
import { formatToken, randomId, randomSecret } from '../../../src/tracker/token.js';

const keys = deriveKeys(['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)], 'test');
const [first, second, third] = keys as [Uint8Array, Uint8Array, Uint8Array];
const signer = sign(keys);
const token = (): string => formatToken({ id: randomId(), secret: randomSecret() });

describe('sign()', () => {
  it('open() gives back what seal() sealed, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(signer.open(signer.seal(text))).toBe(text);
      }),
    );
  });

  it('seal() appends a signature of one length', () => {
    const text = token();
    expect(signer.seal(text)).toMatch(new RegExp(`^${text}\\.[A-Za-z0-9_-]{43}$`));
  });

  it('open() refuses a value of which any one bit is flipped', () => {
    const sealed = signer.seal(token());
    const bytes = Buffer.from(sealed, 'latin1');
    const opened: string[] = [];
    for (let at = 0; at < bytes.length * 8; at++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      if (signer.open(flipped.toString('latin1')) !== undefined) opened.push(`bit ${at & 7} of character ${at >> 3}`);
    }
    expect(opened).toEqual([]);
  });

  it('open() refuses every other text for the same signature: whoever compares values must not be fooled', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ';
    const sealed = signer.seal(token());
    const twins = [...alphabet].map((last) => sealed.slice(0, -1) + last).filter((twin) => twin !== sealed);
    expect(twins.filter((twin) => signer.open(twin) !== undefined)).toEqual([]);
  });

  it('open() refuses the other alphabet of base64', () => {
    const sealed =
      Array.from({ length: 200 }, () => signer.seal(token())).find((value) => /[-_][^.]*$/.test(value)) ?? '';
    const dot = sealed.lastIndexOf('.');
    const twin = sealed.slice(0, dot) + sealed.slice(dot).replaceAll('-', '+').replaceAll('_', '/');
    expect(twin).not.toBe(sealed);
    expect(signer.open(twin)).toBeUndefined();
  });

  it('open() refuses a value that is cut, at either end, or longer', () => {
    const sealed = signer.seal(token());
    for (let at = 1; at <= sealed.length; at++) {
      expect(signer.open(sealed.slice(0, -at))).toBeUndefined();
      expect(signer.open(sealed.slice(at))).toBeUndefined();
    }
    for (const longer of [`${sealed}A`, `${sealed}.`, `${sealed} `, `.${sealed}`, ` ${sealed}`]) {
      expect(signer.open(longer)).toBeUndefined();
    }
  });

  it('open() refuses the signature of another text', () => {
    const [a, b] = [signer.seal(token()), signer.seal(token())];
    const parts = (value: string): [string, string] => [
      value.slice(0, value.lastIndexOf('.')),
      value.slice(value.lastIndexOf('.')),
    ];
    expect(signer.open(parts(a)[0] + parts(b)[1])).toBeUndefined();
    expect(signer.open(parts(b)[0] + parts(a)[1])).toBeUndefined();
  });

  it('open() never throws and opens nothing, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 43, maxLength: 45 })), (text) => {
        expect(signer.open(text)).toBeUndefined();
        expect(signer.open(`${text}.${'A'.repeat(43)}`)).toBeUndefined();
      }),
    );
  });

  it('F3: seals with the first key, opens with all', () => {
    const text = token();
    expect(signer.seal(text)).toBe(sign([first]).seal(text));
    expect(signer.seal(text)).not.toBe(sign([second]).seal(text));
    for (const key of [first, second, third]) expect(signer.open(sign([key]).seal(text))).toBe(text);
  });

  it('opens nothing of a key that is not in the list', () => {
    expect(sign([second, third]).open(sign([first]).seal(token()))).toBeUndefined();
  });

  it('opens nothing of another purpose: session, key alike', () => {
    const [a] = deriveKeys(['a'.repeat(32)], 'sign token a');
    const [b] = deriveKeys(['a'.repeat(32)], 'sign token b');
    expect(sign([b as Uint8Array]).open(sign([a as Uint8Array]).seal(token()))).toBeUndefined();
  });

  it('seal() without a key throws', () => {
    expect(() => sign([]).seal('x')).toThrow(new TypeError('Cannot sign: there is no key'));
  });
});
