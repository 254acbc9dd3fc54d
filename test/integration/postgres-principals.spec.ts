import type { PrincipalIndex } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import { ManualClock } from 'nest-sessions/testing';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openPool, openStorage, postgresUrl } from '../support/postgres-pool.js';

const MANY = 50;
const options = { expiresAt: Date.now() + 3_600_000, begunAgo: 0 };

/** The index as so many processes have it: each by a connection of its own, which is open. */
async function indexes(): Promise<{ readonly table: string; readonly each: readonly PrincipalIndex[] }> {
  const { where, records } = await openStorage();
  const pools = Array.from({ length: MANY }, () => openPool({ max: 1 }));
  await Promise.all(pools.map((pool) => pool.query('SELECT 1')));
  return {
    table: `${records}_principals`,
    each: pools.map((pool) => new PostgresStorage(pool, where).principals),
  };
}

describe.runIf(postgresUrl)('principals of a PostgresStorage', () => {
  it('of fifty who add at once where five may be, five are there, in the order in which they came', async () => {
    const { each } = await indexes();
    const results = await Promise.all(each.map((index, n) => index.add('p', `id-${n}`, { ...options, limit: 5 })));
    const added = results.flatMap((result, n) => (result.added ? [{ id: `id-${n}`, at: result.at }] : []));
    expect(added).toHaveLength(5);
    const inOrder = added.toSorted((one, other) => one.at - other.at).map(({ id }) => id);
    expect((await each[0]!.entries('p')).map(({ id }) => id)).toEqual(inOrder);
    for (const result of results) {
      // Who was refused saw all that were there, and these were five
      if (!result.added) expect(result).toMatchObject({ reason: 'full', entries: inOrder.map((id) => ({ id })) });
    }
  });

  it('of fifty who add at once none is lost, and no two have the same place', async () => {
    const { each } = await indexes();
    const results = await Promise.all(each.map((index, n) => index.add('p', `id-${n}`, options)));
    const times = results.map((result) => (result.added ? result.at : NaN));
    const entries = await each[0]!.entries('p');
    expect(entries).toHaveLength(MANY);
    const order = times.map((at, n) => ({ at, id: `id-${n}` })).toSorted((one, other) => one.at - other.at);
    expect(entries.map(({ id }) => id)).toEqual(order.map(({ id }) => id));
    expect(new Set(times).size).toBe(MANY);
    const ages = entries.map(({ age }) => age);
    expect(ages).toEqual(ages.toSorted((one, other) => other - one));
  });

  it('those who add and remove at once lose nothing of each other', async () => {
    const { each } = await indexes();
    const leaving = each.slice(0, 25).map((_, n) => `leaving-${n}`);
    for (const id of leaving) await each[0]!.add('p', id, options);
    await Promise.all([
      ...leaving.map((id, n) => each[n]!.remove('p', id)),
      ...leaving.map((_, n) => each[25 + n]!.add('p', `coming-${n}`, options)),
    ]);
    const ids = (await each[0]!.entries('p')).map(({ id }) => id).toSorted();
    expect(ids).toEqual(leaving.map((_, n) => `coming-${n}`).toSorted());
  });

  it('one that is added anew at once by all is there once, and takes one place', async () => {
    const { each } = await indexes();
    await each[0]!.add('p', 'first', options);
    const results = await Promise.all(each.map((index) => index.add('p', 'same', { ...options, limit: 2 })));
    expect(results.every(({ added }) => added)).toBe(true);
    expect(await each[0]!.entries('p')).toMatchObject([{ id: 'first' }, { id: 'same' }]);
    expect(await each[0]!.add('p', 'third', { ...options, limit: 2 })).toMatchObject({ reason: 'full' });
  });

  it('who adds while the epoch is being raised is refused: its request has begun before', async () => {
    const { where, records, pool } = await openStorage();
    const [raising, adding] = [openPool({ max: 1 }), openPool({ max: 1 })];
    const index = new PostgresStorage(adding, where).principals;
    await index.add('p', 'a', options);
    const raiser = await raising.connect();
    await raiser.query('BEGIN');
    await raiser.query(`SELECT FROM ${records}_principals FOR UPDATE`);
    const added = index.add('p', 'b', options);
    const isWaiting = `SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`;
    while ((await pool.query<{ count: number }>(isWaiting)).rows[0]!.count === 0) await setTimeout(5);
    // Its request has begun before this, and it looks after this
    await raiser.query(`UPDATE ${records}_principals SET epoch_at = extract(epoch FROM clock_timestamp()) * 1000`);
    await raiser.query('COMMIT');
    raiser.release();
    expect(await added).toEqual({ added: false, reason: 'epoch' });
  });

  it('who waits for a connection while the epoch is raised is refused as well', async () => {
    const { where, pool } = await openStorage();
    const [adding, clock] = [openPool({ max: 1 }), new ManualClock()];
    const index = new PostgresStorage(adding, { ...where, clock }).principals;
    const holder = await adding.connect();
    const added = index.add('p', 'a', options);
    await new PostgresStorage(pool, where).principals.raiseEpoch('p');
    clock.advance(60_000);
    holder.release();
    expect(await added).toEqual({ added: false, reason: 'epoch' });
  });

  it('of those who add while one raises the epoch and ends all that are there, none is left', async () => {
    const { each } = await indexes();
    const [raiser, ...others] = each;
    const since = performance.now();
    const adding = others.map(async (index, n) => {
      const begunAgo = performance.now() - since;
      const result = await index.add('p', `id-${n}`, { ...options, begunAgo });
      const asked = performance.now() - since;
      return { id: `id-${n}`, held: result.added && (await index.holds('p', `id-${n}`, result.at - asked)) };
    });
    const ended = (await raiser!.raiseEpoch('p')).map(({ id }) => id);
    const kept = (await Promise.all(adding)).filter(({ held }) => held).map(({ id }) => id);
    // What was seen may think that it is held, for it is ended by whoever has seen it
    expect(kept.filter((id) => !ended.includes(id))).toEqual([]);
  });

  it('an entry expires by itself, and makes room', async () => {
    const { storage } = await openStorage();
    const { principals } = storage;
    const added = await principals.add('p', 'short', { expiresAt: Date.now() + 200, begunAgo: 0, limit: 1 });
    const since = added.added ? added.at : NaN;
    while ((await principals.entries('p')).length > 0) await setTimeout(5);
    expect(await principals.holds('p', 'short', since)).toBe(false);
    expect(await principals.add('p', 'next', { ...options, limit: 1 })).toMatchObject({ added: true });
  });
});
