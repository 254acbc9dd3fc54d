import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCarried, encodeCarried, type CarriedSession } from '../../../src/record/carried-session.js';

const instant = fc.oneof(
  fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  fc.constantFrom(0, 1, Date.UTC(2030, 0, 1), Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER),
);
const session: fc.Arbitrary<CarriedSession> = fc.record({
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  createdAt: instant,
  idleDeadline: instant,
  absoluteDeadline: instant,
  payload: fc.uint8Array({ maxLength: 300 }),
});

const ID = 'AAECAwQFBgcICQoLDA0ODw';
const GOOD: CarriedSession = {
  id: ID,
  createdAt: 1,
  idleDeadline: 2,
  absoluteDeadline: Number.POSITIVE_INFINITY,
  payload: Buffer.from('{}'),
};

describe('encodeCarried() and decodeCarried()', () => {
  it('give back any session', () => {
    fc.assert(
      fc.property(session, (session) => {
        expect(decodeCarried(Uint8Array.from(encodeCarried(session)))).toEqual(session);
      }),
    );
  });

  it('read a session in a part of a larger buffer', () => {
    const encoded = encodeCarried(GOOD);
    const larger = new Uint8Array(200).fill(9);
    larger.set(encoded, 50);
    const decoded = decodeCarried(larger.subarray(50, 50 + encoded.length));
    expect({ ...decoded, payload: Buffer.from(decoded?.payload ?? []).toString() }).toEqual({ ...GOOD, payload: '{}' });
  });

  it('keep to their format, in which sessions outlive a deployment', () => {
    expect(Buffer.from(encodeCarried(GOOD)).toString('hex')).toBe(
      [
        '01',
        '000102030405060708090a0b0c0d0e0f',
        '3ff0000000000000',
        '4000000000000000',
        '7ff0000000000000',
        '7b7d',
      ].join(''),
    );
  });

  it('take 41 bytes beside the payload', () => {
    expect(encodeCarried({ ...GOOD, payload: new Uint8Array() })).toHaveLength(41);
    expect(encodeCarried({ ...GOOD, payload: new Uint8Array(1000) })).toHaveLength(1041);
  });
});

describe('decodeCarried()', () => {
  it('gives undefined for what is shorter than a session without a payload', () => {
    const encoded = encodeCarried({ ...GOOD, payload: new Uint8Array() });
    expect(decodeCarried(encoded)).toBeDefined();
    for (let length = 0; length < encoded.length; length++) {
      expect(decodeCarried(encoded.subarray(0, length))).toBeUndefined();
    }
  });

  it('gives undefined for every other format', () => {
    const encoded = encodeCarried(GOOD);
    const read = Array.from({ length: 256 }, (_, format) => {
      encoded[0] = format;
      return decodeCarried(encoded) !== undefined;
    });
    expect(read.flatMap((isRead, format) => (isRead ? [format] : []))).toEqual([1]);
  });

  it('never throws, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => decodeCarried(bytes)).not.toThrow();
        expect(() => decodeCarried(Uint8Array.of(1, ...bytes))).not.toThrow();
      }),
    );
  });
});

describe('encodeCarried()', () => {
  it('shares nothing with the payload', () => {
    const payload = Buffer.from('{}');
    const encoded = encodeCarried({ ...GOOD, payload });
    payload.fill(0);
    expect(Buffer.from(encoded.subarray(41)).toString()).toBe('{}');
  });
});
