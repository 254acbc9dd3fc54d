import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { Test } from '@nestjs/testing';
import { SessionsModule, SessionStorageMemory, getStorageToken } from 'nest-sessions';
import {
  REDIS_STORAGE_CLIENT,
  REDIS_STORAGE_OPTIONS,
  RedisStorage,
  type RedisStorageClient,
} from 'nest-sessions/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from 'redis-5';
import { describe, expect, it } from 'vitest';

/** None of these connects to anything. */
const lazy = { lazyConnect: true } as const;
const nodes = { rootNodes: [{ url: 'redis://localhost' }] };
const sentinels = { name: 'main', sentinelRootNodes: [{ host: 'localhost', port: 26379 }] };
const groups = { sentinels: [{ host: 'localhost', port: 26379 }], name: 'main' };

const clients: Readonly<Record<string, () => RedisStorageClient>> = {
  'a client of redis 6': () => createClient(),
  'a client of redis 6 with RESP 2': () => createClient({ RESP: 2 }),
  'a client of redis 6 with options of its commands': () => createClient().withTypeMapping({ 36: String }),
  'a pool of redis 6': () => createClientPool(),
  'a cluster of redis 6': () => createCluster(nodes),
  'sentinels of redis 6': () => createSentinel(sentinels),
  'a client of redis 5': () => createClient5(),
  'a pool of redis 5': () => createClientPool5(),
  'a cluster of redis 5': () => createCluster5(nodes),
  'sentinels of redis 5': () => createSentinel5(sentinels),
  'a client of ioredis 6': () => new Redis(lazy),
  'a cluster of ioredis 6': () => new Cluster(['redis://localhost'], lazy),
  'sentinels of ioredis 6': () => new Redis({ ...lazy, ...groups }),
  'a client of ioredis 5': () => new Redis5(lazy),
  'a cluster of ioredis 5': () => new Cluster5(['redis://localhost'], lazy),
  'sentinels of ioredis 5': () => new Redis5({ ...lazy, ...groups }),
};

const CURE =
  'Cannot create RedisStorage: its client must be one of redis 5 or 6, or of ioredis 5 or 6: ' +
  'give one, or provide REDIS_STORAGE_CLIENT';

describe('new RedisStorage()', () => {
  it.each(Object.entries(clients))('takes %s', (_, create) => {
    expect(new RedisStorage(create()).conditionalWrites).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a URL', 'redis://localhost'],
    ['options', { host: 'localhost' }],
    ['a function', createClient],
    ['what redis 4 has', { isOpen: true, sendCommand: async () => 'OK' }],
    ['the callbacks of redis 3', createClient().legacy()],
    ['what queues commands', new Redis(lazy).pipeline()],
  ])('refuses %s, naming the cure', (_, client) => {
    expect(() => new RedisStorage(client as unknown as RedisStorageClient)).toThrow(new TypeError(CURE));
  });

  it.each([
    [
      'a cluster of ioredis 6',
      () => new Cluster(['redis://localhost'], { ...lazy, scaleReads: 'slave' }),
      'scaleReads',
    ],
    ['a cluster of ioredis 5', () => new Cluster5(['redis://localhost'], { ...lazy, scaleReads: 'all' }), 'scaleReads'],
    ['sentinels of ioredis 6', () => new Redis({ ...lazy, ...groups, role: 'slave' }), 'role'],
    ['sentinels of ioredis 5', () => new Redis5({ ...lazy, ...groups, role: 'slave' }), 'role'],
  ])('refuses %s that would read from replicas', (_, create, option) => {
    expect(() => new RedisStorage(create())).toThrow(
      new TypeError(`Cannot create RedisStorage: its client reads from replicas: leave out ${option}`),
    );
  });

  it('refuses options that are wrong', () => {
    expect(() => new RedisStorage(createClient(), { prefix: 5 as never })).toThrow('prefix must be a text');
  });
});

describe('RedisStorage as a class', () => {
  const built = async (...providers: readonly { readonly provide: symbol; readonly useValue: unknown }[]) => {
    const imports = [SessionsModule.forRoot({ storage: RedisStorage, providers: [...providers] })];
    const testing = await Test.createTestingModule({ imports }).compile();
    return testing.get<unknown>(getStorageToken(), { strict: false });
  };

  it('takes its client, and its options if there are some, from their tokens', async () => {
    const client = { provide: REDIS_STORAGE_CLIENT, useValue: createClient() };
    expect(await built(client)).toBeInstanceOf(RedisStorage);
    expect(await built(client, { provide: REDIS_STORAGE_OPTIONS, useValue: { prefix: 'a:' } })).toBeInstanceOf(
      RedisStorage,
    );
    const wrong = { provide: REDIS_STORAGE_OPTIONS, useValue: { prefix: 5 } };
    await expect(built(client, wrong)).rejects.toThrow('prefix must be a text');
    expect(await built(client)).not.toBeInstanceOf(SessionStorageMemory);
  });

  it('stops the app at start without a client', async () => {
    await expect(built()).rejects.toThrow(CURE);
  });
});
