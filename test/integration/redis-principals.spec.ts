import { EPOCH_MEMORY, type AddResult } from 'nest-sessions';
import { RedisStorage } from 'nest-sessions/redis';
import type { ManualClock } from 'nest-sessions/testing';
import { describe, expect, inject, it, vi } from 'vitest';
import { ConformanceBench } from '../../src/testing/conformance/conformance-bench.js';
import { principalCases } from '../../src/testing/conformance/principal-cases.js';
import { newPrefix, REDIS_DRIVERS, redisOf, type OpenRedis } from '../support/redis.js';

const describeRedis = describe.runIf(inject('redisUrl') !== null);

/** The server's time, in milliseconds. */
async function timeOf({ command }: OpenRedis): Promise<number> {
  const [seconds, micros] = (await command('TIME')) as [string, string];
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** Waits until so many milliseconds have passed at the server, whose time cannot be moved. */
async function pass(redis: OpenRedis, milliseconds: number, clock: ManualClock): Promise<void> {
  const end = (await timeOf(redis)) + milliseconds;
  clock.advance(milliseconds);
  await vi.waitUntil(async () => (await timeOf(redis)) >= end, { timeout: 30_000, interval: 5 });
}

describeRedis.each(REDIS_DRIVERS)('principals of a RedisStorage by %s, in the time of the server', (driver) => {
  const redis = () => redisOf(driver);

  it.each(principalCases(true))('$name', async ({ check }) => {
    const bench = new ConformanceBench({
      create: (clock) => new RedisStorage(redis().client, { prefix: newPrefix(), clock }),
      pass: (milliseconds, clock) => pass(redis(), milliseconds, clock),
    });
    await bench.create();
    await check(bench);
  });
});

describeRedis('principals of a RedisStorage', () => {
  const begin = (prefix = newPrefix()) => {
    const storages = REDIS_DRIVERS.map((driver) => new RedisStorage(redisOf(driver).client, { prefix }));
    const redis = redisOf('redis 6');
    return {
      indexes: storages.map(({ principals }) => principals),
      index: storages[0]!.principals,
      left: async (name: string) => Number(await redis.command('PTTL', `${prefix}principal:{p}:${name}`)),
      keys: async () =>
        ((await redis.command('KEYS', `${prefix}*`)) as string[]).map((key) => key.slice(prefix.length)),
    };
  };
  const soon = (milliseconds: number) => ({ expiresAt: Date.now() + milliseconds, begunAgo: 0 });

  it('never go beyond a limit, whoever adds at once', async () => {
    const { indexes, index } = begin();
    const results = await Promise.all(
      Array.from({ length: 80 }, (_, count) => indexes[count % 4]!.add('p', `id${count}`, { ...soon(9000), limit: 5 })),
    );
    const entries = await index.entries('p');
    expect(entries).toHaveLength(5);
    const added = results.flatMap(({ added: isAdded }, count) => (isAdded ? [`id${count}`] : []));
    expect(entries.map(({ id }) => id).toSorted()).toEqual(added.toSorted());
    const full = results.filter((result): result is Extract<AddResult, { reason: 'full' }> => 'entries' in result);
    expect(full).toHaveLength(75);
    for (const { entries: told } of full) expect(told.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
  });

  it('keep their keys as long as the last of their entries lives', async () => {
    const { index, left, keys } = begin();
    await index.add('p', 'long', soon(60_000));
    await index.add('p', 'short', soon(5_000));
    expect((await keys()).toSorted()).toEqual(['principal:{p}:entries', 'principal:{p}:expiries']);
    for (const name of ['entries', 'expiries']) {
      expect(await left(name)).toBeGreaterThan(50_000);
      expect(await left(name)).toBeLessThanOrEqual(60_000);
    }
    await index.add('p', 'long', soon(1_000));
    for (const name of ['entries', 'expiries']) expect(await left(name)).toBeLessThanOrEqual(5_000);
  });

  it('leave no key when their entries have expired, or were removed', async () => {
    const { index, keys } = begin();
    await index.add('p', 'a', soon(30));
    await index.add('q', 'b', soon(9000));
    await index.remove('q', 'b');
    await vi.waitUntil(async () => (await keys()).length === 0, { timeout: 30_000, interval: 5 });
    expect(await index.entries('p')).toEqual([]);
    await index.add('p', 'over', soon(-1000));
    expect(await keys()).toEqual([]);
  });

  it('remember an epoch for a day, beside which nothing is kept', async () => {
    const { index, left, keys } = begin();
    await index.raiseEpoch('p', 'a');
    expect(await keys()).toEqual(['principal:{p}:epoch']);
    expect(await left('epoch')).toBeGreaterThan(EPOCH_MEMORY - 10_000);
    expect(await left('epoch')).toBeLessThanOrEqual(EPOCH_MEMORY + 1000);
  });

  it('neither hold nor tell of an entry that has expired, before anybody has tidied up', async () => {
    const { index } = begin();
    const added = await index.add('p', 'short', soon(30));
    await index.add('p', 'long', soon(60_000));
    const at = added.added ? added.at : expect.unreachable();
    await vi.waitUntil(async () => !(await index.holds('p', 'short', at)), { timeout: 5_000, interval: 5 });
    expect(await index.holds('p', 'long', at)).toBe(true);
    expect((await index.raiseEpoch('p')).map(({ id }) => id)).toEqual(['long']);
  });

  it('keep an epoch that the clock of the server has gone behind', async () => {
    const prefix = newPrefix();
    const { index } = begin(prefix);
    const redis = redisOf('redis 6');
    const key = `${prefix}principal:{p}:epoch`;
    await index.raiseEpoch('p');
    const later = String((Date.now() + 60_000) * 1000);
    await redis.command('HSET', key, 'at', later);
    await index.raiseEpoch('p');
    expect(await redis.command('HGET', key, 'at')).toBe(later);
    expect(await index.add('p', 'a', soon(9000))).toEqual({ added: false, reason: 'epoch' });
  });

  it('are refused where somebody else has stored something else', async () => {
    const prefix = newPrefix();
    const { index } = begin(prefix);
    for (const name of ['entries', 'expiries', 'epoch'])
      await redisOf('redis 6').command('SET', `${prefix}principal:{p}:${name}`, 'x');
    for (const call of [
      index.add('p', 'a', soon(9000)),
      index.holds('p', 'a', 0),
      index.entries('p'),
      index.raiseEpoch('p'),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' });
    }
  });
});
