import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  SessionStorageMemory,
  type Clock,
} from 'nest-sessions';
import { postgresBackend } from '../postgres.js';
import { timedRedis } from '../redis-time.js';
import type { Store } from './bench.js';

export function memory(clock: Clock): Store {
  const storage = new SessionStorageMemory({ clock });
  return { storage, connect: (step) => step(storage) };
}

/** A folder; each instance has a storage object of its own, as another process would. */
export function directory(clock: Clock): Store {
  const path = mkdtempSync(join(tmpdir(), 'nest-sessions-'));
  const storage = (): DirectoryStorage => new DirectoryStorage(path, { clock, durable: false });
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  return { storage: storage(), connect: (step) => step(storage()), remove };
}

/** Keys of a real server; each instance has a storage object of its own. */
export function redis(clock: Clock): Store {
  const { connect } = timedRedis('redis 6', clock);
  return { storage: connect(), connect: (step) => step(connect()) };
}

/** A table of a real server, the same way. */
export function postgres(clock: Clock): Store {
  const { connect } = postgresBackend(clock);
  return { storage: connect(), connect: (step) => step(connect()) };
}

/** The same, and each instance has a cache in front of it; they may tell each other what they change. */
export function cached(open: (clock: Clock) => Store, isTold: boolean): (clock: Clock) => Store {
  return (clock) => {
    const { connect, ...store } = open(clock);
    const options = isTold ? { clock, bus: new InProcessInvalidationBus() } : { clock };
    return { ...store, connect: (step) => new CacheStorage(connect(step), options) };
  };
}
