import { randomUUID } from 'node:crypto';
import { streamOf, type SessionStorage, type WriteOptions, type WriteResult } from 'nest-sessions';
import { PostgresStorage, type PostgresStorageOptions } from 'nest-sessions/postgres';
import pg from 'pg';
import { afterAll, expect, inject, onTestFinished } from 'vitest';

/** Of the run's PostgreSQL; empty when there is none on this machine. */
export const postgresUrl = inject('postgresUrl') ?? '';

/** Of this test file alone; made by the first storage that needs it. */
const schema = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
let tables = 0;

afterAll(async () => {
  if (tables === 0) return;
  const client = new pg.Client(postgresUrl);
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
});

/** A pool that ends with the test, whatever is still under way. */
export function openPool(config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: postgresUrl, ...config });
  onTestFinished(() => pool.end());
  return pool;
}

/** Names tables that are not there yet. */
export function newTables() {
  return { schema, table: `sessions_${++tables}` };
}

/** A storage over tables of its own. */
export async function openStorage(options: PostgresStorageOptions = {}, pool = openPool()) {
  const where = newTables();
  const storage = new PostgresStorage(pool, { ...where, ...options });
  await storage.ensureSchema();
  return { pool, storage, where, records: `${where.schema}.${where.table}` };
}

/** Writes a text that lives for long. */
export function write(
  storage: SessionStorage,
  id: string,
  text: string,
  options: Partial<WriteOptions> = {},
): Promise<WriteResult> {
  return storage.write(id, streamOf(Buffer.from(text)), { expiresAt: Date.now() + 3_600_000, ...options });
}

/** The version of a write that has happened. */
export async function versionOf(result: Promise<WriteResult>): Promise<string> {
  const { written, version } = { version: undefined, ...(await result) };
  expect(written).toBe(true);
  return version ?? expect.unreachable('a write gives a version');
}

/** Reads a text; `undefined` when there is nothing. */
export function textOf(storage: SessionStorage, id: string): Promise<string | undefined> {
  return storage.read(id, async ({ stream }) => Buffer.from(stream.bytes!).toString());
}
