import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Cluster } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis-5';
import type { InvalidationListener } from 'nest-sessions';
import { RedisInvalidationBus, type RedisBusClient } from 'nest-sessions/redis';
import { ManualClock } from 'nest-sessions/testing';
import { createCluster } from 'redis';
import { createCluster as createCluster5 } from 'redis-5';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster.js';
import { openRedis, REDIS_DRIVERS, type RedisDriver } from '../support/redis.js';
import type { RedisServer } from '../support/servers/redis-server.js';

/** How long a connection may be silent. */
const PATIENCE = 5000;

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: RedisCluster;

beforeAll(async () => {
  if (inject('redisUrl') !== null) cluster = await startRedisCluster();
});

afterAll(() => cluster?.remove());

/** Asks one server past all that is tested. */
async function ask(server: RedisServer, ...command: [string, ...string[]]): Promise<unknown> {
  const asking = openRedis('ioredis 6', server.url);
  try {
    return await asking.command(...command);
  } finally {
    asking.close();
  }
}

/** Waits until something no longer throws. */
function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 30_000, interval: 20 });
}

/** Where a channel is heard now. */
async function hearers(channel: string): Promise<readonly RedisServer[]> {
  const counts = await Promise.all(
    cluster.masters.map(async (server) => {
      const [, count] = (await ask(server, 'PUBSUB', 'NUMSUB', channel)) as [string, number];
      return count;
    }),
  );
  return cluster.masters.filter((_, index) => counts[index]! > 0);
}

/** Starts a server again; resolves when all of them pass on to all others what is published. */
async function startAgain(server: RedisServer): Promise<void> {
  await server.process.start();
  for (const one of cluster.masters) {
    await soon(async () => {
      const nodes = String(await ask(one, 'CLUSTER', 'NODES'))
        .trim()
        .split('\n');
      expect(nodes.filter((node) => !node.includes(' connected') || /fail/.test(node))).toEqual([]);
    });
  }
}

/** Clients that know one of the servers; lazy ones connect no earlier than they must. */
const CLIENTS: Readonly<
  Record<RedisDriver, (url: string, isLazy: boolean) => RedisBusClient | Promise<RedisBusClient>>
> = {
  async 'redis 6'(url, isLazy) {
    const client = createCluster({ rootNodes: [{ url }], minimizeConnections: isLazy });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  },
  async 'redis 5'(url, isLazy) {
    const client = createCluster5({ rootNodes: [{ url }], minimizeConnections: isLazy });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  },
  'ioredis 6': (url, isLazy) => introduced(new Cluster([url], { lazyConnect: isLazy })),
  'ioredis 5': (url, isLazy) => introduced(new Cluster5([url], { lazyConnect: isLazy })),
};

/** Waits until a client that is not lazy knows the other servers: if the one that it was given goes before, it finds none. */
async function introduced<Client extends Cluster | Cluster5>(client: Client): Promise<Client> {
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  if (client.status !== 'wait') await once(client, 'ready');
  return client;
}

/** Notes what a subscription brings. */
class Ear implements InvalidationListener {
  readonly heard = new Set<string>();
  losses = 0;

  message(text: string): void {
    this.heard.add(text);
  }

  lost(): void {
    this.losses++;
  }
}

describe.runIf(inject('redisUrl') !== null).each(REDIS_DRIVERS)(
  'RedisInvalidationBus on a cluster, by %s',
  (driver) => {
    const open = async (isLazy = false): Promise<RedisBusClient> => CLIENTS[driver](cluster.masters[0]!.url, isLazy);

    /** Subscribes as a cache does, which tries again when it could not. */
    function subscribed(bus: RedisInvalidationBus, ear: Ear): Promise<() => Promise<void>> {
      return soon(() => bus.subscribe(ear));
    }

    it.each([false, true])('hears at one server what is published at any (lazy: %s)', async (isLazy) => {
      const channel = randomUUID();
      const bus = new RedisInvalidationBus(await open(isLazy), { channel });
      const other = new RedisInvalidationBus(await open(), { channel });
      const ear = new Ear();
      const leave = await subscribed(bus, ear);
      const messages = Array.from({ length: 30 }, (_, index) => `i origin ${index}`);
      for (const [index, message] of messages.entries()) await (index % 2 === 0 ? bus : other).publish(message);
      const ports = cluster.masters.map(({ port }) => String(port));
      for (const server of cluster.masters) await ask(server, 'PUBLISH', channel, String(server.port));
      await soon(() => expect(ear.heard).toEqual(new Set([...messages, ...ports])));
      expect(await hearers(channel)).toHaveLength(1);
      expect(ear.losses).toBe(0);
      await leave();
      await soon(async () => expect(await hearers(channel)).toHaveLength(0));
    });

    it('subscribes again by itself when its connection has dropped', async () => {
      const channel = randomUUID();
      const bus = new RedisInvalidationBus(await open(), { channel, clock: new ManualClock() });
      const ear = new Ear();
      await subscribed(bus, ear);
      const [server] = await hearers(channel);
      await ask(server!, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
      await soon(() => expect(ear.losses).toBe(2));
      await ask(server!, 'PUBLISH', channel, 'after');
      await soon(() => expect(ear.heard).toContain('after'));
    });

    it('tells at once that the server has gone by which it hears, and hears by another', async () => {
      const channel = randomUUID();
      const clock = new ManualClock();
      const client = await open();
      const bus = new RedisInvalidationBus(client, { channel, clock });
      const ear = new Ear();
      await subscribed(bus, ear);
      const [server] = await hearers(channel);
      await server!.process.stop('SIGKILL');
      onTestFinished(() => startAgain(server!));
      await soon(() => expect(ear.losses).toBe(1));
      const [other] = cluster.masters.filter((one) => one !== server);
      const again = async (): Promise<void> => {
        clock.advance(PATIENCE);
        // By a client that may not know yet
        void bus.publish('expected').catch(() => {});
        await ask(other!, 'PUBLISH', channel, 'after');
        expect(ear.heard).toContain('after');
      };
      // A connection may take a while
      await vi.waitFor(again, { timeout: 30_000, interval: 2000 });
      expect(ear.losses).toBeGreaterThan(1);
      // Whoever subscribes now does not ask the one that is away
      for (let times = 0; times < 8; times++) {
        await new RedisInvalidationBus(client, { channel, clock }).subscribe(new Ear());
      }
    });
  },
);
