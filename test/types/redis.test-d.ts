import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { CacheStorage, SessionsModule, type PrincipalIndex } from 'nest-sessions';
import {
  REDIS_STORAGE_CLIENT,
  REDIS_STORAGE_OPTIONS,
  RedisStorage,
  type RedisStorageClient,
  type RedisStorageOptions,
} from 'nest-sessions/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis-5';

const nodes = { rootNodes: [{ url: 'redis://localhost' }] };
const sentinels = { name: 'main', sentinelRootNodes: [{ host: 'localhost', port: 26379 }] };

/** What all is a client, as its driver types it. */
export const clients: readonly RedisStorageClient[] = [
  createClient(),
  createClient({ RESP: 2 }),
  createClient({ RESP: 3, commandOptions: { timeout: 5 } }),
  createClient().withTypeMapping({ 36: Buffer }),
  createClientPool(),
  createCluster(nodes),
  createSentinel(sentinels),
  createClient5(),
  createClient5({ RESP: 3 }),
  createClientPool5(),
  createCluster5(nodes),
  createSentinel5(sentinels),
  new Redis(),
  new Redis({ sentinels: [], name: 'main' }),
  new Cluster([]),
  new Redis5(),
  new Cluster5([]),
];

// @ts-expect-error no client
export const none: RedisStorageClient = {};

// @ts-expect-error the driver itself
export const driver: RedisStorageClient = createClient;

// @ts-expect-error it answers in callbacks
export const legacy: RedisStorageClient = createClient().legacy();

// @ts-expect-error it queues
export const pipeline: RedisStorageClient = new Redis().pipeline();

export const storages = [
  new RedisStorage(createClient()),
  new RedisStorage(new Redis(), { prefix: 'shop:', maxBytes: 1000 }),
  new CacheStorage(new RedisStorage(createCluster(nodes))),
];

export const index: PrincipalIndex = new RedisStorage(createClient()).principals;

export const wrong = [
  // @ts-expect-error needed
  new RedisStorage(),
  // @ts-expect-error no text
  new RedisStorage(createClient(), { prefix: 5 }),
  // @ts-expect-error no option
  new RedisStorage(createClient(), { ttl: 5 }),
];

const options: RedisStorageOptions = { prefix: 'shop:' };

export const modules = [
  SessionsModule.forRoot({ storage: new RedisStorage(createClient()) }),
  SessionsModule.forRoot({
    storage: RedisStorage,
    providers: [
      { provide: REDIS_STORAGE_CLIENT, useFactory: () => createClient().connect() },
      { provide: REDIS_STORAGE_OPTIONS, useValue: options },
    ],
  }),
  SessionsModule.forRoot({
    storage: { useFactory: (client: Redis) => new RedisStorage(client), inject: [REDIS_STORAGE_CLIENT] },
  }),
];
