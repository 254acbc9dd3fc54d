import { PostgresStorage, postgresDdl } from 'nest-sessions/postgres';
import type pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newTables, openPool, openStorage, postgresUrl, textOf, write } from '../support/postgres-pool.js';

/** A role that may use what is there, and make nothing. */
async function openUser(admin: pg.Pool, schema: string): Promise<pg.Pool> {
  const role = `user_of_${schema}_${Math.random().toString(36).slice(2)}`;
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'any'`);
  await admin.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
  const url = new URL(postgresUrl);
  url.username = role;
  url.password = 'any';
  onTestFinished(async () => {
    await admin.query(`DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
  });
  return openPool({ connectionString: url.href });
}

async function relationsOf(pool: pg.Pool, schema: string, table: string): Promise<readonly unknown[]> {
  const text = `SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = $1 AND starts_with(c.relname, $2) AND a.attnum > 0 ORDER BY 1, 3`;
  const { rows } = await pool.query<{ relname: string }>(text, [schema, table]);
  return rows.map((row) => ({ ...row, relname: row.relname.replace(table, '') }));
}

describe.runIf(postgresUrl)('ensureSchema()', () => {
  it('makes schema and tables for twenty who ask at once, each by a connection of its own', async () => {
    // A schema of its own: making that can collide too
    const schema = `${newTables().schema}_twenty`;
    const pools = Array.from({ length: 20 }, () => openPool());
    onTestFinished(async () => void (await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`)));
    await Promise.all(pools.map((pool) => pool.query('SELECT 1')));
    const storages = pools.map((pool) => new PostgresStorage(pool, { schema }));
    await Promise.all(storages.map((storage) => storage.ensureSchema()));
    await Promise.all(storages.map((storage, index) => write(storage, `id-${index}`, `${index}`)));
    expect(await textOf(storages[0]!, 'id-19')).toBe('19');
  });

  it('changes nothing where all is there, and asks for no right to', async () => {
    const { pool, storage, where } = await openStorage();
    await write(storage, 'a', 'kept');
    await storage.ensureSchema();
    const user = new PostgresStorage(await openUser(pool, where.schema), where);
    await user.ensureSchema();
    expect(await textOf(user, 'a')).toBe('kept');
    await write(user, 'a', 'changed');
    await user.sweep();
  });

  it('makes what alone is missing', async () => {
    const { pool, storage, where } = await openStorage();
    const whole = await relationsOf(pool, where.schema, where.table);
    await write(storage, 'a', 'kept');
    const name = `${where.schema}.${where.table}`;
    for (const part of [
      `INDEX ${name}_expires_at`,
      `INDEX ${name}_principals_expires_at`,
      `TABLE ${name}_principals`,
    ]) {
      await pool.query(`DROP ${part}`);
      await storage.ensureSchema();
      expect(await relationsOf(pool, where.schema, where.table)).toEqual(whole);
    }
    expect(await textOf(storage, 'a')).toBe('kept');
  });

  it('makes tables in a schema that is there for who may make no schema', async () => {
    const { pool, where } = await openStorage();
    const user = await openUser(pool, where.schema);
    const { rows } = await user.query<{ name: string }>('SELECT current_user AS name');
    await pool.query(`GRANT CREATE ON SCHEMA ${where.schema} TO ${rows[0]!.name}`);
    const storage = new PostgresStorage(user, newTables());
    await storage.ensureSchema();
    await write(storage, 'a', 'made');
  });

  it('rejects with what the database says to who may not make what is missing', async () => {
    const { pool, where } = await openStorage();
    const storage = new PostgresStorage(await openUser(pool, where.schema), newTables());
    await expect(storage.ensureSchema()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORAGE',
      cause: { code: '42501' },
    });
  });

  it('makes the very same that postgresDdl() says, which can be run twice', async () => {
    const { pool, where } = await openStorage();
    const migrated = newTables();
    await pool.query(postgresDdl(migrated));
    await pool.query(postgresDdl(migrated));
    const made = await relationsOf(pool, where.schema, where.table);
    expect(made.length).toBeGreaterThan(10);
    expect(await relationsOf(pool, migrated.schema, migrated.table)).toEqual(made);
    await write(new PostgresStorage(pool, migrated), 'a', 'stored');
  });

  it('makes tables without a named schema where the connection looks first', async () => {
    const { pool, where } = await openStorage();
    const { table } = newTables();
    const searching = openPool({ options: `-c search_path=${where.schema}` });
    const storage = new PostgresStorage(searching, { table });
    await storage.ensureSchema();
    await write(storage, 'a', 'found');
    expect((await pool.query(`SELECT id FROM ${where.schema}.${table}`)).rows).toEqual([{ id: 'a' }]);
  });
});
