import type { Connection } from './connection.js';
import { LineConnection } from './line-connection.js';
import { PgClientConnection, type PgClient } from './pg-client-connection.js';
import { PgPoolConnection, type PgPool } from './pg-pool-connection.js';
import { PgliteConnection, type Pglite } from './pglite-connection.js';

/** What a `PostgresStorage` works with: a `Pool` of `pg`, a `Client` of `pg` that is connected, or a `PGlite`. */
export type PostgresPool = PgPool | PgClient | Pglite;

/**
 * Finds out what a client is, by its shape.
 *
 * @throws {TypeError} when it is none that is known, naming the cure
 */
export function connectionOf(pool: unknown): Connection {
  if (isPgPool(pool)) return new PgPoolConnection(pool);
  if (isPgClient(pool)) return new LineConnection(pool, new PgClientConnection(pool));
  if (isPglite(pool)) return new LineConnection(pool, new PgliteConnection(pool));
  throw new TypeError(
    'Cannot create PostgresStorage: it needs a Pool or Client of pg, or a PGlite: give one, or provide POSTGRES_STORAGE_POOL',
  );
}

function isPgPool(pool: unknown): pool is PgPool {
  return hasMethods(pool, ['connect', 'on', 'off', 'listenerCount']) && typeof pool['totalCount'] === 'number';
}

/** Those of other databases have no `escapeLiteral()`. */
function isPgClient(client: unknown): client is PgClient {
  return hasMethods(client, ['query', 'escapeLiteral', 'on', 'off', 'listenerCount']);
}

function isPglite(pglite: unknown): pglite is Pglite {
  return hasMethods(pglite, ['query', 'exec', 'transaction', 'runExclusive']);
}

function hasMethods(thing: unknown, names: readonly string[]): thing is Record<string, unknown> {
  return (
    typeof thing === 'object' &&
    thing !== null &&
    names.every((name) => typeof (thing as Record<string, unknown>)[name] === 'function')
  );
}
