import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import type { InvalidationListener } from 'nest-sessions';
import { RedisInvalidationBus, type RedisBusClient } from 'nest-sessions/redis';
import { createSentinel } from 'redis';
import { createSentinel as createSentinel5 } from 'redis-5';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { startRedisSentinel, type RedisSentinel } from '../support/redis-sentinel.js';
import { openRedis, type RedisDriver } from '../support/redis.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let group: RedisSentinel;

beforeAll(async () => {
  if (inject('redisUrl') !== null) group = await startRedisSentinel();
});

afterAll(() => group?.remove());

/** Notes what a subscription brings. */
class Ear implements InvalidationListener {
  readonly heard: string[] = [];
  losses = 0;

  message(text: string): void {
    this.heard.push(text);
  }

  lost(): void {
    this.losses++;
  }
}

/** Waits until something no longer throws. */
function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 40_000, interval: 50 });
}

async function clientOf(driver: RedisDriver): Promise<RedisBusClient> {
  const { name, port } = group;
  const sentinels = [{ host: '127.0.0.1', port }];
  if (driver === 'redis 6' || driver === 'redis 5') {
    const options = { name, sentinelRootNodes: sentinels };
    const client = driver === 'redis 6' ? createSentinel(options) : createSentinel5(options);
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  }
  const options = { name, sentinels };
  const client = driver === 'ioredis 6' ? new Redis(options) : new Redis5(options);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

describe.runIf(inject('redisUrl') !== null)('RedisInvalidationBus behind Sentinel', () => {
  it('hears by the master; and by the new one, when that is gone, of which it tells', async () => {
    const drivers = ['redis 6', 'redis 5', 'ioredis 6', 'ioredis 5'] as const;
    const nodes = await Promise.all(
      drivers.map(async (driver) => {
        const client = await clientOf(driver);
        const channel = randomUUID();
        const bus = new RedisInvalidationBus(client, { channel });
        const ear = new Ear();
        return { driver, client, channel, bus, ear, leave: await bus.subscribe(ear) };
      }),
    );
    for (const { bus, ear } of nodes) {
      await bus.publish('one');
      await bus.publish('two');
      await soon(() => expect(ear.heard).toEqual(['one', 'two']));
      expect(ear.losses).toBe(0);
    }
    for (const { driver, client, ear } of nodes) {
      // So its driver says that it has turned to another master, where it has subscribed by then
      if ('getMasterNode' in client && 'emit' in client && typeof client.emit === 'function') {
        client.emit('topology-change', { type: 'MASTER_CHANGE' });
      }
      expect([driver, ear.losses]).toEqual([driver, driver.startsWith('redis') ? 1 : 0]);
      ear.losses = 0;
    }
    await group.master.process.stop('SIGKILL');
    for (const { driver, bus, ear } of nodes) {
      await soon(() => expect([driver, ear.losses]).not.toEqual([driver, 0]));
      await soon(async () => {
        await bus.publish('three');
        expect([driver, ear.heard.at(-1)]).toEqual([driver, 'three']);
      });
    }
    const asking = openRedis('ioredis 6', group.replica.url);
    onTestFinished(asking.close);
    for (const { driver, channel, leave } of nodes) {
      const subscriptions = async (): Promise<unknown> => [driver, await asking.command('PUBSUB', 'NUMSUB', channel)];
      expect(await subscriptions()).toEqual([driver, [channel, 1]]);
      await leave();
      await soon(async () => expect(await subscriptions()).toEqual([driver, [channel, 0]]));
    }
  });
});
