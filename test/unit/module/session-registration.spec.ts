import { Logger, type FactoryProvider } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { defineSession } from '../../../src/module/session-definition.js';
import { SessionEvents } from '../../../src/module/session-events.js';
import { sessionRegistration } from '../../../src/module/session-registration.js';
import { SessionsRegistry } from '../../../src/module/sessions-registry.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK } from '../../../src/module/tokens.js';
import type { SessionStorage } from '../../../src/storage/session-storage.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { PlainStorage } from '../storage/plain-storage.js';

const clock = new ManualClock();
const sessions = [{ name: 'cart' }, { name: 'user' }];
const definitions = sessions.map((options) => defineSession(options, ''));

describe('sessionRegistration()', () => {
  let registry: SessionsRegistry;
  let warn: MockInstance;

  beforeEach(() => {
    registry = new SessionsRegistry({ sessions });
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });

  afterEach(() => vi.restoreAllMocks());

  /** What Nest does with the provider when it has built the storages. */
  const register = async (...storages: unknown[]): Promise<void> => {
    const { useFactory }: FactoryProvider<unknown> = sessionRegistration(sessions);
    await useFactory(registry, clock, new SessionEvents(), definitions, ...storages);
  };

  it('waits for definitions and storages, in the order of the sessions', () => {
    expect(sessionRegistration(sessions).inject).toEqual([
      SessionsRegistry,
      SESSIONS_CLOCK,
      SessionEvents,
      SESSION_DEFINITIONS,
      getStorageToken('cart'),
      getStorageToken('user'),
    ]);
  });

  it('adds each session with its storage', async () => {
    const storages = [new SessionStorageMemory({ clock }), new SessionStorageMemory({ clock })];
    await register(...storages);
    expect(
      registry.sessions.map(({ name, storage }) => [name, storages.indexOf(storage as SessionStorageMemory)]),
    ).toEqual([
      ['cart', 0],
      ['user', 1],
    ]);
  });

  it('refuses what is no storage', async () => {
    const broken = { read: () => undefined } as unknown as SessionStorage;
    await expect(register(new SessionStorageMemory({ clock }), broken)).rejects.toThrow(
      /^Cannot start SessionsModule: the storage of session "user" must be a SessionStorage, /,
    );
  });

  it('warns of a storage without conditional writes, and of no other', async () => {
    await register(new SessionStorageMemory({ clock }), new PlainStorage(clock));
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'The storage of session "user" has no conditional writes: this process orders its own, other processes may overwrite them',
    );
  });
});
