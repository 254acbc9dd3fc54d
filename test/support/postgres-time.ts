import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import type { Clock } from 'nest-sessions';
import type { PgPool, PgPoolClient, Pglite } from 'nest-sessions/postgres';
import type { StatementValue } from '../../src/postgres/statement.js';

/*
 * A database whose clock a test moves: functions of the same name stand before the database's own in the `search_path`, and
 * read a setting of the connection, which is set before each statement that follows a move. The rest of it is the real thing.
 */

/** Makes the schema of a test file, with its clock; what a connection needs then is `searchPathOf(schema)`. */
export function clockDdl(schema: string): string {
  const clock = (name: string): string => `
CREATE FUNCTION ${schema}.${name}() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.to_timestamp(pg_catalog.current_setting('test.now')::float8 / 1000)
$$;`;
  return `CREATE SCHEMA ${schema};${clock('clock_timestamp')}${clock('statement_timestamp')}`;
}

export function searchPathOf(schema: string): string {
  return `${schema},pg_catalog`;
}

const SET_TIME = `SELECT set_config('test.now', $1, false)`;

/** What the time is by a connection's clock, as far as it was set. */
const times = new WeakMap<object, number>();

/** A pool whose database tells the time by a clock of ours. */
export class TimedPool extends EventEmitter implements PgPool {
  readonly totalCount = 0;
  readonly #open: () => Promise<PgPool>;
  readonly #clock: Clock;

  /** @param open gives the pool behind when there is something to connect to */
  constructor(open: () => Promise<PgPool>, clock: Clock) {
    super();
    this.#open = open;
    this.#clock = clock;
  }

  async connect(): Promise<PgPoolClient> {
    const pool = await this.#open();
    const client = await pool.connect();
    const now = this.#clock.now();
    if (times.get(client) === now) return client;
    try {
      await client.query({ name: 'set_time', text: SET_TIME, values: [String(now)] });
    } catch (error) {
      client.release(true);
      throw error;
    }
    times.set(client, now);
    return client;
  }
}

/** The same of PGlite, which is one connection. */
export class TimedPglite implements Pick<Pglite, 'query' | 'exec'> {
  readonly #pglite: PGlite;
  readonly #clock: Clock;

  constructor(pglite: PGlite, clock: Clock) {
    this.#pglite = pglite;
    this.#clock = clock;
  }

  async query(text: string, values?: StatementValue[]): Promise<{ readonly rows: unknown[] }> {
    const now = this.#clock.now();
    if (times.get(this.#pglite) !== now) await this.#pglite.query(SET_TIME, [String(now)]);
    times.set(this.#pglite, now);
    return this.#pglite.query(text, values);
  }

  exec(text: string): Promise<unknown> {
    return this.#pglite.exec(text);
  }

  /** As PGlite has them; nobody calls them here. */
  transaction(): never {
    throw new Error('Cannot begin transaction: the tests do not need any');
  }

  runExclusive(): never {
    return this.transaction();
  }
}
