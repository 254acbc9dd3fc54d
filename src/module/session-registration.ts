import { Logger, type FactoryProvider } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { SessionStorageMemory } from '../storage/session-storage-memory.js';
import { appSession } from './app-session.js';
import type { NamedSession } from './find-session.js';
import type { SessionDefinition } from './session-definition.js';
import { SessionEvents } from './session-events.js';
import { SessionsRegistry } from './sessions-registry.js';
import { assertStorage } from './storage-providers.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK, SESSIONS_REGISTRATION } from './tokens.js';

/** The provider that builds the sessions of one import of `SessionsModule`, and adds them to those of the app. */
export function sessionRegistration(sessions: readonly NamedSession[]): FactoryProvider {
  const register = async (
    registry: SessionsRegistry,
    clock: Clock,
    events: SessionEvents,
    definitions: readonly SessionDefinition[],
    ...storages: readonly (SessionStorage | undefined)[]
  ): Promise<void> => {
    definitions.forEach((definition, index) => {
      // Somebody may override the token of one that has none
      const storage = definition.hasStorage ? storages[index] : undefined;
      if (definition.hasStorage) assertStorage(definition.name, storage);
      if (storage?.conditionalWrites === false) warnOfRaces(definition.name);
      if (definition.isClientSide && storage instanceof SessionStorageMemory) warnOfForgetting(definition.name);
      registry.add(appSession(definition, storage, clock, events.emit));
    });
    await Promise.all(definitions.map(transformersReady));
  };
  const tokens = sessions.map(({ name }) => getStorageToken(name));
  return {
    provide: SESSIONS_REGISTRATION,
    useFactory: register,
    inject: [SessionsRegistry, SESSIONS_CLOCK, SessionEvents, SESSION_DEFINITIONS, ...tokens],
  };
}

/** Waits for keys that come from elsewhere: what cannot seal and open must not start. */
async function transformersReady({ name, transformers }: SessionDefinition): Promise<void> {
  try {
    await Promise.all(transformers.map(async (transformer) => transformer.ready?.()));
  } catch (cause) {
    const message = `Cannot start SessionsModule: the keys or transformers of session "${name}" cannot get ready: see the cause`;
    throw new TypeError(message, { cause });
  }
}

function warnOfRaces(name: string): void {
  new Logger('Sessions').warn(
    `The storage of session "${name}" has no conditional writes: this process orders its own, other processes may overwrite them`,
  );
}

function warnOfForgetting(name: string): void {
  new Logger('Sessions').warn(
    `The revocation of session "${name}" is in memory: after a restart, or when it is full, sessions that have ended live again: take files or a server`,
  );
}
