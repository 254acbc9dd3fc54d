import { Logger, type InjectionToken, type Provider, type Type } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { SessionStorageMemory } from '../storage/session-storage-memory.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { at, wrongType, type OptionPath } from './option-checks.js';
import { settingsOf } from './session-definitions.js';
import type { SessionDeclaration, SessionsSettings, StorageOption, StorageProvider } from './sessions-options.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK, SESSIONS_SETTINGS } from './tokens.js';

/** What a session keeps where, and the path of the option that says so. */
interface StorageChoice {
  /** `undefined` for the default of its kind. */
  readonly option: StorageOption | undefined;
  readonly path: OptionPath;
  /** Whether it is for a session by value: then it keeps revocations, or there is none. */
  readonly isClientSide: boolean;
}

/** Where a session's options say what storage it has. */
function storageChoice({ storage, clientSide = false }: SessionDeclaration, path: OptionPath): StorageChoice {
  if (clientSide === false) return { option: storage, path: at(path, 'storage'), isClientSide: false };
  const option = clientSide === true ? undefined : clientSide.revocation;
  return { option, path: at(path, 'clientSide.revocation'), isClientSide: true };
}

/**
 * The providers of one session's storage, under its token; of one by value, that of its revocation, or of nothing. A class is
 * registered as itself too and aliased, so that sessions may share it and `overrideProvider()` of the class works.
 *
 * @param options the session's, checked
 * @param place where they stand, for messages
 */
export function storageProviders(name: string, options: SessionDeclaration, place: OptionPath): Provider[] {
  const provide = getStorageToken(name);
  const { option, path, isClientSide } = storageChoice(options, place);
  if (option === undefined && isClientSide) return [{ provide, useValue: undefined }];
  if (option === undefined) return [{ provide, useFactory: inMemory, inject: [SESSIONS_CLOCK] }];
  if (typeof option === 'function') return aliased(provide, option);
  if (isStorage(option)) return [{ provide, useValue: option }];
  if (typeof option !== 'object' || option === null) throw notAStorage(path, option);
  return provided(provide, option, path);
}

/** Whether injection builds a session's storage: then a factory of options may not return one. */
export function declaresStorage(declared: SessionDeclaration): boolean {
  return storageChoice(declared, '').option !== undefined;
}

/**
 * The provider of a storage that a factory of options may return.
 *
 * @param declared what stands outside of the factory, without a storage
 */
export function settledStorageProvider(name: string, declared: SessionDeclaration): Provider {
  const useFactory = (settings: SessionsSettings, clock: Clock): SessionStorage | undefined => {
    const { option, path, isClientSide } = storageChoice({ ...declared, ...settingsOf(settings, name) }, name);
    if (option !== undefined && !isStorage(option)) throw notAStorage(path, option);
    return option ?? (isClientSide ? undefined : inMemory(clock));
  };
  // The definitions come after the settings were checked
  const inject = [SESSIONS_SETTINGS, SESSIONS_CLOCK, SESSION_DEFINITIONS];
  return { provide: getStorageToken(name), useFactory, inject };
}

/**
 * Checks what injection built for a session.
 *
 * @throws {TypeError} when it is no storage
 */
export function assertStorage(name: string, storage: unknown): void {
  if (!isStorage(storage)) throw notAStorage(`the storage of session "${name}"`, storage);
}

/** Whether a value has a storage's methods; it may come from another copy of this package. */
function isStorage(value: unknown): value is SessionStorage {
  const methods: readonly (keyof SessionStorage)[] = ['read', 'write', 'invalidate', 'sweep', 'close'];
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof (value as Partial<SessionStorage>)[method] === 'function');
}

function inMemory(clock: Clock): SessionStorage {
  return new SessionStorageMemory({ clock, onFull: (message) => new Logger('Sessions').warn(message) });
}

function aliased(provide: string, storage: Type<SessionStorage>): Provider[] {
  return [storage, { provide, useExisting: storage }];
}

function provided(provide: string, provider: StorageProvider, path: OptionPath): Provider[] {
  if ('useClass' in provider) return aliased(provide, provider.useClass);
  if ('useExisting' in provider) return [{ provide, useExisting: provider.useExisting as InjectionToken }];
  if ('useValue' in provider) return [{ provide, useValue: provider.useValue }];
  if ('useFactory' in provider) {
    const { useFactory, inject = [] } = provider;
    return [{ provide, useFactory: useFactory as (...args: unknown[]) => unknown, inject: [...inject] }];
  }
  throw notAStorage(path, provider);
}

function notAStorage(path: OptionPath, received: unknown): TypeError {
  const cure =
    'must be a SessionStorage, an injectable class of one, or a provider with useClass, useFactory, useExisting or useValue';
  // A text may be a connection string, with a password in it
  return wrongType(path, cure, typeof received === 'string' ? typeof received : received);
}
