import { Logger } from '@nestjs/common';
import { PostgresStorage } from 'nest-sessions/postgres';
import { Pool } from 'pg';
import { serverUrl } from './environment.js';
import type { OpenedStorage } from './opened-storage.js';
import { reasonOf } from './reason-of.js';

/**
 * Keeps sessions in PostgreSQL, for as many processes as there are. There is no cache in front: each request asks the database, so
 * who signs out on one process is out on all, from that moment on.
 *
 * @throws {Error} when no server answers, or it refuses
 */
export async function openPostgres(): Promise<OpenedStorage> {
  const logger = new Logger('PostgreSQL');
  const pool = new Pool({
    connectionString: serverUrl('DATABASE_URL', 'postgres://user:password@localhost:5432/shop'),
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks while nobody uses it; the pool makes another. Pages that need one are 503 meanwhile.
  pool.on('error', (error) => logger.error(reasonOf(error)));
  const storage = new PostgresStorage(pool);
  try {
    // Makes the tables that are missing. An app with migrations lets them do what `postgresDdl()` gives.
    await storage.ensureSchema();
  } catch (error) {
    throw new Error(`Cannot start the shop: no PostgreSQL at DATABASE_URL: ${reasonOf(error)}`, { cause: error });
  }
  return { storage, close: () => pool.end() };
}
