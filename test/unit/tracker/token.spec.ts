import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBase64url } from '../../../src/common/base64url.js';
import { formatToken, hashOf, isSameHash, parseToken, randomId, randomSecret } from '../../../src/tracker/token.js';

const base64url = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString('base64url'));
const id = base64url(16);
const secret = base64url(32);
const anyId = fc.string({ unit: fc.constantFrom(...'abzABZ019_-'), minLength: 1, maxLength: 255 });
const mangled = fc
  .tuple(id, secret, fc.nat(65), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3))
  .map(([id, secret, at, text, cut]) => {
    const token = `${id}.${secret}`;
    return token.slice(0, at) + text + token.slice(at + cut);
  });

describe('parseToken()', () => {
  it('gives an id that keeps nothing else of the field it came in', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const tokens = Array.from({ length: 2000 }, () => formatToken({ id: randomId(), secret: randomSecret() }));
    const usedBy = (): number => (collect(), process.memoryUsage().heapUsed);
    const ids: (string | undefined)[] = [];
    const before = usedBy();
    for (const token of tokens) {
      const field = `a=${randomSecret().repeat(200)}; sid=${token}`;
      ids.push(parseToken(field.slice(field.indexOf('sid=') + 4), false)?.id);
    }
    const kept = (usedBy() - before) / ids.length;
    expect(ids).not.toContain(undefined);
    // The field has 8,600 characters
    expect(kept).toBeLessThan(1000);
  });

  it('gives back what formatToken() wrote', () => {
    fc.assert(
      fc.property(id, secret, (id, secret) => {
        expect(parseToken(formatToken({ id, secret }), false)).toEqual({ id, secret });
        expect(parseToken(formatToken({ id, secret }), true)).toEqual({ id, secret });
      }),
    );
  });

  it('gives back what formatToken() wrote with an id of the app, where there are such', () => {
    fc.assert(
      fc.property(anyId, secret, (id, secret) => {
        expect(parseToken(formatToken({ id, secret }), true)).toEqual({ id, secret });
        if (!isBase64url(id, 22)) expect(parseToken(formatToken({ id, secret }), false)).toBeUndefined();
      }),
    );
  });

  it('A7: never throws, and accepts only what formatToken() writes', () => {
    fc.assert(
      fc.property(fc.oneof(mangled, fc.string({ unit: 'binary', maxLength: 400 })), fc.boolean(), (text, anyId) => {
        const token = parseToken(text, anyId);
        if (token === undefined) return;
        expect(formatToken(token)).toBe(text);
        expect(isBase64url(token.secret, 43)).toBe(true);
        expect(token.id).toMatch(/^[A-Za-z0-9_-]{1,255}$/);
        if (!anyId) expect(isBase64url(token.id, 22)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  const ID = 'A'.repeat(22);
  const SECRET = 'A'.repeat(43);

  it.each([
    '',
    '.',
    ID,
    `.${SECRET}`,
    `${ID}.`,
    `${ID}${SECRET}`,
    `${ID}:${SECRET}`,
    `${ID}.${SECRET}.`,
    `${ID}.${SECRET} `,
    ` ${ID}.${SECRET}`,
    `"${ID}.${SECRET}"`,
    `${ID}.${SECRET}\n`,
    `${ID}.${SECRET.slice(1)}`,
    `${ID}.${SECRET}A`,
    `${ID}A.${SECRET}`,
    `${ID.slice(1)}.${SECRET}`,
    `${ID.slice(1)}B.${SECRET}`,
    `${ID}.${SECRET.slice(1)}B`,
    `${ID.slice(1)}+.${SECRET}`,
    `${ID.slice(1)}/.${SECRET}`,
    `${ID}.${SECRET.slice(1)}=`,
    `${ID.slice(1)}\u0000.${SECRET}`,
    `../${ID.slice(3)}.${SECRET}`,
    `%2e%2e${ID.slice(6)}.${SECRET}`,
    `%zz${ID.slice(3)}.${SECRET}`,
    `${ID.slice(2)}\r\n.${SECRET}`,
    'A'.repeat(2 ** 20),
    `${'A'.repeat(2 ** 20)}.${SECRET}`,
  ])('A7: refuses %j', (text) => {
    expect(parseToken(text, false)).toBeUndefined();
  });

  it.each([
    `.${SECRET}`,
    `a/b.${SECRET}`,
    `a.b.${SECRET}`,
    `ü.${SECRET}`,
    `a\n.${SECRET}`,
    `${'a'.repeat(256)}.${SECRET}`,
  ])('A7: refuses %j also where ids are those of the app', (text) => {
    expect(parseToken(text, true)).toBeUndefined();
  });
});

describe('randomId()', () => {
  it('is 16 bytes of base64url, another each time', () => {
    const ids = Array.from({ length: 1000 }, randomId);
    expect(new Set(ids).size).toBe(1000);
    expect(ids.every((id) => isBase64url(id, 22))).toBe(true);
  });
});

describe('randomSecret()', () => {
  it('is 32 bytes of base64url, another each time', () => {
    const secrets = Array.from({ length: 1000 }, randomSecret);
    expect(new Set(secrets).size).toBe(1000);
    expect(secrets.every((secret) => isBase64url(secret, 43))).toBe(true);
  });
});

describe('hashOf()', () => {
  it('is the SHA-256 of the text, base64url', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(hashOf(text)).toBe(createHash('sha256').update(text).digest('base64url'));
      }),
    );
  });
});

describe('isSameHash()', () => {
  it('compares all of two texts, of whatever length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isSameHash(a, a)).toBe(true);
        expect(isSameHash(a, b)).toBe(Buffer.from(a).equals(Buffer.from(b)));
      }),
    );
    expect(isSameHash('', 'a')).toBe(false);
    expect(isSameHash('ab', 'ac')).toBe(false);
  });
});
