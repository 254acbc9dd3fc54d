import { Inject, Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { systemClock, type Clock } from '../common/clock.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { at, oneOf } from './option-checks.js';
import { defineSession, DEFAULT_NAME, type SessionDefinition } from './session-definition.js';
import { assertDistinct, asyncDefinitions, asyncSettings, sessionsOf } from './session-definitions.js';
import { SessionEvents } from './session-events.js';
import { SessionHandlers } from './session-handlers.js';
import type { SessionsAsyncOptions, SessionsModuleSettings, SessionsOptions } from './sessions-options.js';
import { SessionsInterceptor } from './sessions.interceptor.js';
import { SessionsRegistry } from './sessions-registry.js';
import { SessionsService } from './sessions.service.js';
import { StorageSweeper } from './storage-sweeper.js';
import { settledStorageProvider, storageProviders } from './storage-providers.js';
import { getStorageToken, INTERCEPTOR_MODE, SESSION_DEFINITIONS, SESSIONS_CLOCK } from './tokens.js';

/**
 * Gives an app sessions.
 *
 * `SessionsModule.forRoot()` alone is a safe default: a session named `'sid'` in a cookie, its data in this process's memory.
 */
@Module({})
export class SessionsModule {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(SessionsRegistry) registry: SessionsRegistry,
  ) {
    const roots = [...modules.values()].filter(({ metatype }) => metatype === SessionsModule);
    if (roots.length > 1) {
      throw new TypeError(
        'Cannot start SessionsModule: it is imported by forRoot() or forRootAsync() more than once: name all sessions in one call, in "sessions"',
      );
    }
    host.init$.subscribe(() => registry.join(host.httpAdapter));
  }

  /**
   * Imports the module with options that are known when the code is loaded.
   *
   * @param options one session's, or several in `sessions`; default: one session with all defaults
   * @throws {TypeError | RangeError} naming the option that is wrong and the cure
   */
  static forRoot(options: SessionsOptions = {}): DynamicModule {
    const sessions = sessionsOf(options);
    const definitions = sessions.map(({ path, options: session }) => defineSession(session, path));
    assertDistinct(definitions);
    const storages = sessions.flatMap(({ path, options: { name = DEFAULT_NAME, storage } }) =>
      storageProviders(name, storage, at(path, 'storage')),
    );
    return assemble(options, definitions, [{ provide: SESSION_DEFINITIONS, useValue: definitions }, ...storages]);
  }

  /**
   * Imports the module with options that a factory returns, by name of session: `{ sid: { idleTimeout: '1h' } }`.
   *
   * Names, classes and storages that injection builds stand outside of the factory, in `sessions`. When the factory returns
   * a name that was not declared, or wrong options, the app does not start.
   */
  static forRootAsync(options: SessionsAsyncOptions): DynamicModule {
    const declared = asyncDefinitions(options);
    const storages = declared.flatMap(({ name, storage }, index) =>
      storage === undefined
        ? [settledStorageProvider(name)]
        : storageProviders(name, storage, `sessions[${index}].storage`),
    );
    return assemble(options, declared, [...asyncSettings(options, declared), ...storages]);
  }
}

/** What a module with these sessions consists of. */
function assemble(
  options: SessionsModuleSettings,
  sessions: readonly { readonly name: string }[],
  own: Provider[],
): DynamicModule {
  const { isGlobal = true, interceptor = 'global', imports = [], providers = [] } = options;
  const tokens = sessions.map(({ name }) => getStorageToken(name));
  const onAll = { provide: APP_INTERCEPTOR, useExisting: SessionsInterceptor };
  return {
    module: SessionsModule,
    global: oneOf(isGlobal, [true, false], 'isGlobal'),
    imports: [...imports],
    providers: [
      ...providers,
      ...own,
      { provide: SESSIONS_CLOCK, useValue: systemClock },
      { provide: INTERCEPTOR_MODE, useValue: oneOf(interceptor, ['global', 'declared'], 'interceptor') },
      registryProvider(tokens),
      SessionEvents,
      SessionHandlers,
      SessionsInterceptor,
      SessionsService,
      StorageSweeper,
      ...(interceptor === 'global' ? [onAll] : []),
    ],
    exports: [SessionsService, ...tokens],
  };
}

function registryProvider(storageTokens: readonly string[]): FactoryProvider {
  return {
    provide: SessionsRegistry,
    useFactory: (
      definitions: readonly SessionDefinition[],
      clock: Clock,
      events: SessionEvents,
      ...storages: SessionStorage[]
    ) => new SessionsRegistry(definitions, storages, clock, events.emit),
    inject: [SESSION_DEFINITIONS, SESSIONS_CLOCK, SessionEvents, ...storageTokens],
  };
}
