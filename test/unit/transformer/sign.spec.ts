import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { sign } from '../../../src/transformer/sign.js';
import { flip } from './flip.js';

const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];
const PURPOSE = 'token cart';
const signer = sign([FIRST, SECOND, THIRD]);

const bytes = fc.uint8Array({ maxLength: 200 });

/** What sign() promises beside the contract, which `test/conformance/transformers.spec.ts` tries. */
describe('sign()', () => {
  it('authenticates', () => {
    expect(signer.authenticates).toBe(true);
  });

  it('seal() appends an HMAC-SHA-256 under a key for signing and for the purpose', () => {
    fc.assert(
      fc.property(bytes, fc.string(), (bytes, purpose) => {
        const key = Buffer.from(hkdfSync('sha256', FIRST, '', `nest-sessions sign ${purpose}`, 32));
        const mac = createHmac('sha256', key).update(bytes).digest();
        expect(Buffer.from(signer.seal(bytes, purpose))).toEqual(Buffer.concat([bytes, mac]));
      }),
    );
  });

  it('open() refuses what has any one bit flipped, and opens it again when it is flipped back', () => {
    const any = fc.tuple(bytes, fc.nat());
    fc.assert(
      fc.property(any, ([bytes, at]) => {
        const sealed = signer.seal(bytes, PURPOSE);
        const bit = at % (sealed.length * 8);
        expect(signer.open(flip(sealed, bit), PURPOSE)).toBeUndefined();
        expect(signer.open(flip(flip(sealed, bit), bit), PURPOSE)?.bytes).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('F3: seals with the first key, opens with all, and tells of which it is', () => {
    const text = Buffer.from('text');
    expect(signer.seal(text, PURPOSE)).toEqual(sign([FIRST]).seal(text, PURPOSE));
    const outdated = [FIRST, SECOND, THIRD].map(
      (key) => signer.open(sign([key]).seal(text, PURPOSE), PURPOSE)?.outdated,
    );
    expect(outdated).toEqual([false, true, true]);
    expect(sign([SECOND, THIRD]).open(sign([FIRST]).seal(text, PURPOSE), PURPOSE)).toBeUndefined();
  });

  it('opens nothing that was encrypted with the same keys', () => {
    expect(signer.open(encrypt([FIRST]).seal(Buffer.from('text'), PURPOSE), PURPOSE)).toBeUndefined();
  });

  it('gives bytes that share nothing with a buffer that it was lent', () => {
    const sealed = Buffer.from(signer.seal(Buffer.from('text'), PURPOSE));
    const opened = signer.open(sealed, PURPOSE);
    sealed.fill(0);
    expect(Buffer.from(opened?.bytes ?? []).toString()).toBe('text');
  });
});
