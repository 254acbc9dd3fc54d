import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session, { type Store } from 'express-session';
import memorystore from 'memorystore';
import pg from 'pg';
import { createClient } from 'redis';
import fileStore from 'session-file-store';
import type { AppSpec } from './app-spec.js';
import { countingStore, type StorageCount } from './storage-count.js';

const DAY = 86_400_000;

/**
 * The store of express-session for a kind of storage, set up as its README says.
 *
 * @throws {Error} for a kind that has none
 */
export async function peerStore({ kind, backends }: AppSpec, count: StorageCount | undefined): Promise<Store> {
  const counted = (store: Store): Store => (count === undefined ? store : countingStore(store, count));
  switch (kind) {
    case 'memory':
      return counted(new session.MemoryStore());
    case 'directory':
      return counted(new (fileStore(session))({ path: backends.folder, logFn: () => {} }));
    case 'redis':
      return counted(new RedisStore({ client: await createClient({ url: backends.redisUrl }).connect() }));
    case 'postgres':
      return counted(
        new (connectPgSimple(session))({
          pool: new pg.Pool({ connectionString: backends.postgresUrl }),
          createTableIfMissing: true,
        }),
      );
    default:
      throw new Error(`Cannot make a store of express-session: none keeps sessions ${kind}`);
  }
}

/** `memorystore`: it forgets what has expired, which the store that comes with express-session does not. */
export function memoryStore(count: StorageCount | undefined): Store {
  const MemoryStore = memorystore(session);
  const store = new MemoryStore({ checkPeriod: DAY }) as unknown as Store;
  return count === undefined ? store : countingStore(store, count);
}
