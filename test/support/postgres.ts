import { PGlite } from '@electric-sql/pglite';
import type { Clock } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import type { Backend } from './matrix.js';
import { clockDdl, searchPathOf, TimedPglite, TimedPool } from './postgres-time.js';

/** Of this test file alone. Each backend has a table of its own in it. */
const schema = `test_${process.pid}_${Math.random().toString(36).slice(2)}`;
let opened: Promise<pg.Pool> | undefined;
let pglite: Promise<PGlite> | undefined;
let tables = 0;

afterAll(async () => {
  const pool = await opened;
  if (pool !== undefined) {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  }
  await (await pglite)?.close();
});

/** An empty table of the run's PostgreSQL, which tells the time by `clock`. */
export function postgresBackend(clock: Clock): Backend {
  const table = `sessions_${++tables}`;
  let made: Promise<pg.Pool> | undefined;
  const pool = new TimedPool(() => (made ??= withTable(table)), clock);
  return { connect: () => new PostgresStorage(pool, { table, clock }) };
}

/** An empty table of a PGlite in this process, the same way. */
export async function pgliteStorage(clock: Clock): Promise<PostgresStorage> {
  const table = `sessions_${++tables}`;
  const storage = new PostgresStorage(new TimedPglite(await startPglite(), clock), { table, clock });
  await storage.ensureSchema();
  return storage;
}

async function withTable(table: string): Promise<pg.Pool> {
  const pool = await (opened ??= openPool());
  await new PostgresStorage(pool, { table }).ensureSchema();
  return pool;
}

async function openPool(): Promise<pg.Pool> {
  const url = inject('postgresUrl');
  if (url === null) throw new Error('Cannot open a pool: there is no PostgreSQL on this machine');
  const pool = new pg.Pool({ connectionString: url, options: `-c search_path=${searchPathOf(schema)}` });
  await pool.query(clockDdl(schema));
  return pool;
}

/** The PGlite of this test file; it takes seconds to start. */
export function startPglite(): Promise<PGlite> {
  return (pglite ??= openPglite());
}

async function openPglite(): Promise<PGlite> {
  const started = await PGlite.create();
  await started.exec(`${clockDdl(schema)} SET search_path = ${searchPathOf(schema)}`);
  return started;
}
