import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { streamOf } from 'nest-sessions';
import { RedisStorage, type RedisStorageClient } from 'nest-sessions/redis';
import { createSentinel } from 'redis';
import { createSentinel as createSentinel5 } from 'redis-5';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { connectNodeRedis, newPrefix, quietIoRedis, readsOf, type NodeRedis } from '../support/redis.js';
import { startRedisSentinel, type RedisSentinel } from '../support/redis-sentinel.js';

let group: RedisSentinel;

beforeAll(async () => {
  if (inject('redisUrl') !== null) group = await startRedisSentinel();
}, 60_000);

afterAll(() => group?.remove());

const sentinel = () => ({ host: '127.0.0.1', port: group.port });
const groupOf = () => ({ name: group.name, sentinelRootNodes: [sentinel()] });

const drivers: readonly (readonly [name: string, open: () => Promise<RedisStorageClient>])[] = [
  ['redis 6', () => ofNodeRedis(createSentinel({ ...groupOf(), replicaPoolSize: 1 }))],
  ['redis 5', () => ofNodeRedis(createSentinel5({ ...groupOf(), replicaPoolSize: 1 }))],
  ['ioredis 6', async () => ofIoRedis(new Redis({ name: group.name, sentinels: [sentinel()] }))],
  ['ioredis 5', async () => ofIoRedis(new Redis5({ name: group.name, sentinels: [sentinel()] }))],
];

describe.runIf(inject('redisUrl') !== null)('RedisStorage behind Sentinel', () => {
  const open = async () => {
    const prefix = newPrefix();
    return Promise.all(
      drivers.map(async ([name, connect]) => {
        const storage = new RedisStorage(await connect(), { prefix: `${prefix}${name}:` });
        const write = (expected: 'absent' | { readonly version: string }, text: string) =>
          storage.write('a', streamOf(Buffer.from(text)), { expiresAt: Date.now() + 60_000, expect: expected });
        const text = () => storage.read('a', async ({ stream }) => String(stream.bytes));
        const version = async () => (await storage.read('a', async (entry) => entry.version)) ?? '';
        return { name, storage, write, text, version };
      }),
    );
  };

  it('reads, writes and ends on the master; and on the new one, when that is gone', { timeout: 60_000 }, async () => {
    const storages = await open();
    for (const { write, text, version, storage } of storages) {
      expect(await write('absent', 'one')).toMatchObject({ written: true });
      expect(await write({ version: await version() }, 'two')).toMatchObject({ written: true });
      expect(await text()).toBe('two');
      expect(await storage.principals.add('p', 'a', { expiresAt: Date.now() + 60_000, begunAgo: 0 })).toMatchObject({
        added: true,
      });
      expect(await storage.invalidate('a')).toBe(true);
      expect(await text()).toBeUndefined();
    }
    expect(await readsOf(group.replica.url)).toBe(0);
    await group.master.process.stop('SIGKILL');
    for (const { name, write, text, version } of storages) {
      expect([name, await eventually(async () => (await write('absent', name)).written)]).toEqual([name, true]);
      // The script is unknown to the new master
      expect([name, await write({ version: await version() }, `${name} again`)]).toMatchObject([
        name,
        { written: true },
      ]);
      expect(await text()).toBe(`${name} again`);
    }
  });
});

/** Tries until nothing fails. */
async function eventually<R>(work: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch {
      await setTimeout(50);
    }
  }
}

async function ofNodeRedis(client: NodeRedis): Promise<RedisStorageClient> {
  onTestFinished(() => void client.destroy());
  return connectNodeRedis(client);
}

function ofIoRedis(client: Redis | Redis5): RedisStorageClient {
  onTestFinished(() => client.disconnect());
  return quietIoRedis(client);
}
