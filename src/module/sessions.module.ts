import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { NamedSession } from './find-session.js';
import { oneOf } from './option-checks.js';
import { defineSession, DEFAULT_NAME } from './session-definition.js';
import {
  assertDistinct,
  asyncDefinitions,
  asyncSettings,
  featureSessionsOf,
  sessionsOf,
  type PlacedOptions,
} from './session-definitions.js';
import { sessionRegistration } from './session-registration.js';
import { SessionsCoreModule } from './sessions-core.module.js';
import type { SessionsImport } from './sessions-imports.js';
import type {
  SessionsAsyncOptions,
  SessionsFeatureOptions,
  SessionsModuleSettings,
  SessionsOptions,
} from './sessions-options.js';
import { SessionsInterceptor } from './sessions.interceptor.js';
import { declaresStorage, settledStorageProvider, storageProviders } from './storage-providers.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_IMPORT } from './tokens.js';

/** Sessions that one import brings, and the providers of their options and storages. */
interface Brought {
  readonly sessions: readonly NamedSession[];
  readonly providers: readonly Provider[];
}

/**
 * Gives an app sessions.
 *
 * `SessionsModule.forRoot()` alone is a safe default: a session named `'sid'` in a cookie, its data in this process's memory.
 */
@Module({ imports: [SessionsCoreModule], exports: [SessionsCoreModule] })
export class SessionsModule {
  /**
   * Imports the module with options that are known when the code is loaded. Once in an app.
   *
   * @param options one session's, or several in `sessions`: none, when features register all; default: one session with all
   *   defaults
   * @throws {TypeError | RangeError} naming the option that is wrong and the cure
   */
  static forRoot(options: SessionsOptions = {}): DynamicModule {
    return root(options, defined(sessionsOf(options), 'sessions'));
  }

  /**
   * Imports the module with options that a factory returns, by name of session: `{ sid: { idleTimeout: '1h' } }`. Once in an
   * app, in place of `forRoot()`.
   *
   * Names, classes and storages that injection builds stand outside of the factory, in `sessions`. When the factory returns
   * a name that was not declared, or wrong options, the app does not start.
   */
  static forRootAsync(options: SessionsAsyncOptions): DynamicModule {
    const sessions = asyncDefinitions(options);
    const storages = sessions.flatMap((session, index) =>
      declaresStorage(session)
        ? storageProviders(session.name, session, `sessions[${index}]`)
        : [settledStorageProvider(session.name, session)],
    );
    return root(options, { sessions, providers: [...asyncSettings(options, sessions), ...storages] });
  }

  /**
   * Registers sessions where they belong: in the module of a feature. They are sessions of the app as those of `forRoot()`
   * are, and every controller may use them; their storages are visible to the modules that import this.
   *
   * Each call registers sessions of its own. Modules that share one import the same result of one call.
   *
   * @param options one session's, or several in `sessions`
   * @throws {TypeError | RangeError} naming the option that is wrong and the cure, as `forFeature().idleTimeout`
   */
  static forFeature(options: SessionsFeatureOptions): DynamicModule {
    const brought = defined(featureSessionsOf(options), 'forFeature().sessions');
    return assemble(options, brought, { sessions: brought.sessions });
  }
}

/** The sessions whose options are known, and where those that are listed stand. */
function defined(sessions: readonly PlacedOptions[], path: string): Brought {
  const definitions = sessions.map(({ path: own, options }) => defineSession(options, own));
  assertDistinct(definitions, path);
  const storages = sessions.flatMap(({ path: own, options }) =>
    storageProviders(options.name ?? DEFAULT_NAME, options, own),
  );
  return { sessions: definitions, providers: [{ provide: SESSION_DEFINITIONS, useValue: definitions }, ...storages] };
}

function root(options: SessionsModuleSettings, brought: Brought): DynamicModule {
  const { isGlobal = true, interceptor: given = 'global' } = options;
  const interceptor = oneOf(given, ['global', 'declared'], 'interceptor');
  const onAll = { provide: APP_INTERCEPTOR, useExisting: SessionsInterceptor };
  const { providers, ...module } = assemble(options, brought, { sessions: brought.sessions, interceptor });
  return {
    ...module,
    global: oneOf(isGlobal, [true, false], 'isGlobal'),
    providers: interceptor === 'global' ? [...providers, onAll] : providers,
  };
}

/** What any import of this module consists of, beside what the app has once. */
function assemble(
  { imports = [], providers = [] }: Pick<SessionsModuleSettings, 'imports' | 'providers'>,
  brought: Brought,
  what: SessionsImport,
): DynamicModule & { readonly providers: Provider[] } {
  const own = { provide: SESSIONS_IMPORT, useValue: what };
  return {
    module: SessionsModule,
    imports: [...imports],
    providers: [...providers, ...brought.providers, own, sessionRegistration(brought.sessions)],
    exports: brought.sessions.map(({ name }) => getStorageToken(name)),
  };
}
