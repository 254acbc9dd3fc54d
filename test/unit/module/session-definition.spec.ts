import { describe, expect, it } from 'vitest';
import { defineSession } from '../../../src/module/session-definition.js';
import type { SessionOptions } from '../../../src/module/sessions-options.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { deriveKeys } from '../../../src/transformer/key-ring.js';
import { sign } from '../../../src/transformer/sign.js';

const KEY = 'k'.repeat(32);
const define = (options: unknown, path = ''): ReturnType<typeof defineSession> =>
  defineSession(options as SessionOptions, path);

describe('defineSession()', () => {
  it('fills in all defaults', () => {
    expect(define({})).toEqual({
      name: 'sid',
      type: undefined,
      cookie: {
        path: '/',
        domain: undefined,
        maxAge: undefined,
        httpOnly: true,
        secure: 'auto',
        sameSite: 'lax',
        partitioned: false,
        priority: undefined,
      },
      serializer: new JsonSerializer(),
      transformer: undefined,
      timeouts: { idle: 1_800_000, absolute: 43_200_000, touchAfter: 60_000 },
      storageTimeout: 5000,
      generateId: undefined,
    });
  });

  it('is frozen, with all that it made itself', () => {
    const definition = define({});
    expect(Object.isFrozen(definition)).toBe(true);
    expect(Object.isFrozen(definition.cookie)).toBe(true);
    expect(Object.isFrozen(definition.timeouts)).toBe(true);
  });

  it('takes every option', () => {
    class Cart {}
    const serializer = { serialize: () => new Uint8Array(), deserialize: () => ({}) };
    const generateId = () => 'id';
    const cookie = {
      path: '/shop',
      maxAge: '1h',
      sameSite: 'strict',
      secure: true,
      priority: 'high',
      partitioned: true,
    };
    const definition = define({
      type: Cart,
      name: 'cart',
      cookie: { ...cookie, domain: 'a.example', httpOnly: false },
      serializer,
      keys: [KEY],
      idleTimeout: '1h',
      absoluteTimeout: '30d',
      touchAfter: 0,
      storageTimeout: 100,
      generateId,
    });
    expect(definition).toMatchObject({
      name: 'cart',
      type: Cart,
      cookie: { ...cookie, maxAge: 3_600_000, domain: 'a.example', httpOnly: false },
      timeouts: { idle: 3_600_000, absolute: 2_592_000_000, touchAfter: 0 },
      storageTimeout: 100,
    });
    expect(definition.serializer).toBe(serializer);
    expect(definition.generateId).toBe(generateId);
  });

  it.each([
    ['5m', 30_000],
    ['30m', 60_000],
    [50, 5],
  ])('touches by default after a tenth of the idle timeout %s, at most a minute', (idleTimeout, expected) => {
    expect(define({ idleTimeout }).timeouts.touchAfter).toBe(expected);
  });

  it('signs with a key of the session alone: the token of another says nothing', () => {
    const [a, b] = [define({ name: 'a', keys: [KEY] }).transformer, define({ name: 'b', keys: [KEY] }).transformer];
    expect(b?.open(a?.seal('x') ?? '')).toBeUndefined();
    expect(a?.open(a.seal('x'))).toBe('x');
  });

  it('signs with the first key, and verifies with all; keeps to its derivation', () => {
    const old = sign(deriveKeys([KEY], 'sign token sid'));
    const rotated = define({ keys: ['n'.repeat(32), Buffer.from(KEY)] }).transformer;
    expect(rotated?.open(old.seal('x'))).toBe('x');
    expect(old.open(rotated?.seal('x') ?? '')).toBeUndefined();
  });

  it.each<[options: object, message: string]>([
    [{ nmae: 'x' }, 'nmae is not an option: use one of type, name, storage, cookie'],
    [{ cookie: { maxage: 1 } }, 'cookie.maxage is not an option: use one of path, domain, maxAge'],
    [{ isGlobal: true }, 'isGlobal is not an option'],
    [{ name: 5 }, 'name must be a text: received 5'],
    [{ name: '' }, 'name must be a cookie name'],
    [{ name: 'a b' }, 'name must be a cookie name'],
    [{ type: 'Cart' }, 'type must be a class: received "Cart"'],
    [{ type: {} }, 'type must be a class: received an object'],
    [{ generateId: 'x' }, 'generateId must be a function: received "x"'],
    [{ serializer: {} }, 'serializer must have serialize() and deserialize(): received an object'],
    [{ serializer: null }, 'serializer must have serialize() and deserialize(): received null'],
    [{ serializer: JSON }, 'serializer must have serialize() and deserialize()'],
    [{ idleTimeout: -5 }, 'idleTimeout must be > 0: received -5'],
    [{ idleTimeout: 0 }, 'idleTimeout must be > 0: received 0'],
    [{ idleTimeout: NaN }, 'idleTimeout must be milliseconds'],
    [{ idleTimeout: null }, 'idleTimeout must be milliseconds'],
    [{ absoluteTimeout: '401d' }, 'absoluteTimeout must be at most 400 days'],
    [{ storageTimeout: 'soon' }, 'storageTimeout must be milliseconds'],
    [{ storageTimeout: 0 }, 'storageTimeout must be > 0'],
    [{ touchAfter: -1 }, 'touchAfter must be >= 0 ms: received -1'],
    [{ touchAfter: '30m' }, 'touchAfter must be less than idleTimeout: received "30m"'],
    [{ idleTimeout: 1000, touchAfter: 1000 }, 'touchAfter must be less than idleTimeout: received 1000'],
    [{ cookie: null }, 'cookie must be an object: received null'],
    [{ cookie: 'x' }, 'cookie must be an object: received "text"'],
    [{ cookie: { path: 5 } }, 'cookie.path must be a text: received 5'],
    [{ cookie: { path: 'x' } }, "cookie.path must start with '/' and hold no ';' or '<': received \"x\""],
    [{ cookie: { domain: 5 } }, 'cookie.domain must be a text'],
    [{ cookie: { maxAge: 0 } }, 'cookie.maxAge must be >= 1000 ms: received 0'],
    [{ cookie: { maxAge: 999 } }, 'cookie.maxAge must be >= 1000 ms: received 999'],
    [{ cookie: { maxAge: '401d' } }, 'cookie.maxAge must be at most 400 days'],
    [{ cookie: { httpOnly: 1 } }, 'cookie.httpOnly must be true or false: received 1'],
    [{ cookie: { secure: 'yes' } }, 'cookie.secure must be true or false or "auto": received "yes"'],
    [{ cookie: { sameSite: 'Lax' } }, 'cookie.sameSite must be "strict" or "lax" or "none": received "Lax"'],
    [{ cookie: { sameSite: false } }, 'cookie.sameSite must be "strict" or "lax" or "none": received false'],
    [{ cookie: { partitioned: 'x' } }, 'cookie.partitioned must be true or false'],
    [{ cookie: { priority: 'High' } }, 'cookie.priority must be "low" or "medium" or "high": received "High"'],
    [{ cookie: { sameSite: 'none' } }, 'cookie.secure must be true with sameSite \'none\': received "auto"'],
    [{ cookie: { partitioned: true } }, 'cookie.secure must be true with partitioned: received "auto"'],
    [
      { name: '__Host-a', cookie: { secure: true, domain: 'a.example' } },
      'cookie.domain must not be set with the name prefix',
    ],
    [{ keys: [] }, 'keys must be an array with one key at least: received an array'],
    [{ keys: [5] }, 'keys[0] must be a text or bytes: received "number"'],
    [
      { keys: [KEY, 'short'] },
      'keys[1] must be at least 32 bytes, such as those of "openssl rand -base64 32": received 5',
    ],
    [{ keys: [new Uint8Array(31)] }, 'keys[0] must be at least 32 bytes'],
    [
      { keys: ['ü'.repeat(15)] },
      'keys[0] must be at least 32 bytes, such as those of "openssl rand -base64 32": received 30',
    ],
  ])('A20: refuses %j', (options, message) => {
    const refused = expect.objectContaining({
      message: expect.stringContaining(`Cannot start SessionsModule: ${message}`),
    });
    expect(() => define(options)).toThrow(refused);
    const placed = expect.objectContaining({
      message: expect.stringContaining(`Cannot start SessionsModule: sessions[1].${message}`),
    });
    expect(() => define(options, 'sessions[1]')).toThrow(placed);
  });

  it('counts the bytes of a key in UTF-8, not its characters', () => {
    expect(() => define({ keys: ['ü'.repeat(16)] })).not.toThrow();
  });

  it.each<[what: string, keys: unknown]>([
    ['a text in place of the list', 'THE-SECRET-KEY-OF-JUST-32-BYTES!'],
    ['a short key', ['THE-SECRET-KEY']],
    ['an object in place of a key', [{ key: 'THE-SECRET-KEY' }]],
    ['nothing behind a key', ['THE-SECRET-KEY-OF-JUST-32-BYTES!', undefined]],
  ])('A20: never shows a key in its message: %s', (_, keys) => {
    expect(() => define({ keys })).toThrow(
      expect.objectContaining({
        name: expect.stringMatching(/TypeError|RangeError/),
        message: expect.not.stringContaining('THE-SECRET'),
      }),
    );
  });
});
