import { Logger, type InjectionToken, type Provider, type Type } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import { SessionStorageMemory } from '../storage/session-storage-memory.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { wrongType, type OptionPath } from './option-checks.js';
import type { SessionsSettings, StorageOption, StorageProvider } from './sessions-options.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK, SESSIONS_SETTINGS } from './tokens.js';

/**
 * The providers of one session's storage, under its token. A class is registered as itself too and aliased, so that sessions
 * may share it and `overrideProvider()` of the class works.
 *
 * @param option `undefined` for the default: a `SessionStorageMemory` of its own
 */
export function storageProviders(name: string, option: StorageOption | undefined, path: OptionPath): Provider[] {
  const provide = getStorageToken(name);
  if (option === undefined) return [{ provide, useFactory: inMemory, inject: [SESSIONS_CLOCK] }];
  if (typeof option === 'function') return aliased(provide, option);
  if (isStorage(option)) return [{ provide, useValue: option }];
  if (typeof option !== 'object' || option === null) throw notAStorage(path, option);
  return provided(provide, option, path);
}

/** The provider of a storage that a factory of options may return. */
export function settledStorageProvider(name: string): Provider {
  const useFactory = (settings: SessionsSettings, clock: Clock): SessionStorage => {
    const storage = Object.hasOwn(settings, name) ? settings[name]?.storage : undefined;
    if (storage === undefined) return inMemory(clock);
    if (!isStorage(storage)) throw notAStorage(`${name}.storage`, storage);
    return storage;
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
