import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { RedisStorage, type RedisStorageClient } from 'nest-sessions/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-5';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const REMOTE = 'redis://ada:sesame@redis.example.com:6380/2';
const REMOTE_TLS = REMOTE.replace('redis:', 'rediss:');
const lazy = { lazyConnect: true } as const;
const remote = { host: 'redis.example.com', port: 6379 };
const local = { host: 'localhost', port: 6379 };
const sentinel = { ...lazy, name: 'main', password: 'sesame' };

/** Made, not connected. */
const warned: Readonly<Record<string, () => RedisStorageClient>> = {
  'redis 6, by URL': () => createClient({ url: REMOTE }),
  'redis 6, by host': () => createClient({ socket: remote, password: 'sesame' }),
  'redis 6, by an address of a private net': () => createClient({ url: 'redis://10.0.0.5' }),
  'redis 6, a cluster by URL': () => createCluster({ rootNodes: [{ url: 'redis://localhost' }, { url: REMOTE }] }),
  'redis 6, a cluster by host': () => createCluster({ rootNodes: [{ socket: remote }] }),
  'redis 5, by URL': () => createClient5({ url: REMOTE }),
  'redis 5, by host': () => createClient5({ socket: remote }),
  'redis 5, a cluster by URL': () => createCluster5({ rootNodes: [{ url: REMOTE }] }),
  'ioredis 6, by URL': () => new Redis(REMOTE, lazy),
  'ioredis 6, by host': () => new Redis({ ...lazy, ...remote, password: 'sesame' }),
  'ioredis 6, a cluster by URL': () => new Cluster([REMOTE], lazy),
  'ioredis 6, a cluster by host': () => new Cluster([6379, local, remote], lazy),
  'ioredis 6, sentinels': () => new Redis({ ...sentinel, sentinels: [remote] }),
  'ioredis 6, sentinels whose TLS is not for servers': () => new Redis({ ...sentinel, sentinels: [remote], tls: {} }),
  'ioredis 5, by URL': () => new Redis5(REMOTE, lazy),
  'ioredis 5, a cluster by URL': () => new Cluster5([REMOTE], lazy),
  'ioredis 5, sentinels': () => new Redis5({ ...sentinel, sentinels: [remote] }),
};

const silent: Readonly<Record<string, () => RedisStorageClient>> = {
  'redis 6, by rediss://': () => createClient({ url: REMOTE_TLS }),
  'redis 6, with TLS': () => createClient({ socket: { ...remote, tls: true } }),
  'redis 6, without options': () => createClient(),
  'redis 6, on this machine': () => createClient({ url: 'redis://localhost:6379' }),
  'redis 6, by an address of this machine': () => createClient({ url: 'redis://127.0.0.53' }),
  'redis 6, by an IPv6 address of this machine': () => createClient({ url: 'redis://[::1]:6379' }),
  'redis 6, by a socket': () => createClient({ socket: { path: '/run/redis.sock', tls: false } }),
  'redis 6, a cluster by rediss://': () => createCluster({ rootNodes: [{ url: REMOTE_TLS }] }),
  'redis 6, a cluster with TLS for all': () =>
    createCluster({ rootNodes: [{ socket: remote }], defaults: { socket: { tls: true } } }),
  'redis 6, a pool, which does not tell': () => createClientPool({ url: REMOTE }),
  'redis 6, sentinels, which do not tell': () => createSentinel({ name: 'main', sentinelRootNodes: [remote] }),
  'redis 5, by rediss://': () => createClient5({ url: REMOTE_TLS }),
  'redis 5, on this machine': () => createClient5(),
  'ioredis 6, by rediss://': () => new Redis(REMOTE_TLS, lazy),
  'ioredis 6, with TLS': () => new Redis({ ...lazy, ...remote, tls: {} }),
  'ioredis 6, on this machine': () => new Redis(lazy),
  'ioredis 6, by a socket': () => new Redis('/run/redis.sock', lazy),
  'ioredis 6, a cluster by rediss://': () => new Cluster([REMOTE_TLS], lazy),
  'ioredis 6, a cluster with TLS': () => new Cluster([remote], { ...lazy, redisOptions: { tls: {} } }),
  'ioredis 6, a cluster on this machine': () => new Cluster([6379, 'redis://localhost', local], lazy),
  'ioredis 6, sentinels with TLS': () =>
    new Redis({ ...sentinel, sentinels: [remote], tls: {}, enableTLSForSentinelMode: true }),
  'ioredis 5, by rediss://': () => new Redis5(REMOTE_TLS, lazy),
  'ioredis 5, on this machine': () => new Redis5(lazy),
};

const storageOf = (client: RedisStorageClient, prefix = 'session:') => new RedisStorage(client, { prefix });

describe('a RedisStorage in production', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});

  beforeEach(() => {
    vi.stubEnv('NODE_ENV', 'production');
    warn.mockClear();
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(Object.entries(warned))('warns once of %s, naming host and cure and no password', (_, create) => {
    const client = create();
    storageOf(client);
    storageOf(client, 'other:');
    expect(warn).toHaveBeenCalledOnce();
    const [message, kind] = warn.mock.calls[0] as unknown as [string, string];
    expect(kind).toBe('NestSessionsWarning');
    expect(message).toMatch(
      /^Sessions travel to Redis at (redis\.example\.com|10\.0\.0\.5) without TLS: connect by rediss:\/\/, or with the option tls of the client$/,
    );
  });

  it('warns of each client', () => {
    for (let count = 0; count < 2; count++) storageOf(createClient({ url: REMOTE }));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it.each(Object.entries(silent))('does not warn of %s', (_, create) => {
    storageOf(create());
    expect(warn).not.toHaveBeenCalled();
  });

  it('does not warn elsewhere', () => {
    for (const environment of ['development', 'test', '']) {
      vi.stubEnv('NODE_ENV', environment);
      storageOf(createClient({ url: REMOTE }));
    }
    expect(warn).not.toHaveBeenCalled();
  });
});
