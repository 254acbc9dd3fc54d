import { setTimeout } from 'node:timers/promises';
import { SessionStorageError } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { newTables, openPool, openStorage, postgresUrl, textOf, versionOf, write } from '../support/postgres-pool.js';
import { startPostgres } from '../support/servers/postgres-server.js';

/** Lets other statements wait for a table, until it is called. */
async function lock(records: string): Promise<() => Promise<void>> {
  const client = new pg.Client(postgresUrl);
  onTestFinished(() => client.end());
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${records} IN ACCESS EXCLUSIVE MODE`);
  return async () => void (await client.query('COMMIT'));
}

async function hasWaiting(records: string): Promise<void> {
  const pool = openPool();
  const text = `SELECT FROM pg_locks WHERE NOT granted AND relation = '${records}'::regclass`;
  while ((await pool.query(text)).rowCount === 0) await setTimeout(5);
}

describe.runIf(postgresUrl)('a PostgresStorage that nobody waits for any more', () => {
  it('a write that waits for a connection of its pool is never sent', async () => {
    const { storage, pool, where } = await openStorage({}, openPool({ max: 1 }));
    const truth = new PostgresStorage(openPool(), where);
    const holder = await pool.connect();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = [
      write(storage, 'a', 'late', { signal }),
      write(storage, 'b', 'late', { signal, expect: 'absent' }),
      storage.read('c', async () => 'read', { signal }),
    ];
    const unaffected = write(storage, 'd', 'in time');
    while (pool.waitingCount < 4) await setTimeout(5);
    controller.abort();
    holder.release();
    const reason = new SessionStorageError('Cannot go on: nobody waits for it any more');
    const refused = waiting.map((call) => expect(call).rejects.toEqual(reason));
    await Promise.all([...refused, unaffected]);
    for (const id of ['a', 'b']) expect(await textOf(truth, id)).toBeUndefined();
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
  });

  it('a write that stands in the line of a client is never sent', async () => {
    const client = new pg.Client(postgresUrl);
    onTestFinished(() => client.end());
    await client.connect();
    const { where, records, storage: truth } = await openStorage();
    const storage = new PostgresStorage(client, where);
    const unlock = await lock(records);
    const first = write(storage, 'a', 'sent');
    await hasWaiting(records);
    const controller = new AbortController();
    const late = write(storage, 'b', 'late', { signal: controller.signal });
    const next = write(storage, 'c', 'next');
    controller.abort();
    await Promise.all([
      unlock(),
      expect(late).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' }),
      ...[first, next].map((call) => expect(call).resolves.toMatchObject({ written: true })),
    ]);
    expect(await Promise.all(['a', 'b', 'c'].map((id) => textOf(truth, id)))).toEqual(['sent', undefined, 'next']);
  });

  it('a statement under way gives its place in the pool to others, and its connection is closed', async () => {
    const { storage, pool, records } = await openStorage({}, openPool({ max: 1 }));
    const version = await versionOf(write(storage, 'a', 'one'));
    const unlock = await lock(records);
    const controller = new AbortController();
    const slow = write(storage, 'a', 'two', { expect: { version }, signal: controller.signal });
    await hasWaiting(records);
    expect(pool.idleCount).toBe(0);
    controller.abort();
    const cause = { message: 'Connection terminated' };
    await expect(slow).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE', cause });
    // There is room for another, whatever has become of the first
    expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    await unlock();
    expect(await textOf(storage, 'a')).toMatch(/^(one|two)$/);
  });

  it('a statement for which the pool has no more patience leaves no connection that is busy with it', async () => {
    const { records, where } = await openStorage();
    const pool = openPool({ max: 1, query_timeout: 500 });
    const storage = new PostgresStorage(pool, where);
    const unlock = await lock(records);
    const cause = { message: 'Query read timeout' };
    await expect(write(storage, 'a', 'slow')).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE', cause });
    expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    await unlock();
  });

  it('the signal is let go of when the statement is done', async () => {
    const { storage, pool } = await openStorage();
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, 'addEventListener');
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    await write(storage, 'a', 'bytes', { signal: controller.signal });
    await storage.read('a', async () => {}, { signal: controller.signal });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
    controller.abort();
    expect(pool.totalCount).toBe(pool.idleCount);
    expect(await textOf(storage, 'a')).toBe('bytes');
  });
});

describe.runIf(postgresUrl)('a PostgresStorage whose server is restarted', { timeout: 60_000 }, () => {
  it('survives that, tells who listens, and goes on by new connections', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const [silent, loud] = Array.from({ length: 2 }, () => openPool({ connectionString: server.url }));
    const heard: Error[] = [];
    loud!.on('error', (error) => heard.push(error));
    const client = new pg.Client(server.url);
    await client.connect();
    const tables = newTables();
    const storages = [silent!, loud!, client].map((pool) => new PostgresStorage(pool, tables));
    for (const storage of storages) await storage.ensureSchema();
    await write(storages[0]!, 'a', 'kept');
    await server.process.stop('SIGINT');
    await expect(textOf(storages[0]!, 'a')).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' });
    await server.process.start();
    for (const storage of storages.slice(0, 2)) expect(await textOf(storage, 'a')).toBe('kept');
    expect(heard.length).toBeGreaterThan(0);
    // A client is one connection
    await expect(textOf(storages[2]!, 'a')).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' });
  });
});
