import { setTimeout } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis-5';
import { streamOf } from 'nest-sessions';
import { RedisStorage, type RedisStorageClient } from 'nest-sessions/redis';
import { storageConformance } from 'nest-sessions/testing';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis-5';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectNodeRedis, newPrefix, openRedis, quietIoRedis, readsOf, type NodeRedis } from '../support/redis.js';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster.js';

let cluster: RedisCluster;

beforeAll(async () => {
  if (inject('redisUrl') !== null) cluster = await startRedisCluster();
}, 60_000);

afterAll(() => cluster?.remove());

interface Open {
  readonly client: RedisStorageClient;
  close(): unknown;
}

/** What takes time, and is nothing to a cluster. */
const SLOW = /MiB|all of the old bytes|no method takes the id/;

const urls = () => cluster.masters.map(({ url }) => url);
const nodes = () => urls().map((url) => ({ url }));

const drivers: readonly (readonly [name: string, open: () => Promise<Open>])[] = [
  ['redis 6', async () => ofNodeRedis(createCluster({ rootNodes: nodes(), useReplicas: true }))],
  ['redis 5', async () => ofNodeRedis(createCluster5({ rootNodes: nodes(), useReplicas: true }))],
  ['ioredis 6', async () => ofIoRedis(new Cluster(urls()))],
  ['ioredis 5', async () => ofIoRedis(new Cluster5(urls()))],
  ['ioredis 6 with a prefix of its own', async () => ofIoRedis(new Cluster(urls(), { keyPrefix: 'app:' }))],
];

describe.runIf(inject('redisUrl') !== null).each(drivers)('RedisStorage on a cluster by %s', (_, open) => {
  let opened: Open;

  beforeAll(async () => void (opened = await open()));

  afterAll(() => opened?.close());

  const all = storageConformance({
    create: (clock) => new RedisStorage(opened.client, { prefix: newPrefix(), clock }),
    principals: true,
    // A server's time cannot be moved; what needs more of it is tried on one server alone
    expires: false,
    async pass(milliseconds, clock) {
      clock.advance(milliseconds);
      if (milliseconds <= 100) await setTimeout(milliseconds);
    },
  });

  it.each(all.filter(({ name }) => !SLOW.test(name)))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  it('spreads its records over all servers', async () => {
    const prefix = newPrefix();
    const storage = new RedisStorage(opened.client, { prefix });
    const ids = Array.from({ length: 60 }, (__, index) => `id${index}`);
    for (const id of ids) {
      await storage.write(id, streamOf(Buffer.from(id)), { expiresAt: Date.now() + 60_000, expect: 'absent' });
    }
    const counts = await Promise.all(
      cluster.masters.map(async ({ url }) => {
        const redis = openRedis('redis 6', url);
        const keys = (await redis.command('KEYS', `*${prefix}*`)) as string[];
        redis.close();
        return keys.length;
      }),
    );
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(60);
    for (const id of ids) expect(await storage.read(id, async ({ stream }) => String(stream.bytes))).toBe(id);
    for (const id of ids) expect(await storage.invalidate(id)).toBe(true);
  });

  it('asks no replica for anything', async () => {
    expect(await readsOf(cluster.masters[0]!.url)).toBeGreaterThan(0);
    expect(await readsOf(cluster.replica.url)).toBe(0);
  });
});

async function ofNodeRedis(given: NodeRedis): Promise<Open> {
  const client = await connectNodeRedis(given);
  return { client, close: () => client.destroy() };
}

function ofIoRedis(client: Cluster | Cluster5): Open {
  return { client: quietIoRedis(client), close: () => client.disconnect() };
}
