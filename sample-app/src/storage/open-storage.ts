import { CacheStorage, DirectoryStorage, SessionStorageMemory } from 'nest-sessions';
import { SESSIONS_DIR } from '../platform/paths.js';
import { variable } from './environment.js';
import { openPostgres } from './open-postgres.js';
import { openRedis } from './open-redis.js';
import type { OpenedStorage } from './opened-storage.js';

/** What STORAGE may say. The shop can do all of it to show them; an app has one. */
const STORAGES: Readonly<Record<string, () => OpenedStorage | Promise<OpenedStorage>>> = {
  /** Until the process ends. */
  memory: () => ({ storage: new SessionStorageMemory() }),
  /** In files, and what is in use in memory as well. */
  directory: () => ({ storage: new CacheStorage(new DirectoryStorage(SESSIONS_DIR)) }),
  redis: openRedis,
  postgres: openPostgres,
};

/**
 * Opens the storage that the environment names; when it names none, the one that needs no server.
 *
 * @throws {Error} when that cannot be done, saying what is wrong
 */
export async function openStorage(): Promise<OpenedStorage> {
  const name = variable('STORAGE') ?? 'directory';
  const open = Object.hasOwn(STORAGES, name) ? STORAGES[name] : undefined;
  if (open !== undefined) return open();
  const names = Object.keys(STORAGES).join(', ');
  throw new TypeError(`Cannot start the shop: STORAGE must be one of ${names}: received ${JSON.stringify(name)}`);
}
