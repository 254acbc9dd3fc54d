import type { FactoryProvider, Provider } from '@nestjs/common';
import type { NamedSession } from './find-session.js';
import { assertKnownKeys, at, listAt, objectAt, withoutText, wrongType, type OptionPath } from './option-checks.js';
import { assertClientSide, defineSession, DEFAULT_NAME, type SessionDefinition } from './session-definition.js';
import type {
  SessionOptions,
  SessionsOptions,
  SessionDeclaration,
  SessionsAsyncOptions,
  SessionSettings,
  SessionsFeatureOptions,
  SessionsOptionsFactory,
  SessionsSettings,
} from './sessions-options.js';
import { SESSION_DEFINITIONS, SESSIONS_SETTINGS } from './tokens.js';

/** A declared session; its name is never missing. */
type NamedDeclaration = SessionDeclaration & { readonly name: string };

/**
 * Checks that a name, and a class, means one session among those of one call.
 *
 * @param path where they are listed
 * @throws {TypeError} naming the second
 */
export function assertDistinct(sessions: readonly NamedSession[], path: OptionPath): void {
  sessions.forEach(({ name, type }, index) => {
    const before = sessions.slice(0, index);
    if (before.some((other) => other.name === name))
      throw wrongType(`${path}[${index}].name`, "must not be another session's", name);
    if (type !== undefined && before.some((other) => other.type === type)) {
      throw wrongType(`${path}[${index}].type`, "must not be another session's: extend the class", type);
    }
  });
}

/** One session's options, and where they stand. */
export interface PlacedOptions {
  readonly path: OptionPath;
  readonly options: SessionOptions;
}

const PROVIDER_OPTIONS: readonly string[] = ['imports', 'providers'];
const MODULE_OPTIONS: readonly string[] = ['isGlobal', 'interceptor', ...PROVIDER_OPTIONS];
const ASYNC_OPTIONS = [...MODULE_OPTIONS, 'sessions', 'useFactory', 'inject', 'useClass', 'useExisting'];

const DECLARED_OPTIONS = [
  'type',
  'name',
  'storage',
  'clientSide',
] as const satisfies readonly (keyof SessionDeclaration)[];

/** Where the options of `forFeature()` stand, for messages: `forFeature().idleTimeout`, `forFeature().sessions[0]`. */
const FEATURE: OptionPath = 'forFeature()';

/** The sessions among the module's options: those listed, or the one whose options stand beside the module's own. */
export function sessionsOf(options: SessionsOptions): readonly PlacedOptions[] {
  return placed(options, MODULE_OPTIONS, '');
}

/** The sessions among the options of a feature, one at least. */
export function featureSessionsOf(options: SessionsFeatureOptions): readonly PlacedOptions[] {
  const sessions = placed(options, PROVIDER_OPTIONS, FEATURE);
  if (sessions.length > 0) return sessions;
  throw new TypeError(
    `Cannot start SessionsModule: ${at(FEATURE, 'sessions')} must have one session at least: received none`,
  );
}

function placed(options: SessionsOptions, beside: readonly string[], path: OptionPath): readonly PlacedOptions[] {
  objectAt(options, path);
  if ('sessions' in options) {
    assertKnownKeys(options, [...beside, 'sessions'], path);
    const list = at(path, 'sessions');
    return listAt(options.sessions, list).map((session, index) => ({ path: `${list}[${index}]`, options: session }));
  }
  const single = Object.entries(options).filter(([key]) => !beside.includes(key));
  return [{ path, options: Object.fromEntries(single) }];
}

/** The sessions that are declared beside a factory. */
export function asyncDefinitions(options: SessionsAsyncOptions): readonly NamedDeclaration[] {
  assertKnownKeys(objectAt(options, ''), ASYNC_OPTIONS, '');
  const sessions = listAt(options.sessions ?? [{}], 'sessions');
  sessions.forEach((session, index) => assertKnownKeys(session, DECLARED_OPTIONS, `sessions[${index}]`));
  const declared = sessions.map((session) => ({ ...session, name: session.name ?? DEFAULT_NAME }));
  declared.forEach(({ storage: _, clientSide = false, ...rest }, index) => {
    assertClientSide(clientSide, `sessions[${index}].clientSide`);
    defineSession(rest, `sessions[${index}]`);
  });
  assertDistinct(declared, 'sessions');
  return declared;
}

/** The providers of what the factory returns, and of the sessions that it completes. */
export function asyncSettings(options: SessionsAsyncOptions, declared: readonly NamedDeclaration[]): Provider[] {
  const definitions: FactoryProvider = {
    provide: SESSION_DEFINITIONS,
    useFactory: (settings: SessionsSettings) => completed(declared, settings),
    inject: [SESSIONS_SETTINGS],
  };
  return [...settingsProviders(options), definitions];
}

function settingsProviders(options: SessionsAsyncOptions): Provider[] {
  const provide = SESSIONS_SETTINGS;
  if ('useFactory' in options) {
    const { useFactory, inject = [] } = options;
    return [{ provide, useFactory: useFactory as (...args: unknown[]) => unknown, inject: [...inject] }];
  }
  const useFactory = (factory: SessionsOptionsFactory): unknown => factory.createSessionsOptions();
  if ('useExisting' in options) return [{ provide, useFactory, inject: [options.useExisting] }];
  if ('useClass' in options) return [options.useClass, { provide, useFactory, inject: [options.useClass] }];
  throw new TypeError('Cannot start SessionsModule: forRootAsync() must have useFactory, useClass or useExisting');
}

function completed(declared: readonly NamedDeclaration[], settings: SessionsSettings): readonly SessionDefinition[] {
  const given: unknown = settings;
  if (typeof given !== 'object' || given === null)
    throw wrongType('the result of the factory', 'must be an object', withoutText(given));
  const names = declared.map(({ name }) => name);
  for (const name of Object.keys(settings)) {
    if (!names.includes(name)) {
      throw wrongType(
        `the result of the factory`,
        `must have settings by session, of ${names.join(', ') || 'none'}`,
        name,
      );
    }
  }
  return declared.map((declaration) => {
    const { name } = declaration;
    const own = settingsOf(settings, name);
    for (const option of ['type', 'name'] as const) {
      if (option in own)
        throw wrongType(at(name, option), 'must stand in forRootAsync({ sessions })', 'it of the factory');
    }
    for (const option of ['storage', 'clientSide'] as const) {
      if (declaration[option] === undefined || own[option] === undefined) continue;
      throw wrongType(
        at(name, option),
        'must not be returned by the factory: it is declared in forRootAsync({ sessions })',
        withoutText(own[option]),
      );
    }
    return defineSession({ ...declaration, ...own, name }, name);
  });
}

/** What a factory returned for one session; what is there and `undefined` is as if it were not. */
export function settingsOf(settings: SessionsSettings, name: string): SessionSettings {
  const own = Object.hasOwn(settings, name) ? objectAt(settings[name], name) : {};
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}
