import type { FactoryProvider, Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  assertDistinct,
  asyncDefinitions,
  asyncSettings,
  featureSessionsOf,
  sessionsOf,
  settingsOf,
} from '../../../src/module/session-definitions.js';
import type { SessionDefinition } from '../../../src/module/session-definition.js';
import type {
  SessionsAsyncOptions,
  SessionsFeatureOptions,
  SessionsOptions,
  SessionsOptionsFactory,
  SessionsSettings,
} from '../../../src/module/sessions-options.js';
import { SESSION_DEFINITIONS, SESSIONS_SETTINGS } from '../../../src/module/tokens.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';

class Cart {}
class User {}
class Revocations extends SessionStorageMemory {}

const KEY = 'k'.repeat(32);

describe('assertDistinct()', () => {
  it.each<[sessions: { name: string; type?: Type<object> }[], message: string]>([
    [[{ name: 'a' }, { name: 'b' }, { name: 'a' }], 'sessions[2].name must not be another session\'s: received "a"'],
    [
      [
        { name: 'a', type: Cart },
        { name: 'b', type: Cart },
      ],
      "sessions[1].type must not be another session's: extend the class",
    ],
  ])('A20: refuses %j', (sessions, message) => {
    expect(() => assertDistinct(sessions, 'sessions')).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringContaining(`Cannot start SessionsModule: ${message}`),
      }),
    );
  });

  it('A20: names where they are listed', () => {
    expect(() => assertDistinct([{ name: 'a' }, { name: 'a' }], 'forFeature().sessions')).toThrow(
      'Cannot start SessionsModule: forFeature().sessions[1].name must not be',
    );
  });

  it('takes none, different names and classes, and several without a class', () => {
    const sessions = [{ name: 'a', type: Cart }, { name: 'b', type: User }, { name: 'c' }, { name: 'd' }];
    for (const some of [[], sessions]) expect(() => assertDistinct(some, 'sessions')).not.toThrow();
  });
});

describe('sessionsOf()', () => {
  it('gives the one session whose options stand beside those of the module', () => {
    const options: SessionsOptions = {
      idleTimeout: 5,
      isGlobal: false,
      interceptor: 'declared',
      imports: [],
      providers: [],
    };
    expect(sessionsOf(options)).toEqual([{ path: '', options: { idleTimeout: 5 } }]);
    expect(sessionsOf({})).toEqual([{ path: '', options: {} }]);
  });

  it('gives those listed, with their paths', () => {
    expect(sessionsOf({ sessions: [{ name: 'a' }, { name: 'b' }], isGlobal: true })).toEqual([
      { path: 'sessions[0]', options: { name: 'a' } },
      { path: 'sessions[1]', options: { name: 'b' } },
    ]);
  });

  it('A20: refuses options of a session beside `sessions`: nothing would read them', () => {
    const stray: object = { idleTimeout: '1h' };
    expect(() => sessionsOf({ sessions: [{}], ...stray })).toThrow(
      'Cannot start SessionsModule: idleTimeout is not an option: use one of isGlobal, interceptor, imports, providers, sessions',
    );
  });

  it('gives none when none is listed: features may register all', () => {
    expect(sessionsOf({ sessions: [] })).toEqual([]);
  });

  it.each<[what: string, sessions: unknown, path: string]>([
    ['an object', {}, 'sessions'],
    ['a text', 'cart', 'sessions'],
    ['undefined', undefined, 'sessions'],
    ['null', null, 'sessions'],
  ])('A20: refuses %s as `sessions`, naming it', (_, sessions, path) => {
    expect(() => sessionsOf({ sessions } as SessionsOptions)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`Cannot start SessionsModule: ${path} must be`) }),
    );
  });
});

describe('featureSessionsOf()', () => {
  it('gives the one session whose options stand beside those of the feature', () => {
    const options: SessionsFeatureOptions = { name: 'cart', idleTimeout: 5, imports: [], providers: [] };
    expect(featureSessionsOf(options)).toEqual([{ path: 'forFeature()', options: { name: 'cart', idleTimeout: 5 } }]);
  });

  it('gives those listed, with their paths', () => {
    expect(featureSessionsOf({ sessions: [{ name: 'a' }, { name: 'b' }], imports: [] })).toEqual([
      { path: 'forFeature().sessions[0]', options: { name: 'a' } },
      { path: 'forFeature().sessions[1]', options: { name: 'b' } },
    ]);
  });

  it.each<[what: string, options: unknown, message: string]>([
    ['no session', { sessions: [] }, 'forFeature().sessions must have one session at least: received none'],
    ['an object of sessions', { sessions: {} }, 'forFeature().sessions must be an array'],
    ['a session that is null', { sessions: [null] }, 'forFeature().sessions[0] must be an object'],
    ['no object', 5, 'forFeature() must be an object: received 5'],
    [
      'an option of the root beside sessions',
      { sessions: [{}], isGlobal: false },
      'forFeature().isGlobal is not an option: use one of imports, providers, sessions',
    ],
  ])('A20: refuses %s, naming it', (_, options, message) => {
    expect(() => featureSessionsOf(options as SessionsFeatureOptions)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringContaining(`Cannot start SessionsModule: ${message}`),
      }),
    );
  });
});

describe('asyncDefinitions()', () => {
  const useFactory = () => ({});

  it('declares one session with the default name by default', () => {
    expect(asyncDefinitions({ useFactory })).toEqual([{ name: 'sid' }]);
    expect(asyncDefinitions({ useFactory, sessions: [{ name: 'a' }, { type: Cart }] })).toEqual([
      { name: 'a' },
      { name: 'sid', type: Cart },
    ]);
    expect(asyncDefinitions({ useFactory, sessions: [] })).toEqual([]);
  });

  it('declares sessions by value, whose keys the factory is going to give', () => {
    const sessions = [
      { name: 'a', clientSide: true },
      { name: 'b', clientSide: { revocation: Revocations } },
    ];
    expect(asyncDefinitions({ useFactory, sessions })).toEqual(sessions);
  });

  it.each<[options: object, message: string]>([
    [{ idleTimeout: '1h' }, 'idleTimeout is not an option'],
    [{ sessions: [{ idleTimeout: '1h' }] }, 'sessions[0].idleTimeout is not an option: use one of type, name, storage'],
    [{ sessions: [{ name: 'a b' }] }, 'sessions[0].name must be a cookie name'],
    [{ sessions: [{ name: 'a' }, { type: 5 }] }, 'sessions[1].type must be a class'],
    [{ sessions: [{}, { name: 'a', keys: [KEY] }] }, 'sessions[1].keys is not an option'],
    [
      { sessions: [{ clientSide: null }] },
      'sessions[0].clientSide must be true, false or { revocation }: received null',
    ],
    [
      { sessions: [{ clientSide: 'yes' }] },
      'sessions[0].clientSide must be true, false or { revocation }: received "a text"',
    ],
    [{ sessions: [{ clientSide: { revocaton: 1 } }] }, 'sessions[0].clientSide.revocaton is not an option'],
    [{ sessions: [{}, {}] }, "sessions[1].name must not be another session's"],
  ])('A20: refuses %j beside the factory', (options, message) => {
    expect(() => asyncDefinitions({ useFactory, ...options })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`Cannot start SessionsModule: ${message}`) }),
    );
  });
});

describe('asyncSettings()', () => {
  const declared = [
    { name: 'sid' },
    { name: 'cart', type: Cart },
    { name: 'user', storage: new SessionStorageMemory() },
  ];
  /** What the app gets when the factory returns `settings`. */
  const complete = (
    settings: unknown,
    sessions: Parameters<typeof asyncSettings>[1] = declared,
  ): readonly SessionDefinition[] => {
    const providers = asyncSettings({ useFactory: () => ({}) }, sessions) as FactoryProvider[];
    const provider = providers.find(({ provide }) => provide === SESSION_DEFINITIONS);
    if (provider === undefined) throw new Error('no definitions');
    expect(provider.inject).toEqual([SESSIONS_SETTINGS]);
    return provider.useFactory(settings) as readonly SessionDefinition[];
  };

  it('completes the declared sessions by name, with defaults for those that the factory leaves out', () => {
    const definitions = complete({ cart: { idleTimeout: '1h', cookie: { path: '/cart' } } });
    expect(
      definitions.map(({ name, type, timeouts, transport }) => [name, type, timeouts.idle, transport.cookie?.path]),
    ).toEqual([
      ['sid', undefined, 1_800_000, '/'],
      ['cart', Cart, 3_600_000, '/cart'],
      ['user', undefined, 1_800_000, '/'],
    ]);
  });

  it('completes sessions by value: declared so, or returned so', () => {
    const sessions = [
      { name: 'sid' },
      { name: 'prefs', clientSide: true },
      { name: 'user', clientSide: { revocation: Revocations } },
      { name: 'cart' },
    ];
    const definitions = complete(
      {
        sid: { clientSide: { revocation: new SessionStorageMemory() }, keys: [KEY], storageTimeout: 5 },
        prefs: { keys: [KEY], absoluteTimeout: false },
        user: { keys: [KEY], storageTimeout: 7 },
      },
      sessions,
    );
    expect(
      definitions.map(({ isClientSide, transformers, timeouts, storageTimeout }) => [
        isClientSide,
        transformers.length,
        timeouts.absolute,
        storageTimeout,
      ]),
    ).toEqual([
      [true, 1, 43_200_000, 5],
      [true, 1, Infinity, 5000],
      [true, 1, 43_200_000, 7],
      [false, 0, 43_200_000, 5000],
    ]);
  });

  it.each<[declaration: object, settings: object, message: string]>([
    [{ clientSide: true }, {}, 'sid.transformers must end with one that authenticates'],
    [{ clientSide: true }, { keys: [KEY], storage: new SessionStorageMemory() }, 'sid.storage must not be given with'],
    [{ clientSide: true }, { keys: [KEY], storageTimeout: 5 }, 'sid.storageTimeout must not be given with'],
    [{ storage: Revocations }, { keys: [KEY], clientSide: true }, 'sid.storage must not be given with clientSide'],
    [{}, { keys: [KEY], clientSide: { revocaton: 1 } }, 'sid.clientSide.revocaton is not an option'],
    [{}, { keys: [KEY], clientSide: null }, 'sid.clientSide must be true, false or { revocation }: received null'],
    [
      { clientSide: { revocation: Revocations } },
      { keys: [KEY], absoluteTimeout: false },
      'sid.clientSide.revocation must have an absoluteTimeout',
    ],
    ...[true, false, { revocation: Revocations }].map((clientSide): [object, object, string] => [
      { clientSide },
      { keys: [KEY], clientSide: true },
      'sid.clientSide must not be returned by the factory: it is declared in forRootAsync({ sessions }): received true',
    ]),
  ])('A20: refuses, of a session declared with %o, %o of the factory', (declaration, settings, message) => {
    const sessions = [{ name: 'sid', ...declaration }];
    expect(() => complete({ sid: settings }, sessions)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringContaining(`Cannot start SessionsModule: ${message}`),
      }),
    );
  });

  it.each<[settings: unknown, message: string]>([
    [undefined, 'the result of the factory must be an object: received undefined'],
    [null, 'the result of the factory must be an object: received null'],
    ['sid', 'the result of the factory must be an object: received "a text"'],
    [{ other: {} }, 'the result of the factory must have settings by session, of sid, cart, user: received "other"'],
    [{ idleTimeout: '1h' }, 'the result of the factory must have settings by session'],
    [{ sid: { idleTimeout: -5 } }, 'sid.idleTimeout must be > 0: received -5'],
    [{ sid: { nmae: 'x' } }, 'sid.nmae is not an option'],
    [
      { user: { storage: new SessionStorageMemory() } },
      'user.storage must not be returned by the factory: it is declared in forRootAsync({ sessions })',
    ],
  ])('A20: refuses %j of the factory', (settings, message) => {
    expect(() => complete(settings)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`Cannot start SessionsModule: ${message}`) }),
    );
  });

  it('A20: refuses settings of a factory without sessions: those of features are not its affair', () => {
    expect(() => complete({ cart: {} }, [])).toThrow('must have settings by session, of none: received "cart"');
    expect(complete({}, [])).toEqual([]);
  });

  it.each<[what: string, settings: unknown, path: string]>([
    ['a number for a session', { sid: 5 }, 'sid'],
    ['a text for a session', { sid: 'x' }, 'sid'],
    ['null for a session', { sid: null }, 'sid'],
    ['a list for a session', { sid: [] }, 'sid'],
  ])('A20: refuses %s, naming it', (_, settings, path) => {
    expect(() => complete(settings)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`Cannot start SessionsModule: ${path} must be an object`),
      }),
    );
  });

  it('asks a factory class, registered as a provider, or one that exists', async () => {
    class Factory implements SessionsOptionsFactory {
      createSessionsOptions() {
        return { sid: { idleTimeout: 5 } };
      }
    }
    const byClass = asyncSettings({ useClass: Factory }, declared) as [Type, FactoryProvider];
    expect(byClass[0]).toBe(Factory);
    const byExisting = asyncSettings({ useExisting: Factory }, declared) as [FactoryProvider];
    for (const provider of [byClass[1], byExisting[0]]) {
      expect(provider).toMatchObject({ provide: SESSIONS_SETTINGS, inject: [Factory] });
      expect(await provider.useFactory(new Factory())).toEqual({ sid: { idleTimeout: 5 } });
    }
  });

  it('takes what a factory returns as undefined as if it were not there', () => {
    const settings = { cart: { clientSide: undefined, idleTimeout: undefined, touchAfter: 5 } };
    expect(settingsOf(settings as unknown as SessionsSettings, 'cart')).toEqual({ touchAfter: 5 });
    expect(settingsOf({}, 'toString')).toEqual({});
  });

  it('refuses options without any factory', () => {
    expect(() => asyncSettings({} as SessionsAsyncOptions, declared)).toThrow(
      'Cannot start SessionsModule: forRootAsync() must have useFactory, useClass or useExisting',
    );
  });
});
