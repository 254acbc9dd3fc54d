import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { CacheStorage } from 'nest-sessions';
import { RedisInvalidationBus, RedisStorage, type RedisStorageClient } from 'nest-sessions/redis';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import { afterAll, beforeAll, describe, inject, onTestFinished } from 'vitest';
import { isBusClient } from '../../src/redis/redis-bus-client.js';
import { openRedis, REDIS_DRIVERS, type RedisDriver } from '../support/redis.js';
import { startRedis, type RedisServer } from '../support/servers/redis-server.js';
import { startProxy } from '../support/servers/tcp-proxy.js';
import { cutCases, faultCases, forgottenLineCases, lateCases, type Engine } from './outage-cases.js';

type Connect = (url: string) => RedisStorageClient | Promise<RedisStorageClient>;

let server: RedisServer;

beforeAll(async () => {
  // What it keeps survives its restart
  if (inject('redisUrl') !== null) server = await startRedis('--appendonly', 'yes');
});

afterAll(async () => {
  if (inject('redisUrl') !== null) await server.remove();
});

/** Records of one test, by clients that `connect` opens. */
async function engine(connect: Connect): Promise<Engine> {
  const prefix = `${randomUUID()}:`;
  const line = await startProxy(server);
  const client = await connect(`redis://127.0.0.1:${line.port}`);
  // Whatever the client of the test does without a server, this one waits for it
  const { client: own, close } = openRedis('ioredis 6', server.url);
  onTestFinished(close);
  return {
    line,
    server: {
      stop: () => server.process.stop(),
      start: () => server.process.start(),
      pause: () => server.process.pause(),
      goOn: () => server.process.goOn(),
    },
    connect: () => new RedisStorage(client, { prefix }),
    direct: () => new RedisStorage(own, { prefix }),
  };
}

/** A client as its driver makes it when it is told nothing. */
function asItIs(driver: RedisDriver): Connect {
  return (url) => {
    const { client, close } = openRedis(driver, url);
    onTestFinished(close);
    return client;
  };
}

/** Clients that refuse what they can not send at once, instead of keeping it until they can. */
const FAIL_FAST: Readonly<Record<RedisDriver, Connect>> = {
  'redis 6': (url) => connected(createClient({ url, disableOfflineQueue: true })),
  'redis 5': (url) => connected(createClient5({ url, disableOfflineQueue: true })),
  'ioredis 6': (url) => ready(new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })),
  'ioredis 5': (url) => ready(new Redis5(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })),
};

/** Clients that give a line up when a command was not answered for a second: those of `redis` can not. */
const WATCHFUL: Readonly<Record<'ioredis 6' | 'ioredis 5', Connect>> = {
  'ioredis 6': (url) => ready(new Redis(url, { socketTimeout: 1000 })),
  'ioredis 5': (url) => ready(new Redis5(url, { socketTimeout: 1000 })),
};

async function connected<Client extends ReturnType<typeof createClient> | ReturnType<typeof createClient5>>(
  client: Client,
): Promise<Client> {
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

async function ready<Client extends Redis | Redis5>(client: Client): Promise<Client> {
  client.on('error', () => {});
  await once(client, 'ready');
  onTestFinished(() => client.disconnect());
  return client;
}

const all = describe.runIf(inject('redisUrl') !== null);

all.each(REDIS_DRIVERS)('redis, by %s as it is', (driver) => {
  const open = (): Promise<Engine> => engine(asItIs(driver));
  faultCases(open);
  cutCases(open);
});

all.each(['redis 6', 'ioredis 5'] as const)('redis, by %s as it is', (driver) => {
  lateCases(() => engine(asItIs(driver)));
});

all.each(REDIS_DRIVERS)('redis, by %s that fails fast', (driver) => {
  faultCases(async () => ({ ...(await engine(FAIL_FAST[driver])), isHasty: true }));
});

all.each(['ioredis 6', 'ioredis 5'] as const)('redis, by %s with a timeout of its socket', (driver) => {
  forgottenLineCases(() => engine(WATCHFUL[driver]));
});

all.each(['redis 6', 'ioredis 6'] as const)('cache over redis and its bus, by %s', (driver) => {
  faultCases(async () => {
    const over = await engine(asItIs(driver));
    const bus = asItIs(driver);
    const channel = randomUUID();
    const client = await bus(`redis://127.0.0.1:${over.line.port}`);
    if (!isBusClient(client)) throw new Error('Cannot make a bus of this client');
    const connect = (): CacheStorage =>
      new CacheStorage(over.connect(), { bus: new RedisInvalidationBus(client, { channel }) });
    return { ...over, connect, isCached: true };
  });
});
