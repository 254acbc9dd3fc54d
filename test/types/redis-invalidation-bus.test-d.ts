import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { CacheStorage, type InvalidationBus } from 'nest-sessions';
import { RedisInvalidationBus, RedisStorage, type RedisBusClient } from 'nest-sessions/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  createClient as createClient5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis-5';

const nodes = { rootNodes: [{ url: 'redis://localhost' }] };
const sentinels = { name: 'main', sentinelRootNodes: [{ host: 'localhost', port: 26379 }] };

/** What all is a client, as its driver types it. */
export const clients: readonly RedisBusClient[] = [
  createClient(),
  createClient({ RESP: 2 }),
  createCluster(nodes),
  createSentinel(sentinels),
  createClient5(),
  createClient5({ RESP: 3 }),
  createCluster5(nodes),
  createSentinel5(sentinels),
  new Redis(),
  new Redis({ sentinels: [], name: 'main' }),
  new Cluster([]),
  new Redis5(),
  new Cluster5([]),
];

// @ts-expect-error a pool has no connection to be duplicated
export const pool: RedisBusClient = createClientPool();

// @ts-expect-error no client
export const none: RedisBusClient = {};

const client = new Redis();
export const bus: InvalidationBus = new RedisInvalidationBus(client, { channel: 'shop' });
export const cache = new CacheStorage(new RedisStorage(client), { bus });

// @ts-expect-error no such option
export const misspelt = new RedisInvalidationBus(client, { chanel: 'shop' });
