import { describe, expect, it } from 'vitest';
import { defineSession } from '../../../src/module/session-definition.js';
import type { SessionOptions } from '../../../src/module/sessions-options.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { encrypt } from '../../../src/transformer/encrypt.js';

const KEY = 'k'.repeat(32);
const define = (options: unknown, path = ''): ReturnType<typeof defineSession> =>
  defineSession(options as SessionOptions, path);

describe('defineSession()', () => {
  it('fills in all defaults', () => {
    expect(define({})).toEqual({
      name: 'sid',
      type: undefined,
      isClientSide: false,
      hasStorage: true,
      transport: {
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
        header: undefined,
      },
      serializer: new JsonSerializer(),
      schema: undefined,
      transformers: [],
      timeouts: { idle: 1_800_000, absolute: 43_200_000, touchAfter: 60_000 },
      storageTimeout: 5000,
      onConflict: 'merge',
      onOutage: 'fail',
      generateId: undefined,
    });
  });

  it('is frozen, with all that it made itself', () => {
    const definition = define({});
    expect(Object.isFrozen(definition)).toBe(true);
    expect(Object.isFrozen(definition.transport)).toBe(true);
    expect(Object.isFrozen(definition.transport.cookie)).toBe(true);
    expect(Object.isFrozen(definition.transformers)).toBe(true);
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
      header: 'x-cart',
      serializer,
      keys: [KEY],
      idleTimeout: '1h',
      absoluteTimeout: '30d',
      touchAfter: 0,
      storageTimeout: 100,
      onConflict: 'reject',
      onOutage: 'readonly',
      generateId,
    });
    expect(definition).toMatchObject({
      name: 'cart',
      type: Cart,
      transport: {
        cookie: { ...cookie, maxAge: 3_600_000, domain: 'a.example', httpOnly: false },
        header: { name: 'x-cart', scheme: undefined },
      },
      transformers: [{ authenticates: true }],
      timeouts: { idle: 3_600_000, absolute: 2_592_000_000, touchAfter: 0 },
      storageTimeout: 100,
      onConflict: 'reject',
      onOutage: 'readonly',
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

  it('has no absolute timeout where that is false', () => {
    expect(define({ absoluteTimeout: false }).timeouts).toEqual({
      idle: 1_800_000,
      absolute: Infinity,
      touchAfter: 60_000,
    });
  });

  describe('by value', () => {
    const revocation = new SessionStorageMemory();

    it.each<[clientSide: unknown, isClientSide: boolean, hasStorage: boolean]>([
      [undefined, false, true],
      [false, false, true],
      [true, true, false],
      [{}, true, false],
      [{ revocation: undefined }, true, false],
      [{ revocation }, true, true],
      [{ revocation: { useFactory: () => undefined } }, true, true],
    ])('is by value with clientSide %o: %s; and has a storage: %s', (clientSide, isClientSide, hasStorage) => {
      expect(define({ clientSide, keys: [KEY] })).toMatchObject({ isClientSide, hasStorage });
    });

    it('takes options of a storage where it has one for revocations', () => {
      expect(define({ clientSide: { revocation }, keys: [KEY], storageTimeout: '1s' }).storageTimeout).toBe(1000);
    });

    it('may live as long as it is used, where nothing is kept', () => {
      for (const clientSide of [true, {}]) {
        const definition = define({ clientSide, keys: [KEY], absoluteTimeout: false });
        expect(definition.timeouts.absolute).toBe(Infinity);
      }
    });

    const unread = 'must not be given with clientSide: the session is kept by its client';

    it.each<[options: object, message: string]>([
      [{ clientSide: 'yes' }, 'clientSide must be true, false or { revocation }: received "a text"'],
      [{ clientSide: null }, 'clientSide must be true, false or { revocation }: received null'],
      [{ clientSide: 1 }, 'clientSide must be true, false or { revocation }: received 1'],
      [{ clientSide: [] }, 'clientSide must be true, false or { revocation }: received an array'],
      [{ clientSide: { revocaton: revocation } }, 'clientSide.revocaton is not an option: use one of revocation'],
      [{ clientSide: revocation }, 'clientSide.'],
      [{ clientSide: true, storage: revocation }, `storage ${unread}: received an object`],
      [{ clientSide: { revocation }, storage: revocation }, `storage ${unread}`],
      [{ clientSide: true, generateId: () => 'x' }, `generateId ${unread}: received a function`],
      [{ clientSide: { revocation }, generateId: () => 'x' }, `generateId ${unread}`],
      [{ clientSide: true, storageTimeout: '1s' }, `storageTimeout ${unread}: received "a text"`],
      [{ clientSide: true, onOutage: 'readonly' }, `onOutage ${unread}: received "a text"`],
      [{ clientSide: { revocation }, onConflict: 'reject' }, `onConflict ${unread}: received "a text"`],
      [{ clientSide: { revocation: undefined }, storageTimeout: 5 }, `storageTimeout ${unread}: received 5`],
      [
        { clientSide: { revocation }, absoluteTimeout: false },
        'clientSide.revocation must have an absoluteTimeout, until which ids are kept: give one: received false',
      ],
      [{ clientSide: { revocation }, absoluteTimeout: true }, 'absoluteTimeout must be milliseconds'],
    ])('A20: refuses %o', (options, message) => {
      for (const [path, place] of [
        ['', ''],
        ['sessions[1]', 'sessions[1].'],
      ] as const) {
        expect(() => define({ keys: [KEY], ...options }, path)).toThrow(
          expect.objectContaining({
            name: 'TypeError',
            message: expect.stringContaining(`Cannot start SessionsModule: ${place}${message}`),
          }),
        );
      }
    });

    it.each<[what: string, options: object]>([
      ['neither keys nor transformers', {}],
      ['no transformer', { transformers: [] }],
      [
        'one that does not authenticate last',
        {
          transformers: [
            encrypt([KEY]),
            { authenticates: false, seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => ({ bytes }) },
          ],
        },
      ],
    ])('A20: refuses %s', (_, options) => {
      expect(() => define({ clientSide: true, ...options }, 'sessions[1]')).toThrow(
        /^Cannot start SessionsModule: sessions\[1\]\.transformers must end with one that authenticates, /,
      );
    });
  });

  it.each<[options: object, message: string]>([
    [{ nmae: 'x' }, 'nmae is not an option: use one of type, name, storage, clientSide, cookie, header'],
    [{ cookie: { maxage: 1 } }, 'cookie.maxage is not an option: use one of path, domain, maxAge'],
    [{ isGlobal: true }, 'isGlobal is not an option'],
    [{ name: 5 }, 'name must be a text: received 5'],
    [{ name: '' }, 'name must be 1 to 255 bytes: received ""'],
    [{ name: '', header: 'x-session' }, 'name must be 1 to 255 bytes: received ""'],
    [{ name: 'n'.repeat(256) }, 'name must be 1 to 255 bytes: received a text of 256 characters'],
    [{ name: 'é'.repeat(128), header: 'x-session' }, 'name must be 1 to 255 bytes: received a text of 128 characters'],
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
    [{ absoluteTimeout: 0 }, 'absoluteTimeout must be > 0: received 0'],
    [{ absoluteTimeout: null }, 'absoluteTimeout must be milliseconds'],
    [{ absoluteTimeout: true }, 'absoluteTimeout must be milliseconds'],
    [{ idleTimeout: false }, 'idleTimeout must be milliseconds'],
    [{ storageTimeout: 'soon' }, 'storageTimeout must be milliseconds'],
    [{ storageTimeout: 0 }, 'storageTimeout must be > 0'],
    [{ onConflict: 'ask' }, 'onConflict must be "merge" or "reject"'],
    [{ onOutage: 'readOnly' }, 'onOutage must be "fail" or "readonly"'],
    [{ touchAfter: -1 }, 'touchAfter must be >= 0 ms: received -1'],
    [{ touchAfter: '30m' }, 'touchAfter must be less than idleTimeout: received "30m"'],
    [{ touchAfter: '30s', cookie: { maxAge: '30s' } }, 'touchAfter must be less than cookie.maxAge: received "30s"'],
    [{ idleTimeout: 1000, touchAfter: 1000 }, 'touchAfter must be less than idleTimeout: received 1000'],
    [{ cookie: null }, 'cookie must be an object: received null'],
    [{ cookie: 'x' }, 'cookie must be an object: received "text"'],
    [{ cookie: { path: 5 } }, 'cookie.path must be a text: received 5'],
    [{ cookie: { path: 'x' } }, "cookie.path must start with '/'"],
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
    [{ keys: [] }, 'keys must be an array with one key at least, or a KeyRing: received "an empty one"'],
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
