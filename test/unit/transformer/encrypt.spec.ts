import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { KeyRing } from '../../../src/transformer/key-ring.js';
import { sign } from '../../../src/transformer/sign.js';
import { flip } from './flip.js';

const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];
const PURPOSE = 'value cart';
const encrypter = encrypt([FIRST, SECOND, THIRD]);

const bytes = fc.uint8Array({ maxLength: 300 });

/** The key of a purpose and its id, as another program would derive them. */
function derived(key: string, purpose: string): { secret: Buffer; id: Buffer } {
  const both = Buffer.from(hkdfSync('sha256', key, '', `nest-sessions encrypt ${purpose}`, 36));
  return { secret: both.subarray(0, 32), id: both.subarray(32) };
}

/** What is in a value, as another program would decrypt it; still padded. */
function decrypted(sealed: Uint8Array, key: string, purpose: string): Buffer {
  const all = Buffer.from(sealed);
  const { secret, id } = derived(key, purpose);
  expect(all[0]).toBe(1);
  expect(all.subarray(1, 5)).toEqual(id);
  const own = createHmac('sha256', secret).update(all.subarray(5, 17)).digest();
  const decipher = createDecipheriv('aes-256-gcm', own, all.subarray(17, 29));
  decipher.setAAD(Buffer.concat([all.subarray(0, 5), Buffer.from(purpose)]));
  decipher.setAuthTag(all.subarray(-16));
  return Buffer.concat([decipher.update(all.subarray(29, -16)), decipher.final()]);
}

/** A value of text that is not padded as it should be, which nobody without the key can make. */
function sealedAs(text: Uint8Array, key: string, purpose: string): Buffer {
  const { secret, id } = derived(key, purpose);
  const head = Buffer.concat([Buffer.of(1), id, Buffer.alloc(24, 9)]);
  const own = createHmac('sha256', secret).update(head.subarray(5, 17)).digest();
  const cipher = createCipheriv('aes-256-gcm', own, head.subarray(17));
  cipher.setAAD(Buffer.concat([head.subarray(0, 5), Buffer.from(purpose)]));
  return Buffer.concat([head, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** What encrypt() promises beside the contract, which `test/conformance/transformers.spec.ts` tries. */
describe('encrypt()', () => {
  it('authenticates', () => {
    expect(encrypter.authenticates).toBe(true);
  });

  it('keeps to its format, which other processes read too', () => {
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'grapheme' }), (bytes, purpose) => {
        const sealed = encrypter.seal(bytes, purpose);
        const text = decrypted(sealed, FIRST, purpose);
        expect(text.length % 64).toBe(0);
        const padding = Buffer.alloc(text.length - bytes.length);
        padding[0] = 0x80;
        expect(text).toEqual(Buffer.concat([bytes, padding]));
        expect(text.length - bytes.length).toBeLessThanOrEqual(64);
        expect(sealed.length).toBe(text.length + 45);
      }),
    );
  });

  it('opens what another process sealed in its format', () => {
    const text = Buffer.alloc(64);
    text.write('text\u0080', 'latin1');
    expect(encrypter.open(sealedAs(text, FIRST, PURPOSE), PURPOSE)).toEqual({
      bytes: Buffer.from('text'),
      outdated: false,
    });
  });

  it('open() gives undefined for what is authentic and not padded', () => {
    for (const text of [Buffer.alloc(0), Buffer.alloc(64), Buffer.from('text'), Buffer.from('\u0080x', 'latin1')]) {
      expect(encrypter.open(sealedAs(text, FIRST, PURPOSE), PURPOSE)).toBeUndefined();
    }
  });

  it('F1: open() refuses what has any one bit flipped, and opens it again when it is flipped back', () => {
    fc.assert(
      fc.property(fc.tuple(bytes, fc.nat()), ([bytes, at]) => {
        const sealed = encrypter.seal(bytes, PURPOSE);
        const bit = at % (sealed.length * 8);
        expect(encrypter.open(flip(sealed, bit), PURPOSE)).toBeUndefined();
        expect(encrypter.open(flip(flip(sealed, bit), bit), PURPOSE)?.bytes).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('F1: open() refuses a tag that is cut, of every length', () => {
    const sealed = encrypter.seal(Buffer.from('text'), PURPOSE);
    for (let length = 0; length < 16; length++) {
      expect(encrypter.open(sealed.subarray(0, sealed.length - 16 + length), PURPOSE)).toBeUndefined();
    }
  });

  it('F3: seals with the first key, opens with all, and tells of which it is', () => {
    const text = Buffer.from('text');
    expect(encrypt([FIRST]).open(encrypter.seal(text, PURPOSE), PURPOSE)?.bytes).toEqual(text);
    expect(encrypt([SECOND, THIRD]).open(encrypter.seal(text, PURPOSE), PURPOSE)).toBeUndefined();
    const outdated = [FIRST, SECOND, THIRD].map(
      (key) => encrypter.open(encrypt([key]).seal(text, PURPOSE), PURPOSE)?.outdated,
    );
    expect(outdated).toEqual([false, true, true]);
  });

  it('the key id selects the key: the id of another one opens nothing', () => {
    const sealed = Buffer.from(encrypter.seal(Buffer.from('text'), PURPOSE));
    const ids = [FIRST, SECOND, THIRD].map((key) => derived(key, PURPOSE).id);
    const opened = ids.map((id) => {
      sealed.set(id, 1);
      return encrypter.open(sealed, PURPOSE)?.bytes.length;
    });
    expect(opened).toEqual([4, undefined, undefined]);
  });

  it('uses no other key than that of the id, and none for an id that is unknown', () => {
    const used: number[] = [];
    class Watched extends KeyRing {
      override derive(purpose: string) {
        return super.derive(purpose).map(({ id, secret }, index) => ({
          id,
          get secret() {
            used.push(index);
            return secret;
          },
        }));
      }
    }
    const watched = encrypt(new Watched([FIRST, SECOND, THIRD]));
    for (const key of [SECOND, 'x'.repeat(32)])
      watched.open(encrypt([key]).seal(Buffer.from('text'), PURPOSE), PURPOSE);
    expect(used).toEqual([1]);
  });

  it('opens with each key that has the id, not with the first alone', async () => {
    // Two keys whose ids are equal would take days to find: here one ring has them as no other could
    const [alike] = new KeyRing([SECOND]).derive(`encrypt ${PURPOSE}`);
    class Alike extends KeyRing {
      override derive(purpose: string) {
        return super.derive(purpose).map((key) => ({ ...key, id: alike?.id as Uint8Array }));
      }
    }
    const both = encrypt(new Alike([FIRST, SECOND]));
    const text = Buffer.from('text');
    expect(both.open(encrypt([SECOND]).seal(text, PURPOSE), PURPOSE)).toEqual({ bytes: text, outdated: true });
    expect(both.open(both.seal(text, PURPOSE), PURPOSE)).toEqual({ bytes: text, outdated: false });
  });

  it('F6: has another salt and another nonce each time', () => {
    const all = Array.from({ length: 1000 }, () => Buffer.from(encrypter.seal(Buffer.from('text'), PURPOSE)));
    expect(new Set(all.map((sealed) => sealed.toString('hex', 5, 17))).size).toBe(1000);
    expect(new Set(all.map((sealed) => sealed.toString('hex', 17, 29))).size).toBe(1000);
  });

  it('opens nothing that was signed with the same keys', () => {
    const text = Buffer.alloc(100, 1);
    expect(encrypter.open(sign([FIRST]).seal(text, PURPOSE), PURPOSE)).toBeUndefined();
  });
});
