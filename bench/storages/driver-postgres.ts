import { randomBytes } from 'node:crypto';
import { PostgresStorage } from 'nest-sessions/postgres';
import pg from 'pg';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES } from './contestant.js';
import type { DriverPair, RawOperation } from './driver-pair.js';
import { storageContestant } from './storage-contestant.js';

/** As many connections as calls are made at once, at most. */
const POOL_SIZE = 10;
const LIFETIME = 3_600_000;

/**
 * Statements that are prepared once a connection. No index on the expiry has to be kept up by them, without which a sweep would
 * read the whole table.
 */
const TABLES = `CREATE TABLE raw (id text PRIMARY KEY, data bytea NOT NULL, expires_at timestamptz NOT NULL);
CREATE TABLE versions (id text PRIMARY KEY, data bytea NOT NULL, expires_at timestamptz NOT NULL, version text NOT NULL)`;
const SELECT = 'SELECT data FROM raw WHERE id = $1 AND expires_at > now()';
const INSERT = 'INSERT INTO raw (id, data, expires_at) VALUES ($1, $2, to_timestamp($3))';
const UPDATE = 'UPDATE raw SET data = $2, expires_at = to_timestamp($3) WHERE id = $1';
const INSERT_VERSION = 'INSERT INTO versions (id, data, expires_at, version) VALUES ($1, $2, to_timestamp($3), $4)';
const UPDATE_VERSION = `UPDATE versions SET data = $2, expires_at = to_timestamp($3), version = $4
WHERE id = $1 AND version = $5 AND expires_at > now()`;

/** `PostgresStorage` and the statements themselves, both by one pool of `pg`. */
export async function pgPair(url: string): Promise<DriverPair> {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
  const storage = new PostgresStorage(pool);
  await storage.ensureSchema();
  await pool.query(TABLES);
  return {
    driver: 'pg 8',
    storage: storageContestant('PostgresStorage', storage),
    raw: rawPostgres(pool),
    close: () => pool.end(),
  };
}

function rawPostgres(pool: pg.Pool): readonly RawOperation[] {
  const record = randomBytes(RECORD_BYTES);
  const known = new Set<string>();
  const versions = new Map<string, string>();
  let count = 0;
  const write = async (name: string, text: string, id: string, ...more: string[]): Promise<void> => {
    const values = [id, record, (Date.now() + LIFETIME) / 1000, ...more];
    const { rowCount } = await pool.query({ name, text, values });
    assertDone(rowCount === 1, name);
  };
  return [
    {
      name: 'SELECT',
      operation: 'read',
      isSafe: true,
      async run(id) {
        const { rows } = await pool.query<{ data: Buffer }>({ name: 'raw_read', text: SELECT, values: [id] });
        assertDone(rows[0]?.data.length === RECORD_BYTES, 'raw_read');
      },
    },
    { name: 'INSERT', operation: 'create', isSafe: true, run: (id) => write('raw_create', INSERT, id) },
    {
      name: 'UPDATE',
      operation: 'replace',
      isSafe: false,
      async run(id) {
        await (known.has(id) ? write('raw_replace', UPDATE, id) : write('raw_create', INSERT, id));
        known.add(id);
      },
    },
    {
      name: 'UPDATE of a version',
      operation: 'replace',
      isSafe: true,
      async run(id) {
        const seen = versions.get(id);
        const version = String(count++).padStart(16, '0');
        await (seen === undefined
          ? write('version_create', INSERT_VERSION, id, version)
          : write('version_replace', UPDATE_VERSION, id, version, seen));
        versions.set(id, version);
      },
    },
  ];
}
