import { setTimeout } from 'node:timers/promises';
import { ManualClock } from 'nest-sessions/testing';
import { PostgresStorage } from 'nest-sessions/postgres';
import { describe, expect, it } from 'vitest';
import { openPool, openStorage, postgresUrl, textOf, versionOf, write } from '../support/postgres-pool.js';

const DAY = 86_400_000;

describe.runIf(postgresUrl)('the expiry of a PostgresStorage', () => {
  it('is told by the database: the clocks of processes may be a day apart', async () => {
    const pool = openPool();
    const [early, late] = [new ManualClock(Date.now() - DAY), new ManualClock(Date.now() + DAY)];
    const { storage, where } = await openStorage({ clock: early }, pool);
    const other = new PostgresStorage(pool, { ...where, clock: late });
    await write(storage, 'a', 'by one', { expiresAt: early.now() + 60_000 });
    await write(other, 'b', 'by another', { expiresAt: late.now() + 60_000 });
    for (const id of ['a', 'b']) {
      for (const [one, clock] of [[storage, early] as const, [other, late] as const]) {
        const remaining = await one.read(id, async ({ expiresAt }) => expiresAt! - clock.now());
        expect(remaining).toBeLessThanOrEqual(60_000);
        expect(remaining).toBeGreaterThan(50_000);
      }
    }
  });

  it('comes by itself, when as much time has passed as was given', async () => {
    const { storage } = await openStorage();
    const begun = performance.now();
    const version = await versionOf(write(storage, 'a', 'short', { expiresAt: Date.now() + 400 }));
    while ((await textOf(storage, 'a')) !== undefined) await setTimeout(5);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(398);
    for (const expiresAt of [Date.now() + 1000, 0]) {
      const late = write(storage, 'a', 'late', { expect: { version }, expiresAt });
      expect(await late).toEqual({ written: false, reason: 'missing' });
    }
    expect(await write(storage, 'a', 'new', { expect: 'absent' })).toMatchObject({ written: true });
    expect(await textOf(storage, 'a')).toBe('new');
  });

  it('a write that waits for a connection gives no more time than it was to', async () => {
    const clock = new ManualClock();
    const { storage, pool } = await openStorage({ clock }, openPool({ max: 1 }));
    const holder = await pool.connect();
    const expiresAt = clock.now() + 90_000;
    const written = write(storage, 'a', 'waiting', { expiresAt });
    while (pool.waitingCount === 0) await setTimeout(5);
    clock.advance(60_000);
    holder.release();
    await written;
    const told = await storage.read('a', async (entry) => entry.expiresAt!);
    expect(told).toBeLessThanOrEqual(expiresAt);
    expect(told).toBeGreaterThan(expiresAt - 20_000);
  });

  it('a write that waits for the table looks at the clock when it gets it', async () => {
    const pool = openPool();
    const { storage, records } = await openStorage({}, pool);
    const expiresAt = Date.now() + 1500;
    const version = await versionOf(write(storage, 'a', 'old', { expiresAt }));
    const holder = await pool.connect();
    await holder.query(`BEGIN; LOCK TABLE ${records} IN ACCESS EXCLUSIVE MODE`);
    const change = write(storage, 'a', 'late', { expect: { version } });
    const isWaiting = `SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted AND relation = '${records}'::regclass`;
    while ((await pool.query<{ count: number }>(isWaiting)).rows[0]!.count === 0) await setTimeout(5);
    expect(Date.now()).toBeLessThan(expiresAt);
    while (Date.now() < expiresAt + 50) await setTimeout(5);
    await holder.query('COMMIT');
    holder.release();
    expect(await change).toEqual({ written: false, reason: 'missing' });
  });

  it.each([Number.MAX_SAFE_INTEGER, Infinity])('may lie as far ahead as %d', async (expiresAt) => {
    const { storage } = await openStorage();
    await write(storage, 'a', 'for ever', { expiresAt });
    const told = await storage.read('a', async (entry) => entry.expiresAt);
    expect(told).toBeGreaterThan(Number.MAX_SAFE_INTEGER / 2);
    const added = await storage.principals.add('p', 'a', { expiresAt, begunAgo: 0 });
    expect(added).toMatchObject({ added: true });
    await storage.principals.remove('p', 'b');
    expect(await storage.principals.entries('p')).toMatchObject([{ id: 'a' }]);
  });
});
