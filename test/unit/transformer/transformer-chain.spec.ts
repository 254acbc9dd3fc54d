import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encrypt } from '../../../src/transformer/encrypt.js';
import type { Opened, SessionTransformer } from '../../../src/transformer/session-transformer.js';
import { sign } from '../../../src/transformer/sign.js';
import { isSealedText, TransformerChain } from '../../../src/transformer/transformer-chain.js';

const [OLD, NEW] = ['o', 'n'].map((letter) => letter.repeat(32)) as [string, string];
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BYTES = Buffer.from('a session of many words, so that there is something to seal');

/** Puts a letter at the end, and takes no other off. */
class Letter implements SessionTransformer {
  readonly authenticates = false;
  readonly purposes: string[] = [];

  constructor(
    private readonly letter: string,
    private readonly outdated?: boolean,
  ) {}

  seal(bytes: Uint8Array, purpose: string): Uint8Array {
    this.purposes.push(purpose);
    return Buffer.concat([bytes, Buffer.from(this.letter)]);
  }

  open(bytes: Uint8Array, purpose: string): Opened | undefined {
    this.purposes.push(purpose);
    if (bytes.at(-1) !== this.letter.charCodeAt(0)) return undefined;
    const rest = Uint8Array.from(bytes.subarray(0, -1));
    return this.outdated === undefined ? { bytes: rest } : { bytes: rest, outdated: this.outdated };
  }
}

const chainOf = (...transformers: SessionTransformer[]) => new TransformerChain(transformers, 'value cart');
const textOf = (opened: Opened | undefined) => opened && Buffer.from(opened.bytes).toString();

describe('TransformerChain', () => {
  it('gives back any bytes that it sealed, through any transformers', () => {
    const transformers = [
      [sign([OLD])],
      [encrypt([OLD])],
      [new Letter('x'), encrypt([OLD])],
      [encrypt([OLD]), sign([OLD])],
    ];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 41, maxLength: 2000 }), fc.constantFrom(...transformers), (bytes, all) => {
        const text = chainOf(...all).seal(bytes);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        const opened = chainOf(...all).open(text);
        expect(Buffer.from(opened?.bytes ?? []).equals(bytes)).toBe(true);
        expect(opened?.outdated).toBe(false);
      }),
    );
  });

  it('seals in the order of its transformers, and opens in the other', () => {
    const [x, y, z] = [new Letter('x'), new Letter('y'), new Letter('z')];
    const text = chainOf(x, y, z).seal(BYTES);
    expect(Buffer.from(text, 'base64url').toString()).toBe(`${BYTES.toString()}xyz`);
    expect(textOf(chainOf(x, y, z).open(text))).toBe(BYTES.toString());
    expect(chainOf(z, y, x).open(text)).toBeUndefined();
  });

  it('gives each its purpose', () => {
    const all = [new Letter('x'), new Letter('y')] as const;
    const chain = chainOf(...all);
    chain.open(chain.seal(BYTES));
    for (const { purposes } of all) expect(purposes).toEqual(['value cart', 'value cart']);
  });

  it('opens nothing that was sealed for another purpose', () => {
    const other = new TransformerChain([encrypt([OLD])], 'value other');
    expect(chainOf(encrypt([OLD])).open(other.seal(BYTES))).toBeUndefined();
  });

  it('opens nothing that any of its transformers does not open, and asks no further', () => {
    const [inner, outer] = [new Letter('x'), sign([OLD])];
    const foreign = chainOf(inner, sign([NEW])).seal(BYTES);
    inner.purposes.length = 0;
    expect(chainOf(inner, outer).open(foreign)).toBeUndefined();
    expect(inner.purposes).toEqual([]);
    expect(chainOf(new Letter('y'), outer).open(chainOf(inner, outer).seal(BYTES))).toBeUndefined();
  });

  it('calls outdated what any of its transformers does', () => {
    const letters = [undefined, false, true].map((outdated) => new Letter('x', outdated)) as [Letter, Letter, Letter];
    const [silent, no, yes] = letters;
    const outdated = (...transformers: SessionTransformer[]) => {
      const chain = chainOf(...transformers);
      return chain.open(chain.seal(BYTES))?.outdated;
    };
    expect([outdated(), outdated(silent), outdated(no), outdated(silent, no)]).toEqual([false, false, false, false]);
    expect([outdated(yes), outdated(yes, no), outdated(no, yes), outdated(yes, silent)]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('F3: opens what was sealed before a rotation, and calls it outdated', () => {
    const text = chainOf(encrypt([OLD]), sign([OLD])).seal(BYTES);
    for (const keys of [[[NEW, OLD], [OLD]] as const, [[OLD], [NEW, OLD]] as const]) {
      expect(chainOf(encrypt(keys[0]), sign(keys[1])).open(text)?.outdated).toBe(true);
    }
    expect(chainOf(encrypt([OLD]), sign([OLD])).open(text)?.outdated).toBe(false);
  });

  it('F1: opens one text alone for one value: canonical, unpadded base64url', () => {
    // 1, 2 and 0 bytes more than a multiple of three
    for (const length of [100, 101, 102]) {
      const chain = chainOf(sign([OLD]));
      const text = chain.seal(new Uint8Array(length));
      expect(chain.open(text)).toBeDefined();
      const others = [...LETTERS, '=', '+', '/', ' ', '\n', '.', '']
        .map((last) => text.slice(0, -1) + last)
        .filter((other) => other !== text);
      const more = ['=', '==', 'A', ' ', '\n', '.', 'ü'].flatMap((one) => [text + one, one + text]);
      expect([...others, ...more].filter((other) => chain.open(other) !== undefined)).toEqual([]);
    }
  });

  it('F1: opens nothing in the other alphabet of base64', () => {
    const chain = chainOf(encrypt([OLD]));
    const all = Array.from({ length: 20 }, () => chain.seal(BYTES)).filter((text) => /[-_]/.test(text));
    expect(all.length).toBeGreaterThan(0);
    for (const text of all) expect(chain.open(text.replaceAll('-', '+').replaceAll('_', '/'))).toBeUndefined();
  });

  it('asks no transformer about a text that nobody sealed', () => {
    const x = new Letter('x');
    const texts = ['', 'eA', 'x'.repeat(63), 'x'.repeat(8193), `${'eHh4'.repeat(20)}=`, `${'eHh4'.repeat(20)}eB`];
    for (const text of texts) expect(chainOf(x).open(text)).toBeUndefined();
    expect(x.purposes).toEqual([]);
  });

  it('opens nothing of any text, and never throws', () => {
    const chain = chainOf(encrypt([OLD]), sign([OLD]));
    const sealedLike = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 60, maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), sealedLike), (text) => {
        expect(chain.open(text)).toBeUndefined();
      }),
    );
  });
});

describe('isSealedText()', () => {
  it('takes canonical base64url of 64 to 8,192 characters', () => {
    const lengths = [0, 1, 60, 63, 64, 66, 67, 68, 4096, 8190, 8191, 8192, 8194, 8196, 20_000];
    const good = lengths.filter((length) => isSealedText('A'.repeat(length)));
    expect(good).toEqual([64, 66, 67, 68, 4096, 8190, 8191, 8192]);
    expect(isSealedText('A'.repeat(65))).toBe(false);
  });

  it.each(['B', '=', '+', '/', ' ', '.', '\n', 'ü', '\u0000'])('refuses a text that ends in %j', (last) => {
    expect(isSealedText('A'.repeat(65) + last)).toBe(false);
    expect(isSealedText(`${last === 'B' ? '.' : last}${'A'.repeat(66)}`)).toBe(false);
  });

  it('takes what is sealed under any key, and for the least that there is', () => {
    for (const one of [sign([OLD]), encrypt([NEW])])
      expect(isSealedText(chainOf(one).seal(new Uint8Array(48)))).toBe(true);
  });
});
