import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import type { NodeRedisClient, RedisStorageClient } from 'nest-sessions/redis';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import { afterAll, inject } from 'vitest';

/** The drivers that people bring, each with its version. */
export const REDIS_DRIVERS = ['redis 6', 'redis 5', 'ioredis 6', 'ioredis 5'] as const;

export type RedisDriver = (typeof REDIS_DRIVERS)[number];

/** A client that a test has opened. */
export interface OpenRedis {
  readonly client: RedisStorageClient;
  /** Sends a command past the library; bulk strings come as text. */
  command(name: string, ...args: string[]): Promise<unknown>;
  /** Closes the client, at once. */
  close(): void;
}

/** Connects to a server; what is sent before that has worked waits in the driver. */
const CONNECT: Readonly<Record<RedisDriver, (url: string) => OpenRedis>> = {
  'redis 6': (url) => nodeRedis(createClient({ url })),
  'redis 5': (url) => nodeRedis(createClient5({ url })),
  'ioredis 6': (url) => ioredis(new Redis(url)),
  'ioredis 5': (url) => ioredis(new Redis5(url)),
};

/** All keys of this spec file begin with it. */
const FILE = `test:${randomUUID()}:`;
const shared = new Map<RedisDriver, OpenRedis>();
let prefixes = 0;

/** Opens a client of a server; the caller closes it. */
export function openRedis(driver: RedisDriver, url: string): OpenRedis {
  return CONNECT[driver](url);
}

/** How many commands that read a session, or may, a server has run: a replica runs what changes one in another form. */
export async function readsOf(url: string): Promise<number> {
  const redis = openRedis('redis 6', url);
  const stats = String(await redis.command('INFO', 'commandstats'));
  redis.close();
  const calls = [...stats.matchAll(/^cmdstat_(?:get|getrange|evalsha|eval):calls=(\d+)/gm)].map((line) =>
    Number(line[1]),
  );
  return calls.reduce((sum, count) => sum + count, 0);
}

/** The client that all tests of this spec file share, of the server of this run. */
export function redisOf(driver: RedisDriver): OpenRedis {
  const open = shared.get(driver) ?? openRedis(driver, inject('redisUrl') ?? fail());
  shared.set(driver, open);
  return open;
}

/** What the keys of one test begin with; they are removed when the spec file has run. */
export function newPrefix(): string {
  return `${FILE}${++prefixes}:`;
}

afterAll(async () => {
  for (const { command } of [...shared.values()].slice(0, 1)) {
    for (let cursor = '0', begun = false; !begun || cursor !== '0'; begun = true) {
      const [next, keys] = (await command('SCAN', cursor, 'MATCH', `${FILE}*`, 'COUNT', '1000')) as [string, string[]];
      if (keys.length > 0) await command('DEL', ...keys);
      cursor = next;
    }
  }
  for (const { close } of shared.values()) close();
  shared.clear();
});

/** What tells of its failures. */
interface Failing {
  on(event: 'error', listener: () => void): unknown;
}

/** A client of `redis`, whatever its version and what it is for, as far as it is used here. */
export type NodeRedis<Client extends RedisStorageClient = RedisStorageClient> = Client &
  Failing & {
    connect(): Promise<unknown>;
    destroy(): unknown;
  };

/** Connects a client, whose failures show in its commands alone: without a listener they would end the process. */
export async function connectNodeRedis(client: NodeRedis): Promise<NodeRedis> {
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The same of one that connects by itself. */
export function quietIoRedis<Client extends Failing>(client: Client): Client {
  client.on('error', () => {});
  return client;
}

function nodeRedis(client: NodeRedis<NodeRedisClient>): OpenRedis {
  connectNodeRedis(client).catch(() => {});
  return { client, command: (...args) => client.sendCommand(args), close: () => void client.destroy() };
}

function ioredis(client: Redis | Redis5): OpenRedis {
  quietIoRedis(client);
  return { client, command: (name, ...args) => client.call(name, ...args), close: () => client.disconnect() };
}

function fail(): never {
  throw new Error('Cannot connect to Redis: there is none on this machine');
}
