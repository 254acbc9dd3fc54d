import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import {
  getStorageToken,
  InjectStorage,
  SESSION_STORAGE_MEMORY_OPTIONS,
  SessionsModule,
  SessionsService,
  SessionStorageMemory,
  type SessionOptions,
  type SessionsAsyncOptions,
  type SessionsModuleSettings,
  type SessionsOptionsFactory,
  type SessionStorage,
} from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { compile, startApp, type AppOptions, type RunningApp } from '../support/app.js';
import { CountingStorage } from '../support/counting-storage.js';
import { PLATFORMS } from '../support/matrix.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf } from '../support/world.js';

const LIMIT = Symbol('LIMIT');

@Module({ providers: [{ provide: LIMIT, useValue: 7 }], exports: [LIMIT] })
class LimitModule {}

@Injectable()
class OwnStorage extends SessionStorageMemory {}

@Injectable()
class LimitedStorage extends SessionStorageMemory {
  constructor(@Inject(LIMIT) readonly limit: number) {
    super({ maxEntries: limit });
  }
}

@Injectable()
class Settings implements SessionsOptionsFactory {
  async createSessionsOptions() {
    return { sid: { idleTimeout: '5m', cookie: { path: '/own' } } } as const;
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

/** Every form in which a storage may stand, of `forRoot` and of `forRootAsync`, and the class it must be. */
const forms: readonly (readonly [
  form: string,
  options: SessionsModuleSettings & SessionOptions,
  type: Type<SessionStorage>,
])[] = [
  ['nothing', {}, SessionStorageMemory],
  ['an instance', { storage: new OwnStorage() }, OwnStorage],
  ['a class', { storage: OwnStorage }, OwnStorage],
  ['a class that injects', { storage: LimitedStorage, imports: [LimitModule] }, LimitedStorage],
  ['useClass', { storage: { useClass: LimitedStorage }, imports: [LimitModule] }, LimitedStorage],
  ['useValue', { storage: { useValue: new OwnStorage() } }, OwnStorage],
  ['useFactory', { storage: { useFactory: () => new OwnStorage() } }, OwnStorage],
  ['useFactory that awaits', { storage: { useFactory: async () => new OwnStorage() } }, OwnStorage],
  [
    'useFactory with inject',
    { storage: { useFactory: (limit: number) => new LimitedStorage(limit), inject: [LIMIT] }, imports: [LimitModule] },
    LimitedStorage,
  ],
  [
    'useFactory with a provider of the module',
    {
      storage: { useFactory: (limit: number) => new LimitedStorage(limit), inject: [LIMIT] },
      providers: [{ provide: LIMIT, useValue: 3 }],
    },
    LimitedStorage,
  ],
  ['useExisting', { storage: { useExisting: OwnStorage }, providers: [OwnStorage] }, OwnStorage],
];

@Injectable()
class Jobs {
  constructor(
    @InjectStorage() readonly storage: SessionStorage,
    @Inject(SessionsService) readonly sessions: SessionsService,
  ) {}
}

@Module({ providers: [Jobs], exports: [Jobs] })
class JobsModule {}

describe.each(PLATFORMS)('%s', (platform) => {
  /** Starts an app, checks that sessions work in it, and gives it. */
  async function working(options: AppOptions): Promise<RunningApp> {
    const app = await startApp(platform, { routes: verbRoutes, ...options });
    const client = await clientOf(app, '/set?a=1');
    expect(await client.json('/read')).toEqual({ a: '1' });
    return app;
  }

  describe('SessionsModule.forRoot()', () => {
    it('works with nothing set', async () => {
      const app = await startApp(platform, { routes: verbRoutes, imports: [SessionsModule.forRoot()] });
      const client = app.client();
      const { setCookies } = await client.get('/set?a=1');
      expect(setCookies).toMatchObject([{ name: 'sid', attributes: { path: '/', httponly: '', samesite: 'Lax' } }]);
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it.each(forms)('takes a storage as %s', async (_form, options, type) => {
      const app = await working({ imports: [SessionsModule.forRoot(options)] });
      const storage = app.nest.get<SessionStorage>(getStorageToken(), { strict: false });
      expect(storage).toBeInstanceOf(type);
      expect((storage as SessionStorageMemory).size).toBeGreaterThan(0);
    });

    it('gives a storage that is a class its injected options', async () => {
      const app = await working({
        imports: [
          SessionsModule.forRoot({
            storage: SessionStorageMemory,
            providers: [{ provide: SESSION_STORAGE_MEMORY_OPTIONS, useValue: { maxEntries: 1, onFull: () => {} } }],
          }),
        ],
      });
      await clientOf(app, '/set?a=2');
      expect(app.nest.get<SessionStorageMemory>(getStorageToken()).size).toBe(1);
    });

    it('two sessions of one class of storage share one instance', async () => {
      const sessions = [
        { name: 'a', storage: OwnStorage },
        { name: 'b', storage: OwnStorage },
      ];
      const app = await startApp(platform, { imports: [SessionsModule.forRoot({ sessions })] });
      expect(app.nest.get(getStorageToken('a'))).toBe(app.nest.get(getStorageToken('b')));
      expect(app.nest.get(getStorageToken('a'))).toBe(app.nest.get(OwnStorage, { strict: false }));
    });
  });

  describe('SessionsModule.forRootAsync()', () => {
    const useFactory = () => ({});

    it.each(forms)('takes a storage as %s', async (_form, { storage, ...module }, type) => {
      const options = { ...module, useFactory, sessions: [storage === undefined ? {} : { storage }] };
      const app = await working({ imports: [SessionsModule.forRootAsync(options)] });
      expect(app.nest.get(getStorageToken(), { strict: false })).toBeInstanceOf(type);
    });

    it('takes a storage from the factory', async () => {
      const storage = new OwnStorage();
      const app = await working({
        imports: [SessionsModule.forRootAsync({ useFactory: () => ({ sid: { storage } }) })],
      });
      expect(app.nest.get(getStorageToken())).toBe(storage);
      expect(storage.size).toBe(1);
    });

    it('takes settings from a factory with inject', async () => {
      const app = await working({
        imports: [
          SessionsModule.forRootAsync({
            imports: [LimitModule],
            inject: [LIMIT],
            useFactory: async (limit: number) => ({ sid: { cookie: { path: `/${limit}` } } }),
          }),
        ],
      });
      const { setCookies } = await app.client().get('/set?a=1');
      expect(setCookies[0]?.attributes['path']).toBe('/7');
    });

    it.each([
      ['useClass', { useClass: Settings }],
      ['useExisting', { useExisting: Settings, imports: [SettingsModule] }],
    ])('takes settings by %s', async (_by, options: SessionsAsyncOptions) => {
      const app = await startApp(platform, { routes: verbRoutes, imports: [SessionsModule.forRootAsync(options)] });
      const { setCookies } = await app.client().get('/set?a=1');
      expect(setCookies[0]?.attributes['path']).toBe('/own');
    });

    it('completes several sessions by their names', async () => {
      class User {
        userId = 'nobody';
      }
      const app = await startApp(platform, {
        routes: {
          set: { sessions: [User, 'cart'], run: ({ sessions }) => sessions.forEach(({ data }) => (data.n = 1)) },
        },
        imports: [
          SessionsModule.forRootAsync({
            sessions: [
              { type: User, name: 'user' },
              { name: 'cart', storage: OwnStorage },
            ],
            useFactory: () => ({
              user: { cookie: { path: '/u' } },
              cart: { cookie: { path: '/c' }, keys: ['k'.repeat(32)] },
            }),
          }),
        ],
      });
      const { setCookies } = await app.client().get('/set');
      expect(setCookies.map(({ name, attributes }) => `${name} ${attributes['path']}`)).toEqual(['user /u', 'cart /c']);
      expect(setCookies[1]?.value).toMatch(/^[\w-]{131}$/);
    });
  });

  describe.each([
    ['forRoot', () => SessionsModule.forRoot({ sessions: [{ name: 'sid' }, { name: 'cart', storage: OwnStorage }] })],
    [
      'forRootAsync',
      () =>
        SessionsModule.forRootAsync({
          sessions: [{ name: 'sid' }, { name: 'cart', storage: OwnStorage }],
          useFactory: () => ({}),
        }),
    ],
  ])('with %s', (_by, module) => {
    const routes = { set: { sessions: ['cart'], run: verbRoutes.set } };

    it('overrideProvider(getStorageToken()) replaces a storage', async () => {
      for (const name of ['sid', 'cart']) {
        const replaced = new CountingStorage(new SessionStorageMemory());
        const app = await startApp(platform, {
          routes: { set: { sessions: [name], run: verbRoutes.set } },
          imports: [module()],
          override: (builder) => void builder.overrideProvider(getStorageToken(name)).useValue(replaced),
        });
        const client = await clientOf(app, '/set?a=1');
        expect(replaced.writtenIds).toEqual([client.id(name)]);
      }
    });

    it("overrideProvider() of a storage's class replaces it", async () => {
      const replaced = new CountingStorage(new SessionStorageMemory());
      const app = await startApp(platform, {
        routes,
        imports: [module()],
        override: (builder) => void builder.overrideProvider(OwnStorage).useValue(replaced),
      });
      await clientOf(app, '/set?a=1');
      expect(replaced.count('write')).toBe(1);
    });

    it('@InjectStorage() and SessionsService reach every module', async () => {
      const app = await startApp(platform, { routes: {}, imports: [module(), JobsModule] });
      const jobs = app.nest.get(Jobs, { strict: false });
      expect(jobs.storage).toBe(app.nest.get(getStorageToken()));
      expect(jobs.sessions).toBe(app.nest.get(SessionsService));
    });
  });

  describe('isGlobal: false', () => {
    it('shows the service and storages only to modules that import it', async () => {
      const hidden = compile({ imports: [SessionsModule.forRoot({ isGlobal: false }), JobsModule] });
      await expect(hidden).rejects.toThrow(/Jobs/);

      const sessions = SessionsModule.forRoot({ isGlobal: false });
      class Importing {}
      const app = await startApp(platform, {
        imports: [{ module: Importing, imports: [sessions], providers: [Jobs] }, sessions],
        routes: verbRoutes,
      });
      expect(app.nest.get(Jobs, { strict: false }).storage).toBeInstanceOf(SessionStorageMemory);
      const client = await clientOf(app, '/set?a=1');
      expect(await client.json('/read')).toEqual({ a: '1' });
    });
  });

  describe('handlers', () => {
    it('inherited ones keep what they declare', async () => {
      const { controllerOf } = await import('../support/routes.js');
      const { Controller } = await import('@nestjs/common');
      class Child extends (controllerOf(verbRoutes) as new () => object) {}
      Controller('child')(Child);
      for (const interceptor of ['global', 'declared'] as const) {
        const app = await startApp(platform, {
          controllers: [Child],
          imports: [SessionsModule.forRoot({ interceptor })],
        });
        const client = await clientOf(app, '/child/set?a=1');
        expect(await client.json('/child/read')).toEqual({ a: '1' });
      }
    });
  });
});
