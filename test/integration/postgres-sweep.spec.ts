import { collect } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { tableNames } from '../../src/postgres/postgres-tables.js';
import { recordStatements } from '../../src/postgres/record-statements.js';
import { openPool, openStorage, postgresUrl, textOf, versionOf, write } from '../support/postgres-pool.js';

/** Puts expired records into a table, past the storage. */
async function expire(pool: pg.Pool, records: string, count: number, size = 10): Promise<void> {
  await pool.query(`INSERT INTO ${records} (id, version, expires_at, payload)
    SELECT 'id-' || n, 'v' || n, clock_timestamp() - interval '1 second', convert_to(rpad('data of ' || n, ${size}), 'UTF8')
    FROM generate_series(1, ${count}) AS n`);
}

async function countOf(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*)::text AS count FROM ${table}`);
  return Number(rows[0]!.count);
}

describe.runIf(postgresUrl)('sweep() of a PostgresStorage', () => {
  it('removes a thousand records a call, until there are no more', async () => {
    const { storage, pool, records } = await openStorage();
    await expire(pool, records, 2100);
    await write(storage, 'living', 'stays');
    const counts = [];
    for (let turns = 0; turns < 4; turns++) counts.push(await storage.sweep());
    expect(counts).toEqual([1000, 1000, 100, 0]);
    expect(await countOf(pool, records)).toBe(1);
  });

  it('by many processes at once tells once of each record, with its bytes', async () => {
    const { pool, records, where } = await openStorage();
    await expire(pool, records, 3000);
    const told: string[] = [];
    const sweepers = Array.from({ length: 4 }, () => new PostgresStorage(openPool(), where));
    const removed = await Promise.all(
      sweepers.map(async (storage) => {
        let all = 0;
        const onExpired = async (id: string, stream: Parameters<typeof collect>[0]): Promise<void> => {
          expect(Buffer.from(await collect(stream)).toString()).toBe(`data of ${id.slice(3)}`.padEnd(10).slice(0, 10));
          told.push(id);
        };
        // One that finds all that is left in the hands of others is done
        for (let last = 1; last > 0; all += last) last = await storage.sweep({ onExpired });
        return all;
      }),
    );
    expect(new Set(told).size).toBe(told.length);
    expect(removed.reduce((sum, count) => sum + count)).toBe(3000);
    expect(told).toHaveLength(3000);
  });

  it('leaves a record that somebody renews meanwhile', async () => {
    const { storage, pool, records } = await openStorage();
    await expire(pool, records, 2);
    const renewer = await pool.connect();
    await renewer.query('BEGIN');
    await renewer.query(`UPDATE ${records} SET expires_at = clock_timestamp() + interval '1 hour' WHERE id = 'id-1'`);
    expect(await storage.sweep()).toBe(1);
    await renewer.query('COMMIT');
    renewer.release();
    expect(await storage.sweep()).toBe(0);
    expect(await textOf(storage, 'id-1')).toContain('data of 1');
  });

  it('asks for bytes only for who is to be told, and not for more than about 16 MiB at a time', async () => {
    const { storage, pool, records } = await openStorage();
    await expire(pool, records, 40, 1_000_000);
    const sizes: number[] = [];
    const onExpired = async (_: string, { bytes }: { readonly bytes?: Uint8Array }) => void sizes.push(bytes!.length);
    const first = await storage.sweep({ onExpired });
    expect(first).toBe(17);
    expect(sizes).toEqual(Array.from({ length: 17 }, () => 1_000_000));
    expect(await storage.sweep()).toBe(23);
  });

  it.each(['sweep', 'sweepAndTell'] as const)('looks at no more than has expired: %s', async (name) => {
    const { pool, records, where } = await openStorage();
    await pool.query(`INSERT INTO ${records} SELECT clock_timestamp() + interval '1 hour', 'living-' || n, 'v', '\\x00'
      FROM generate_series(1, 50000) AS n`);
    await expire(pool, records, 3);
    await pool.query(`ANALYZE ${records}`);
    const { rows } = await pool.query(`EXPLAIN ${recordStatements(tableNames(where))[name].text}`);
    const plan = JSON.stringify(rows);
    expect(plan).toContain(`Index Scan using ${where.table}_expires_at`);
    expect(plan).toContain('Index Cond: (expires_at <= ');
    expect(plan).not.toContain('Seq Scan');
  });

  it('removes the rows of principals of whom nothing is left, which do not count', async () => {
    const { storage, pool, records } = await openStorage();
    const { principals } = storage;
    const index = `${records}_principals`;
    await pool.query(`INSERT INTO ${index} (principal, entries, expires_at)
      SELECT 'over-' || n, '[]', clock_timestamp() FROM generate_series(1, 2500) AS n`);
    await principals.add('lasting', 'a', { expiresAt: Date.now() + 60_000, begunAgo: 0 });
    await principals.raiseEpoch('raised');
    await principals.add('left', 'a', { expiresAt: Date.now() + 60_000, begunAgo: 0 });
    await principals.remove('left', 'a');
    for (const id of ['a', 'b']) await principals.add('half', id, { expiresAt: Date.now() + 60_000, begunAgo: 0 });
    await principals.remove('half', 'b');
    await expire(pool, records, 5);
    expect(await storage.sweep()).toBe(5);
    expect(await storage.sweep()).toBe(0);
    const { rows } = await pool.query(`SELECT principal FROM ${index} ORDER BY principal`);
    expect(rows).toEqual(['half', 'lasting', 'raised'].map((principal) => ({ principal })));
  });

  it('leaves a principal of whom something is left, be it that the last to come is the first to go', async () => {
    const { storage } = await openStorage();
    const { principals } = storage;
    await principals.add('p', 'long', { expiresAt: Date.now() + 60_000, begunAgo: 0 });
    await principals.add('p', 'short', { expiresAt: Date.now() + 50, begunAgo: 0 });
    while ((await principals.entries('p')).length > 1) await setTimeout(5);
    await storage.sweep();
    expect(await principals.entries('p')).toMatchObject([{ id: 'long' }]);
  });

  it('comes no later to a principal whose login was refused', async () => {
    const { storage, pool, records } = await openStorage();
    const { principals } = storage;
    await principals.raiseEpoch('p');
    const expiry = async () => (await pool.query(`SELECT expires_at FROM ${records}_principals`)).rows;
    const before = await expiry();
    const refused = await principals.add('p', 'a', { expiresAt: Infinity, begunAgo: 3_600_000 });
    expect(refused).toEqual({ added: false, reason: 'epoch' });
    expect(await expiry()).toEqual(before);
  });

  it('leaves a principal who comes back meanwhile', async () => {
    const { storage, pool, records } = await openStorage();
    const { principals } = storage;
    await principals.add('p', 'short', { expiresAt: Date.now() + 50, begunAgo: 0 });
    while ((await principals.entries('p')).length > 0) await setTimeout(5);
    const holder = await pool.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT FROM ${records}_principals FOR UPDATE`);
    const added = principals.add('p', 'next', { expiresAt: Date.now() + 60_000, begunAgo: 0 });
    expect(await storage.sweep()).toBe(0);
    await holder.query('COMMIT');
    holder.release();
    expect(await added).toMatchObject({ added: true });
    await storage.sweep();
    expect(await principals.entries('p')).toMatchObject([{ id: 'next' }]);
  });

  it('a write with a version revives nothing that a sweep has removed', async () => {
    const { storage } = await openStorage();
    const version = await versionOf(write(storage, 'a', 'short', { expiresAt: Date.now() + 50 }));
    while ((await storage.sweep()) === 0) await setTimeout(5);
    expect(await write(storage, 'a', 'late', { expect: { version } })).toEqual({ written: false, reason: 'missing' });
  });
});
