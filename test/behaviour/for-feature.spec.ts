import { Inject, Injectable, Module, Scope, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { ApplicationConfig, LazyModuleLoader } from '@nestjs/core';
import {
  getStorageToken,
  InjectStorage,
  SessionsModule,
  SessionsService,
  SessionStorageMemory,
  type SessionsFeatureOptions,
  type SessionStorage,
} from 'nest-sessions';
import { ManualClock } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { compile, startApp } from '../support/app.js';
import { CountingStorage } from '../support/counting-storage.js';
import { PLATFORMS } from '../support/matrix.js';
import { controllerOf, type Routes } from '../support/routes.js';
import { clientOf } from '../support/world.js';

class User {
  a?: unknown;
}

class Cart {
  a?: unknown;
}

/** A module of an app, as somebody would write it. */
function moduleOf({ routes = {}, controllers = [], ...metadata }: ModuleMetadata & { routes?: Routes }): DynamicModule {
  @Module({})
  class Feature {}
  return { module: Feature, ...metadata, controllers: [...controllers, controllerOf(routes)] };
}

/** Routes over one session: what is set by `/<prefix>-set?a=1` is told by `/<prefix>-read`. */
function routesOf(prefix: string, session: (new () => object) | string | undefined): Routes {
  return {
    [`${prefix}-set`]: {
      sessions: [session],
      run: (call) => void Object.assign(call.session.data, call.request.query),
    },
    [`${prefix}-read`]: { sessions: [session], run: (call) => call.session.data },
  };
}

/** A storage that is there much later than any other. */
const late: SessionsFeatureOptions = {
  type: Cart,
  name: 'cart',
  storage: {
    useFactory: async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      return new SessionStorageMemory();
    },
  },
};

const empty = new SessionStorageMemory();

/** Everything that is wrong in options of a feature: the options, and how the message goes on. */
const wrong: readonly (readonly [what: string, options: unknown, message: string])[] = [
  ['a wrong option of a single session', { idleTimeout: -5 }, 'forFeature().idleTimeout must be > 0: received -5'],
  [
    'a wrong option of a listed session',
    { sessions: [{ name: 'a' }, { cookie: { samesite: 'lax' } }] },
    'forFeature().sessions[1].cookie.samesite is not an option',
  ],
  ['a wrong storage', { storage: 5 }, 'forFeature().storage must be a SessionStorage'],
  ['an option of the root', { isGlobal: true }, 'forFeature().isGlobal is not an option'],
  [
    'an option of the root beside sessions',
    { sessions: [{}], interceptor: 'declared' },
    'forFeature().interceptor is not an option: use one of imports, providers, sessions',
  ],
  ['no session', { sessions: [] }, 'forFeature().sessions must have one session at least'],
  ['sessions that are no list', { sessions: {} }, 'forFeature().sessions must be an array'],
  ['no object', null, 'forFeature() must be an object'],
  ['one name twice', { sessions: [{}, {}] }, "forFeature().sessions[1].name must not be another session's"],
];

const roots: readonly (readonly [by: string, root: () => DynamicModule])[] = [
  ['forRoot()', () => SessionsModule.forRoot({ type: User, name: 'user' })],
  [
    'forRootAsync()',
    () =>
      SessionsModule.forRootAsync({
        sessions: [{ type: User, name: 'user' }],
        useFactory: async () => ({ user: { idleTimeout: '1h' } }),
      }),
  ],
  ["interceptor: 'declared'", () => SessionsModule.forRoot({ type: User, name: 'user', interceptor: 'declared' })],
  ['isGlobal: false', () => SessionsModule.forRoot({ type: User, name: 'user', isGlobal: false })],
];

describe.each(PLATFORMS)('%s', (platform) => {
  describe.each(roots)('SessionsModule.forFeature() beside %s', (_by, root) => {
    it.each(['first', 'last'] as const)('A18: a session is of the whole app, its module built %s', async (place) => {
      const feature = moduleOf({
        imports: [SessionsModule.forFeature(late)],
        routes: { ...routesOf('cart', Cart), ...routesOf('user', User) },
      });
      const app = await startApp(platform, {
        imports: place === 'first' ? [feature, root()] : [root(), feature],
        routes: {
          ...routesOf('by-name', 'cart'),
          both: { sessions: [User, Cart], run: ({ sessions }) => sessions.map(({ data }) => data.a) },
        },
      });
      const client = await clientOf(app, '/cart-set?a=book');
      expect([...client.cookies.keys()]).toEqual(['cart']);
      await client.get('/user-set?a=ada');
      expect([...client.cookies.keys()]).toEqual(['cart', 'user']);
      expect(await client.json('/by-name-read')).toEqual({ a: 'book' });
      expect(await client.json('/both')).toEqual(['ada', 'book']);
    });

    it('A18: a controller uses the session of a module beside its own, whichever is built first', async () => {
      const reader = (name: string) => moduleOf({ routes: routesOf(name, Cart) });
      const app = await startApp(platform, {
        imports: [reader('early'), moduleOf({ imports: [SessionsModule.forFeature(late)] }), root(), reader('after')],
      });
      const client = await clientOf(app, '/early-set?a=1');
      expect(await client.json('/after-read')).toEqual({ a: '1' });
    });

    it('A18: SessionsService is injected into the module, finds and ends its sessions, and tells of them', async () => {
      @Injectable()
      class Carts {
        constructor(
          @Inject(SessionsService) readonly sessions: SessionsService,
          @InjectStorage('cart') readonly storage: SessionStorage,
        ) {}
      }
      const app = await startApp(platform, {
        imports: [
          moduleOf({ imports: [SessionsModule.forFeature(late)], providers: [Carts], routes: routesOf('cart', Cart) }),
          root(),
        ],
      });
      const { sessions, storage } = app.nest.get(Carts, { strict: false });
      expect(sessions).toBe(app.nest.get(SessionsService, { strict: false }));
      const client = await clientOf(app, '/cart-set?a=1');
      const id = client.id('cart');
      expect((await sessions.find(id, Cart))?.data).toEqual({ a: '1' });
      expect((storage as SessionStorageMemory).size).toBe(1);
      expect(app.events).toContainEqual({ type: 'created', session: 'cart', id });
      expect(await sessions.invalidate(id, 'cart')).toBe(true);
      expect(await client.json('/cart-read')).toEqual({});
    });

    it('A18: SessionsService.of() gives the same session, in the middleware of the root', async () => {
      const app = await startApp(platform, {
        imports: [moduleOf({ imports: [SessionsModule.forFeature(late)], routes: routesOf('cart', Cart) }), root()],
        before: (nest) => {
          nest.useGlobalGuards({
            canActivate: async (context) => {
              const service = nest.get(SessionsService, { strict: false });
              (await service.of(context, Cart)).data.a = 'guarded';
              return true;
            },
          });
        },
      });
      expect(await app.client().json('/cart-read')).toEqual({ a: 'guarded' });
    });
  });

  describe('SessionsModule.forFeature()', () => {
    it('takes several sessions, and what their storages inject', async () => {
      const LIMIT = Symbol('LIMIT');
      @Module({ providers: [{ provide: LIMIT, useValue: 7 }], exports: [LIMIT] })
      class LimitModule {}
      const WHO = Symbol('WHO');
      @Injectable()
      class Limited extends SessionStorageMemory {
        constructor(
          @Inject(LIMIT) readonly limit: number,
          @Inject(WHO) readonly who: string,
        ) {
          super({ maxEntries: limit });
        }
      }
      const feature = SessionsModule.forFeature({
        imports: [LimitModule],
        providers: [{ provide: WHO, useValue: 'me' }],
        sessions: [
          { name: 'a', storage: Limited },
          { name: 'b', storage: Limited },
        ],
      });
      const app = await startApp(platform, {
        imports: [SessionsModule.forRoot({ sessions: [] }), moduleOf({ imports: [feature] })],
        routes: { ...routesOf('a', 'a'), ...routesOf('b', 'b') },
      });
      const client = await clientOf(app, '/a-set?a=1');
      await client.get('/b-set?a=2');
      const storage = app.nest.get<Limited>(getStorageToken('a'), { strict: false });
      expect(storage).toMatchObject({ limit: 7, who: 'me', size: 2 });
      expect(app.nest.get(getStorageToken('b'), { strict: false })).toBe(storage);
    });

    it.each([
      ['forRoot()', () => SessionsModule.forRoot({ sessions: [] })],
      ['forRootAsync()', () => SessionsModule.forRootAsync({ sessions: [], useFactory: () => ({}) })],
    ])('may bring the only session, %s none: a bare @Session() is that one', async (_by, root) => {
      const app = await startApp(platform, {
        imports: [moduleOf({ imports: [SessionsModule.forFeature(late)] }), root()],
        routes: routesOf('any', undefined),
      });
      const client = await clientOf(app, '/any-set?a=1');
      expect([...client.cookies.keys()]).toEqual(['cart']);
      expect(await client.json('/any-read')).toEqual({ a: '1' });
    });

    it('is one session when several modules import one result', async () => {
      const cart = SessionsModule.forFeature({ type: Cart, name: 'cart' });
      const app = await startApp(platform, {
        imports: [
          moduleOf({ imports: [cart], routes: routesOf('one', Cart) }),
          SessionsModule.forRoot(),
          moduleOf({ imports: [cart], routes: routesOf('two', Cart) }),
        ],
      });
      const client = await clientOf(app, '/one-set?a=1');
      expect(await client.json('/two-read')).toEqual({ a: '1' });
    });

    it('puts no interceptor on, whatever the number of features', async () => {
      for (const [interceptor, count] of [
        ['global', 1],
        ['declared', 0],
      ] as const) {
        const features = ['a', 'b', 'c'].map((name) => moduleOf({ imports: [SessionsModule.forFeature({ name })] }));
        const app = await startApp(platform, { imports: [SessionsModule.forRoot({ interceptor }), ...features] });
        expect(app.nest.get(ApplicationConfig).getGlobalInterceptors()).toHaveLength(count);
      }
    });

    it('overrideProvider(getStorageToken()) replaces the storage of a feature', async () => {
      const replaced = new CountingStorage(new SessionStorageMemory());
      const app = await startApp(platform, {
        imports: [SessionsModule.forRoot(), moduleOf({ imports: [SessionsModule.forFeature(late)] })],
        routes: routesOf('cart', Cart),
        override: (builder) => void builder.overrideProvider(getStorageToken('cart')).useValue(replaced),
      });
      const client = await clientOf(app, '/cart-set?a=1');
      expect(replaced.writtenIds).toEqual([client.id('cart')]);
    });

    it('SESSIONS_CLOCK, overridden once, is the clock of features and of the memory that they have by default', async () => {
      const clock = new ManualClock();
      const app = await startApp(platform, {
        clock,
        imports: [
          moduleOf({ imports: [SessionsModule.forFeature({ type: Cart, name: 'cart', idleTimeout: '10m' })] }),
          SessionsModule.forRoot({ sessions: [] }),
        ],
        routes: routesOf('cart', Cart),
      });
      const client = await clientOf(app, '/cart-set?a=1');
      const storage = app.nest.get<SessionStorageMemory>(getStorageToken('cart'), { strict: false });
      clock.advance(10 * 60_000 - 1);
      expect((await client.json('/cart-read'))['a']).toBe('1');
      const id = client.id('cart');
      expect(await storage.read(id, async () => 'there')).toBe('there');
      clock.advance(10 * 60_000);
      expect(await client.json('/cart-read')).toEqual({});
      expect(await storage.read(id, async () => 'there')).toBeUndefined();
    });

    it('D11: a storage is swept and closed once, whoever registers it', async () => {
      const clock = new ManualClock();
      const [shared, own] = [new CountingStorage(empty), new CountingStorage(empty)];
      const app = await startApp(platform, {
        clock,
        imports: [
          moduleOf({ imports: [SessionsModule.forFeature({ name: 'a', storage: shared })] }),
          SessionsModule.forRoot({ name: 'root', storage: shared }),
          moduleOf({
            imports: [SessionsModule.forFeature({ name: 'b', storage: { useFactory: async () => own } })],
          }),
        ],
      });
      clock.advance(90_000);
      await new Promise(setImmediate);
      expect([shared.sweeps, own.sweeps]).toEqual([1, 1]);
      await app.close();
      expect([shared.closes, own.closes]).toEqual([1, 1]);
    });

    it('A19: two apps that import one result do not meet', async () => {
      const feature = moduleOf({
        imports: [SessionsModule.forFeature({ type: Cart, name: 'cart' })],
        routes: routesOf('cart', Cart),
      });
      const [one, two] = await Promise.all(
        (['global', 'declared'] as const).map((interceptor) =>
          startApp(platform, { imports: [feature, SessionsModule.forRoot({ sessions: [], interceptor })] }),
        ),
      );
      const client = await clientOf(one!, '/cart-set?a=one');
      expect(await client.copy(two!.origin).json('/cart-read')).toEqual({});
      expect(await client.json('/cart-read')).toEqual({ a: 'one' });
      await one!.close();
      expect((await clientOf(two!, '/cart-set?a=two')).id('cart')).not.toBe('');
    });

    it('works in a module that is loaded while the app runs', async () => {
      const storage = new CountingStorage(new SessionStorageMemory());
      const app = await startApp(platform, { imports: [SessionsModule.forRoot()], routes: {} });
      await app.nest.get(LazyModuleLoader).load(() => SessionsModule.forFeature({ name: 'late', storage }));
      expect(await app.nest.get(SessionsService).find('an-id', 'late')).toBeUndefined();
      await app.close();
      expect(storage).toMatchObject({ ids: ['an-id'], closes: 1 });
    });
  });

  describe('isGlobal: false', () => {
    it("hides a feature's storage and the service from modules that do not import them", async () => {
      @Injectable()
      class UsesStorage {
        constructor(@InjectStorage('cart') readonly storage: SessionStorage) {}
      }
      @Injectable()
      class UsesService {
        constructor(@Inject(SessionsService) readonly sessions: SessionsService) {}
      }
      const imports = [SessionsModule.forRoot({ isGlobal: false }), SessionsModule.forFeature(late)];
      for (const Uses of [UsesStorage, UsesService]) {
        const hidden = compile({ imports: [...imports, moduleOf({ providers: [Uses] })] });
        await expect(hidden).rejects.toThrow(Uses.name);
      }
      const app = await startApp(platform, {
        imports: [
          SessionsModule,
          SessionsModule.forRoot({ isGlobal: false }),
          moduleOf({ imports: [SessionsModule], providers: [UsesService] }),
        ],
      });
      expect(app.nest.get(UsesService, { strict: false }).sessions).toBeInstanceOf(SessionsService);
    });

    it('a module shows its session to those that import it, by exporting SessionsModule', async () => {
      @Injectable()
      class Elsewhere {
        constructor(@InjectStorage('cart') readonly storage: SessionStorage) {}
      }
      const feature = moduleOf({ imports: [SessionsModule.forFeature(late)], exports: [SessionsModule] });
      const app = await startApp(platform, {
        imports: [
          SessionsModule.forRoot({ isGlobal: false }),
          moduleOf({ imports: [feature], providers: [Elsewhere] }),
        ],
      });
      expect(app.nest.get(Elsewhere, { strict: false }).storage).toBeInstanceOf(SessionStorageMemory);
    });
  });

  describe('an app with features', () => {
    it.each(wrong)('A20: %s is refused', (_what, options, message) => {
      expect(() => SessionsModule.forFeature(options as SessionsFeatureOptions)).toThrow(
        expect.objectContaining({ message: expect.stringContaining(`Cannot start SessionsModule: ${message}`) }),
      );
    });

    const cart = () => SessionsModule.forFeature({ type: Cart, name: 'cart' });

    it.each<[what: string, imports: () => ModuleMetadata['imports'], message: RegExp]>([
      ['no forRoot()', () => [cart()], /without forRoot\(\) or forRootAsync\(\), which forFeature\(\) needs/],
      ['no call at all', () => [SessionsModule], /without forRoot\(\) or forRootAsync\(\)/],
      ['no session in root and features', () => [SessionsModule.forRoot({ sessions: [] })], /one session at least/],
      [
        'no session of a factory',
        () => [SessionsModule.forRootAsync({ sessions: [], useFactory: () => ({}) })],
        /one session at least/,
      ],
      [
        'settings for the session of a feature',
        () => [cart(), SessionsModule.forRootAsync({ sessions: [], useFactory: () => ({ cart: {} }) })],
        /result of the factory must have settings by session, of none: received "cart"/,
      ],
      [
        'forRoot() twice',
        () => [SessionsModule.forRoot(), cart(), SessionsModule.forRoot({ name: 'b' })],
        /more than once/,
      ],
      ['one name in root and feature', () => [cart(), SessionsModule.forRoot({ name: 'cart' })], /are named "cart"/],
      [
        'one name in two features',
        () => [SessionsModule.forRoot(), moduleOf({ imports: [cart()] }), moduleOf({ imports: [cart()] })],
        /are named "cart".*one result of forFeature\(\)/,
      ],
      [
        'one class in root and feature',
        () => [SessionsModule.forRoot({ type: Cart }), cart()],
        /two sessions, "(sid|cart)" and "(sid|cart)", have the class Cart: extend the class/,
      ],
      [
        'a storage that is none',
        () => [
          SessionsModule.forRoot(),
          SessionsModule.forFeature({ name: 'cart', storage: { useFactory: () => ({}) as SessionStorage } }),
        ],
        /the storage of session "cart" must be a SessionStorage/,
      ],
    ])('A20: %s is refused at start', async (_what, imports, message) => {
      const error: unknown = await compile({ imports: imports() ?? [] }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(/^Cannot start SessionsModule: /);
      expect((error as Error).message).toMatch(message);
    });

    it.each([
      ['a bare @Session()', undefined, /there are several, "sid", "cart"/],
      ['a class that nobody registers', User, /class User is not registered: SessionsModule has "sid", "cart"/],
    ] as const)('A20: %s is refused at start, naming controller and handler', async (_what, session, why) => {
      const controller = controllerOf({ view: { sessions: [session], run: () => 'ok' } });
      Object.defineProperty(controller, 'name', { value: 'ShopController' });
      for (const interceptor of ['global', 'declared'] as const) {
        const module = compile({
          imports: [moduleOf({ imports: [cart()] }), SessionsModule.forRoot({ interceptor })],
          controllers: [controller],
        });
        const error: unknown = await module.catch((failure: unknown) => failure);
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).toMatch(/^Cannot start SessionsModule: ShopController\.view\(\) /);
        expect((error as Error).message).toMatch(why);
      }
    });

    it('A20: a storage that Nest would build for each request is refused at start', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class PerRequest extends SessionStorageMemory {}
      const imports = [SessionsModule.forRoot(), SessionsModule.forFeature({ name: 'cart', storage: PerRequest })];
      await expect(startApp(platform, { imports })).rejects.toThrow(
        'Cannot start SessionsModule: session "cart" was not built: its storage, and what that injects, must not be request-scoped',
      );
    });

    it('a session that is asked for while the app is built is there, or the error says when it will be', async () => {
      const found: unknown[] = [];
      @Injectable()
      class Hasty {
        constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {
          for (const target of [Cart, undefined]) {
            found.push(sessions.find('an-id', target).catch((error: unknown) => (error as Error).message));
          }
        }
        async onModuleInit() {
          found.push(await this.sessions.find('an-id', Cart));
        }
      }
      await startApp(platform, {
        imports: [
          moduleOf({ imports: [SessionsModule.forFeature(late)], providers: [Hasty] }),
          SessionsModule.forRoot(),
        ],
      });
      expect(await Promise.all(found)).toEqual([
        'Cannot use session: "cart" is not built yet: use it from onModuleInit() on, not in constructors',
        'Cannot use session: there are several, "sid", "cart": name one, or give its class',
        undefined,
      ]);
    });
  });
});
