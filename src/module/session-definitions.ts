import type { FactoryProvider, Provider, Type } from '@nestjs/common';
import { assertKnownKeys, listAt, objectAt, wrongType, type OptionPath } from './option-checks.js';
import { defineSession, DEFAULT_NAME, type SessionDefinition } from './session-definition.js';
import type {
  SessionOptions,
  SessionsOptions,
  SessionDeclaration,
  SessionsAsyncOptions,
  SessionsOptionsFactory,
  SessionsSettings,
} from './sessions-options.js';
import { SESSION_DEFINITIONS, SESSIONS_SETTINGS } from './tokens.js';

/** A declared session; its name is never missing. */
type NamedDeclaration = SessionDeclaration & { readonly name: string };

/**
 * Checks that a name, and a class, means one session.
 *
 * @throws {TypeError} naming the second
 */
export function assertDistinct(
  sessions: readonly { readonly name: string; readonly type?: Type<object> | undefined }[],
): void {
  if (sessions.length === 0)
    throw new TypeError('Cannot start SessionsModule: sessions must have one session at least: received none');
  sessions.forEach(({ name, type }, index) => {
    const before = sessions.slice(0, index);
    if (before.some((other) => other.name === name))
      throw wrongType(`sessions[${index}].name`, "must not be another session's", name);
    if (type !== undefined && before.some((other) => other.type === type)) {
      throw wrongType(`sessions[${index}].type`, "must not be another session's: extend the class", type);
    }
  });
}

/** One session's options, and where they stand. */
interface PlacedOptions {
  readonly path: OptionPath;
  readonly options: SessionOptions;
}

const MODULE_OPTIONS: readonly string[] = ['isGlobal', 'interceptor', 'imports', 'providers'];
const ASYNC_OPTIONS = [...MODULE_OPTIONS, 'sessions', 'useFactory', 'inject', 'useClass', 'useExisting'];

/** The sessions among the module's options: those listed, or the one whose options stand beside the module's own. */
export function sessionsOf(options: SessionsOptions): readonly PlacedOptions[] {
  objectAt(options, '');
  if ('sessions' in options) {
    assertKnownKeys(options, [...MODULE_OPTIONS, 'sessions'], '');
    return listAt(options.sessions, 'sessions').map((session, index) => ({
      path: `sessions[${index}]`,
      options: session,
    }));
  }
  const single = Object.entries(options).filter(([key]) => !MODULE_OPTIONS.includes(key));
  return [{ path: '', options: Object.fromEntries(single) }];
}

/** The sessions that are declared beside a factory. */
export function asyncDefinitions(options: SessionsAsyncOptions): readonly NamedDeclaration[] {
  assertKnownKeys(objectAt(options, ''), ASYNC_OPTIONS, '');
  const sessions = listAt(options.sessions ?? [{}], 'sessions');
  sessions.forEach((session, index) => assertKnownKeys(session, ['type', 'name', 'storage'], `sessions[${index}]`));
  const declared = sessions.map((session) => ({ ...session, name: session.name ?? DEFAULT_NAME }));
  declared.forEach(({ storage: _, ...rest }, index) => defineSession(rest, `sessions[${index}]`));
  assertDistinct(declared);
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
    throw wrongType('the result of the factory', 'must be an object', given);
  const names = declared.map(({ name }) => name);
  for (const name of Object.keys(settings)) {
    if (!names.includes(name)) {
      throw wrongType(`the result of the factory`, `must have settings by session, of ${names.join(', ')}`, name);
    }
  }
  return declared.map(({ name, type, storage }) => {
    const own = Object.hasOwn(settings, name) ? objectAt(settings[name], name) : {};
    if (storage !== undefined && own.storage !== undefined) {
      throw wrongType(
        `${name}.storage`,
        'must not be returned by the factory: it is declared in forRootAsync({ sessions })',
        own.storage,
      );
    }
    return defineSession({ ...own, name, ...(type && { type }) }, name);
  });
}
