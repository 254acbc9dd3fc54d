import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  encrypt,
  SessionsModule,
  SessionStorageMemory,
  type SessionsAsyncOptions,
  type SessionsOptions,
} from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { compile, startApp } from '../support/app.js';
import { PLATFORMS } from '../support/matrix.js';
import { PlainStorage } from '../support/plain-storage.js';
import { controllerOf } from '../support/routes.js';

class User {}
class Cart {}

/** Options as a program in JavaScript may give them: wrong in ways that do not compile. */
type Wrong = Record<string, unknown> | undefined | null;

const DAY = 24 * 60 * 60 * 1000;
const key = 'k'.repeat(32);
const revocation = new SessionStorageMemory();
/** A transformer that anybody's bytes pass. */
const plain = { authenticates: false, seal: (bytes: Uint8Array) => bytes, open: (bytes: Uint8Array) => ({ bytes }) };

/** What is wrong, the options, and the path and the cure that the message must name. */
const wrong: readonly (readonly [what: string, options: Wrong, path: string, cure: string])[] = [
  ['two sessions of one name', { sessions: [{ name: 'a' }, { name: 'a' }] }, 'sessions[1].name', 'must not be another'],
  ['two sessions without a name', { sessions: [{}, {}] }, 'sessions[1].name', 'must not be another'],
  [
    'two sessions of one class',
    {
      sessions: [
        { name: 'a', type: User },
        { name: 'b', type: User },
      ],
    },
    'sessions[1].type',
    'extend the class',
  ],
  ['no session', { sessions: [] }, 'sessions', 'one session at least'],
  ['sessions that are no array', { sessions: { name: 'a' } }, 'sessions', 'array'],
  ['sessions that are undefined', { sessions: undefined }, 'sessions', 'array'],
  ['a session that is null', { sessions: [null] }, 'sessions[0]', 'must be an object'],
  ['options that are null', null, 'options', 'must be an object'],
  ['a session option beside sessions', { sessions: [{}], idleTimeout: '1h' }, 'idleTimeout', 'sessions'],
  ['an unknown option beside sessions', { sessions: [{}], isGlobl: false }, 'isGlobl', 'is not an option'],
  ['an option that is unknown', { idleTimout: '1h' }, 'idleTimout', 'is not an option'],
  ['an option of a session that is unknown', { sessions: [{ nam: 'a' }] }, 'sessions[0].nam', 'is not an option'],
  [
    'an option of the module in a session',
    { sessions: [{ isGlobal: true }] },
    'sessions[0].isGlobal',
    'is not an option',
  ],
  ['an unknown attribute', { cookie: { samesite: 'lax' } }, 'cookie.samesite', 'is not an option'],
  ['a name that is no text', { name: 5 }, 'name', 'must be a text'],
  ['an empty name', { name: '' }, 'name', 'must be 1 to 255 bytes'],
  ['a name with a space', { name: 'my session' }, 'name', 'must be a cookie name'],
  ['a name with a semicolon', { sessions: [{ name: 'a;b' }] }, 'sessions[0].name', 'must be a cookie name'],
  ['a type that is no class', { type: 'User' }, 'type', 'must be a class'],
  ['a serializer without methods', { serializer: {} }, 'serializer', 'serialize()'],
  ['a generateId that is no function', { generateId: 'x' }, 'generateId', 'must be a function'],
  ['a storage that is a number', { storage: 5 }, 'storage', 'must be a SessionStorage'],
  ['a storage that is null', { storage: null }, 'storage', 'must be a SessionStorage'],
  ['a storage that is an empty object', { sessions: [{ storage: {} }] }, 'sessions[0].storage', 'useFactory'],
  ['an interceptor of no such kind', { interceptor: 'none' }, 'interceptor', '"global" or "declared"'],
  ['isGlobal that is no boolean', { isGlobal: 'yes' }, 'isGlobal', 'true or false'],

  [
    'a negative idle timeout',
    { sessions: [{ idleTimeout: -5 }] },
    'sessions[0].idleTimeout',
    'must be > 0: received -5',
  ],
  ['an idle timeout of 0', { idleTimeout: 0 }, 'idleTimeout', 'must be > 0'],
  ['an idle timeout that is NaN', { idleTimeout: NaN }, 'idleTimeout', "such as '30m'"],
  ['an idle timeout that is Infinity', { idleTimeout: Infinity }, 'idleTimeout', 'must be at most 400 days'],
  ['an idle timeout over 400 days', { idleTimeout: '401d' }, 'idleTimeout', 'must be at most 400 days'],
  ['400 days and a millisecond', { idleTimeout: 400 * DAY + 1 }, 'idleTimeout', 'must be at most 400 days'],
  ['an idle timeout that says nothing', { idleTimeout: 'soon' }, 'idleTimeout', "such as '30m'"],
  ['an empty idle timeout', { idleTimeout: '' }, 'idleTimeout', "such as '30m'"],
  ['an idle timeout of null', { idleTimeout: null }, 'idleTimeout', "such as '30m'"],
  ['a text of many characters', { idleTimeout: '1'.repeat(200) }, 'idleTimeout', "such as '30m'"],
  ['a negative absolute timeout', { absoluteTimeout: '-1h' }, 'absoluteTimeout', 'must be > 0'],
  ['an absolute timeout that is NaN', { absoluteTimeout: NaN }, 'absoluteTimeout', "such as '30m'"],
  ['an absolute timeout over 400 days', { absoluteTimeout: '2y' }, 'absoluteTimeout', 'must be at most 400 days'],
  ['a negative touchAfter', { touchAfter: -1 }, 'touchAfter', 'must be >= 0'],
  ['a touchAfter as long as the idle timeout', { touchAfter: '30m' }, 'touchAfter', 'must be less than idleTimeout'],
  ['a storageTimeout of 0', { storageTimeout: 0 }, 'storageTimeout', 'must be > 0'],
  ['a storageTimeout that is NaN', { storageTimeout: NaN }, 'storageTimeout', "such as '30m'"],
  ['a maxAge under a second', { cookie: { maxAge: 10 } }, 'cookie.maxAge', 'must be'],
  ['a maxAge over 400 days', { sessions: [{ cookie: { maxAge: '500d' } }] }, 'sessions[0].cookie.maxAge', '400 days'],
  ['a maxAge that is NaN', { cookie: { maxAge: NaN } }, 'cookie.maxAge', "such as '30m'"],

  ['keys that are a text', { keys: key }, 'keys', 'must be an array'],
  ['no keys', { keys: [] }, 'keys', 'one key at least'],
  ['a key of 31 bytes', { keys: ['k'.repeat(31)] }, 'keys[0]', 'must be at least 32 bytes'],
  ['a second key that is short', { sessions: [{ keys: [key, 'short'] }] }, 'sessions[0].keys[1]', 'at least 32 bytes'],
  ['a key of few bytes', { keys: [new Uint8Array(16)] }, 'keys[0]', 'at least 32 bytes'],
  ['a key that is undefined', { keys: [undefined] }, 'keys[0]', 'must be a text or bytes'],

  ['by value with nothing that seals', { clientSide: true }, 'transformers', 'one that authenticates'],
  ['by value without transformers', { clientSide: true, transformers: [] }, 'transformers', 'or give keys'],
  [
    'by value with a transformer that authenticates nothing',
    { sessions: [{ clientSide: true, transformers: [plain] }] },
    'sessions[0].transformers',
    'must end with one that authenticates',
  ],
  [
    'by value with one after that which authenticates',
    { clientSide: { revocation }, transformers: [encrypt([key]), plain] },
    'transformers',
    'must end with one that authenticates',
  ],
  ['by value with a short key', { clientSide: true, keys: [key, 'short'] }, 'keys[1]', 'must be at least 32 bytes'],
  ['by value without a key', { clientSide: true, keys: [] }, 'keys', 'one key at least'],
  ['by value with a storage', { clientSide: true, keys: [key], storage: revocation }, 'storage', 'clientSide'],
  ['by value with generateId', { clientSide: true, keys: [key], generateId: () => 'x' }, 'generateId', 'clientSide'],
  [
    'revocation without an absolute timeout',
    { clientSide: { revocation }, keys: [key], absoluteTimeout: false },
    'clientSide.revocation',
    'absoluteTimeout',
  ],
  [
    'a revocation that is no storage',
    { clientSide: { revocation: {} }, keys: [key] },
    'clientSide.revocation',
    'must be',
  ],
  ['an unknown option of clientSide', { clientSide: { revoke: revocation } }, 'clientSide.revoke', 'is not an option'],
  ['keys beside transformers', { keys: [key], transformers: [encrypt([key])] }, 'keys', 'give them to encrypt()'],
  ['transformers that are no array', { transformers: encrypt([key]) }, 'transformers', 'must be an array'],
  ['a transformer that cannot open', { transformers: [{ seal() {} }] }, 'transformers[0]', 'must have seal(), open()'],

  ['a header that is no name', { header: 'x session' }, 'header', "must be a header's name"],
  ['a header without a name', { sessions: [{ header: {} }] }, 'sessions[0].header.name', 'must be a text'],
  ['a header that means something else', { header: 'Set-Cookie' }, 'header', 'a meaning of its own'],
  ['Authorization without a scheme', { header: 'authorization' }, 'header', "such as 'Bearer'"],
  ['a scheme of two words', { header: { name: 'x-a', scheme: 'Bearer of' } }, 'header.scheme', 'must be one word'],
  ['an unknown option of a header', { header: { name: 'x-a', prefix: 'B' } }, 'header.prefix', 'is not an option'],
  [
    'two sessions in one header',
    {
      sessions: [
        { name: 'a', header: 'x-a' },
        { name: 'b', header: 'X-A' },
      ],
    },
    'two sessions, "a" and "b"',
    'name another',
  ],

  ['a limit that is a number', { limit: 3 }, 'limit', 'must be an object'],
  [
    'a limit of none',
    { sessions: [{ limit: { perPrincipal: 0 } }] },
    'sessions[0].limit.perPrincipal',
    'must be a positive integer',
  ],
  [
    'a limit that says not of how many',
    { limit: { onExceeded: 'reject' } },
    'limit.perPrincipal',
    'must be a positive integer',
  ],
  [
    'an unknown way to keep it',
    { limit: { perPrincipal: 1, onExceeded: 'evict' } },
    'limit.onExceeded',
    '"evictOldest" or "reject"',
  ],
  ['an unknown option of a limit', { limit: { perUser: 1 } }, 'limit.perUser', 'is not an option'],
  [
    'a limit by value',
    { clientSide: { revocation }, keys: [key], limit: { perPrincipal: 1 } },
    'limit',
    'must not be given with clientSide',
  ],
  [
    'a limit over a storage that does not know whose sessions are',
    { sessions: [{ name: 'cart', storage: new PlainStorage(), limit: { perPrincipal: 1 } }] },
    'limit of session "cart"',
    'keeps an index of principals: use one, or leave limit out',
  ],

  ['a cookie that is a text', { cookie: 'lax' }, 'cookie', 'must be an object'],
  [
    'sameSite none without secure',
    { cookie: { sameSite: 'none' } },
    'cookie.secure',
    "must be true with sameSite 'none'",
  ],
  [
    'sameSite none with secure auto',
    { cookie: { sameSite: 'none', secure: 'auto' } },
    'cookie.secure',
    "must be true with sameSite 'none'",
  ],
  ['partitioned without secure', { cookie: { partitioned: true } }, 'cookie.secure', 'must be true with partitioned'],
  ['__Host- without secure', { name: '__Host-sid' }, 'cookie.secure', 'must be true'],
  ['__Secure- without secure', { name: '__Secure-sid', cookie: { secure: false } }, 'cookie.secure', 'must be true'],
  [
    '__Host- with a domain',
    { sessions: [{ name: '__Host-sid', cookie: { secure: true, domain: 'a.example' } }] },
    'sessions[0].cookie.domain',
    'must not be set',
  ],
  ['__Host- with a path', { name: '__Host-sid', cookie: { secure: true, path: '/app' } }, 'cookie.path', "must be '/'"],
  [
    'a prefix in other letters',
    { name: '__hOsT-sid', cookie: { secure: true, path: '/app' } },
    'cookie.path',
    "must be '/'",
  ],
  ['sameSite of no such kind', { cookie: { sameSite: 'Lax' } }, 'cookie.sameSite', '"strict" or "lax" or "none"'],
  ['secure of no such kind', { cookie: { secure: 'yes' } }, 'cookie.secure', '"auto"'],
  ['a relative path', { cookie: { path: 'app' } }, 'cookie.path', "must start with '/'"],
  ['a path that breaks out', { cookie: { path: '/; Domain=x' } }, 'cookie.path', "hold no ';'"],
  ['a domain with a port', { cookie: { domain: 'a.example:3000' } }, 'cookie.domain', 'must be a host name'],
  ['a domain that is a URL', { cookie: { domain: 'https://a.example' } }, 'cookie.domain', 'must be a host name'],
  ['a priority of no such kind', { cookie: { priority: 'urgent' } }, 'cookie.priority', '"low" or "medium" or "high"'],
];

/** What a factory returns, or what stands beside it, in an app that must not start. */
const wrongAsync: readonly (readonly [what: string, options: Wrong, message: RegExp])[] = [
  ['a name that was not declared', { useFactory: () => ({ cart: {} }) }, /^Cannot start SessionsModule: .*sid.*"cart"/],
  [
    'a storage that is declared too',
    {
      sessions: [{ storage: SessionStorageMemory }],
      useFactory: () => ({ sid: { storage: new SessionStorageMemory() } }),
    },
    /^Cannot start SessionsModule: sid\.storage .*declared/,
  ],
  [
    'wrong settings',
    { useFactory: () => ({ sid: { idleTimeout: -5 } }) },
    /^Cannot start SessionsModule: sid\.idleTimeout must be > 0: received -5/,
  ],
  [
    'an unknown setting',
    { useFactory: () => ({ sid: { idle: 5 } }) },
    /^Cannot start SessionsModule: sid\.idle is not an option/,
  ],
  [
    'settings that are no object',
    { useFactory: () => 5 },
    /^Cannot start SessionsModule: .*must be an object: received 5/,
  ],
  [
    'settings of one session that are null',
    { useFactory: () => ({ sid: null }) },
    /^Cannot start SessionsModule: sid must be an object/,
  ],
  ['nothing', { useFactory: () => undefined }, /^Cannot start SessionsModule: .*must be an object: received undefined/],
  [
    'a class for a storage',
    { useFactory: () => ({ sid: { storage: SessionStorageMemory } }) },
    /^Cannot start SessionsModule: sid\.storage must be/,
  ],
  [
    'two declared sessions of one name',
    { sessions: [{ name: 'a' }, { name: 'a' }], useFactory: () => ({}) },
    /^Cannot start SessionsModule: sessions\[1\]\.name/,
  ],
  [
    'a setting among the declarations, which nobody would read',
    { sessions: [{ name: 'a', idleTimeout: '1h' }], useFactory: () => ({}) },
    /^Cannot start SessionsModule: sessions\[0\]\.idleTimeout/,
  ],
  [
    'an unknown option beside the factory',
    { useFactory: () => ({}), isGlobl: true },
    /^Cannot start SessionsModule: isGlobl is not an option/,
  ],
  ['no factory', {}, /^Cannot start SessionsModule: .*useFactory, useClass or useExisting/],
  [
    'a factory that rejects',
    { useFactory: () => Promise.reject(new Error('the vault is closed')) },
    /^the vault is closed$/,
  ],
  [
    'a factory that throws',
    {
      useFactory: () => {
        throw new Error('the vault is closed');
      },
    },
    /^the vault is closed$/,
  ],
];

describe.each(PLATFORMS)('%s', (platform) => {
  it.each(wrong)('A20: %s is refused at start', async (_what, options, path, cure) => {
    const message = await failureOf(() => SessionsModule.forRoot(options as SessionsOptions));
    expect(message).toMatch(/^Cannot start SessionsModule: /);
    expect(message.slice('Cannot start SessionsModule: '.length)).toSatisfy((text: string) => text.startsWith(path));
    expect(message).toContain(cure);
    expect(message).not.toContain(key);
  });

  it.each(wrongAsync)('A20: forRootAsync: %s is refused at start', async (_what, options, pattern) => {
    const message = await failureOf(() => SessionsModule.forRootAsync(options as unknown as SessionsAsyncOptions));
    expect(message).toMatch(pattern);
  });

  it('A20: an injectable factory that fails stops the app', async () => {
    @Injectable()
    class Settings {
      createSessionsOptions(): never {
        throw new Error('the vault is closed');
      }
    }
    expect(await failureOf(() => SessionsModule.forRootAsync({ useClass: Settings }))).toBe('the vault is closed');
  });

  it.each([
    ['a factory that gives none', { useFactory: () => ({}) as SessionStorageMemory }],
    ['a factory that gives undefined', { useFactory: () => undefined as unknown as SessionStorageMemory }],
    ['a value that is none', { useValue: {} as SessionStorageMemory }],
    ['a class that is none', { useClass: User as unknown as typeof SessionStorageMemory }],
  ])('A20: a storage from %s is refused at start', async (_what, storage) => {
    const message = await failureOf(() => SessionsModule.forRoot({ storage }));
    expect(message).toMatch(/^Cannot start SessionsModule: .*storage/);
  });

  it.each([
    ['forRoot twice', () => [SessionsModule.forRoot({ name: 'a' }), SessionsModule.forRoot({ name: 'b' })]],
    ['forRoot twice with nothing', () => [SessionsModule.forRoot(), SessionsModule.forRoot()]],
    [
      'forRoot and forRootAsync',
      () => [
        SessionsModule.forRoot(),
        SessionsModule.forRootAsync({ sessions: [{ name: 'b' }], useFactory: () => ({}) }),
      ],
    ],
  ])('A20: %s is refused at start', async (_what, imports) => {
    const module = compile({ imports: imports() });
    await expect(module).rejects.toThrow(/^Cannot start SessionsModule: .*more than once.*in one call/);
  });

  it('A20: one forRoot that several modules import is one', async () => {
    const sessions = SessionsModule.forRoot();
    class Feature {}
    const app = await startApp(platform, { imports: [sessions, { module: Feature, imports: [sessions] }] });
    expect((await app.client().get('/')).status).toBe(404);
  });

  it.each([
    [
      'a class that is not declared',
      { sessions: [{ type: User, name: 'user' }] },
      Cart,
      /class Cart is not registered.*"user"/,
    ],
    ['a name that nobody has', { sessions: [{ name: 'user' }] }, 'usr', /"usr" is not registered.*"user"/],
    [
      'no name among several sessions',
      { sessions: [{ name: 'a' }, { name: 'b' }] },
      undefined,
      /there are several, "a", "b"/,
    ],
  ] as const)(
    'A20: %s in @Session() is refused at start, naming controller and handler',
    async (_what, options, session, why) => {
      const controller = controllerOf({ view: { sessions: [session], run: () => 'ok' } });
      Object.defineProperty(controller, 'name', { value: 'ShopController' });
      for (const interceptor of ['global', 'declared'] as const) {
        const module = compile({
          imports: [SessionsModule.forRoot({ ...options, interceptor })],
          controllers: [controller],
        });
        const error = await module.catch((error: unknown) => error);
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toMatch(/^Cannot start SessionsModule: ShopController\.view\(\) /);
        expect((error as Error).message).toMatch(why);
      }
    },
  );

  it('A20: good options start', async () => {
    const good: readonly SessionsOptions[] = [
      {},
      { idleTimeout: 400 * DAY, absoluteTimeout: '400d', touchAfter: 0, storageTimeout: 1 },
      { name: '__Host-sid', cookie: { secure: true } },
      { name: '__Secure-sid', cookie: { secure: true, domain: 'a.example', path: '/app' } },
      { cookie: { sameSite: 'none', secure: true, partitioned: true, maxAge: '400d', priority: 'high' } },
      { keys: [key, new Uint8Array(32)] },
      { clientSide: true, keys: [key], absoluteTimeout: false },
      { clientSide: { revocation }, transformers: [plain, encrypt([key])], storageTimeout: '1s' },
      { header: 'x-session', keys: [key] },
      { limit: { perPrincipal: 1 } },
      { limit: { perPrincipal: Number.MAX_SAFE_INTEGER, onExceeded: 'reject' } },
      { header: { name: 'Authorization', scheme: 'Bearer' }, cookie: {} },
      {
        sessions: [
          { name: 'a', header: 'x-a' },
          { name: 'b', header: 'x-b', clientSide: true, keys: [key] },
        ],
      },
      { sessions: [{ name: 'a', type: User }, { name: 'b', type: Cart }, { name: 'c' }] },
      { idleTimeout: '2h', absoluteTimeout: '1h' },
    ];
    for (const options of good) {
      const app = await startApp(platform, { imports: [SessionsModule.forRoot(options)] });
      await app.close();
    }
  });

  /** What an app with this module stops with. */
  async function failureOf(module: () => ReturnType<typeof SessionsModule.forRoot>): Promise<string> {
    try {
      await Test.createTestingModule({ imports: [module()] }).compile();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return (error as Error).message;
    }
    throw new Error('The app has started');
  }
});
