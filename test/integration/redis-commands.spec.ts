import { randomUUID } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { streamOf, type SessionStorage, type WriteOptions } from 'nest-sessions';
import { RedisStorage } from 'nest-sessions/redis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { Cell } from '../support/matrix.js';
import { newPrefix, openRedis, REDIS_DRIVERS, type OpenRedis, type RedisDriver } from '../support/redis.js';
import { startRedis, type RedisServer } from '../support/servers/redis-server.js';
import { verbRoutes } from '../support/verb-routes.js';
import { start } from '../support/world.js';

/** What drivers send for themselves, and this test to know how far it has heard. */
const OTHERS = new Set(['info', 'hello', 'client', 'ping', 'auth', 'select', 'script', 'command', 'echo']);

/** Of this file alone: nobody else's commands count. */
let server: RedisServer;
/** A line for each command that the server has run. */
let heard = '';
let monitor: Socket;

beforeAll(async () => {
  if (inject('redisUrl') === null) return;
  server = await startRedis();
  monitor = createConnection(server.port, '127.0.0.1');
  monitor.setEncoding('latin1').on('data', (text: string) => void (heard += text));
  monitor.write('MONITOR\r\n');
  await vi.waitUntil(() => heard.startsWith('+OK'), { timeout: 10_000 });
}, 60_000);

afterAll(async () => {
  monitor?.destroy();
  await server?.remove();
});

function open(driver: RedisDriver): OpenRedis {
  const redis = openRedis(driver, server.url);
  onTestFinished(() => redis.close());
  return redis;
}

/** The commands that clients have sent since somebody asked last; what scripts do at the server are none. */
async function sentOf({ command }: OpenRedis): Promise<readonly string[]> {
  const end = randomUUID();
  await command('ECHO', end);
  await vi.waitUntil(() => heard.includes(end), { timeout: 10_000, interval: 1 });
  const commands = [...heard.matchAll(/^\+[\d.]+ \[\d+ (\S+)\] "(\w+)"/gm)].map(([, by, name = '']) => [
    by,
    name.toLowerCase(),
  ]);
  heard = '';
  return commands.flatMap(([by, name = '']) => (by === 'lua' || OTHERS.has(name) ? [] : [name]));
}

const write = (storage: SessionStorage, options: Partial<WriteOptions> = {}) =>
  storage.write('a', streamOf(Buffer.from('bytes')), { expiresAt: Date.now() + 100_000, ...options });

/** Lets the server know all scripts. */
async function prime(storage: SessionStorage): Promise<void> {
  await write(storage, { expect: { version: 'none' } });
  await storage.invalidate('none');
}

describe.runIf(inject('redisUrl') !== null).each(REDIS_DRIVERS)('the commands of a RedisStorage by %s', (driver) => {
  const begin = async () => {
    const redis = open(driver);
    const storage = new RedisStorage(redis.client, { prefix: newPrefix() });
    await prime(storage);
    await write(storage);
    const version = await storage.read('a', async (entry) => entry.version);
    await sentOf(redis);
    return { redis, storage, version: version! };
  };

  it('read() is one', async () => {
    const { redis, storage } = await begin();
    await storage.read('a', async () => undefined);
    expect(await sentOf(redis)).toEqual(['get']);
    await storage.read('unknown', async () => undefined);
    expect(await sentOf(redis)).toEqual(['get']);
  });

  it('write() is one, on each condition', async () => {
    const { redis, storage, version } = await begin();
    expect(await write(storage, { expect: { version } })).toMatchObject({ written: true });
    expect(await sentOf(redis)).toEqual(['evalsha']);
    expect(await write(storage, { expect: { version } })).toMatchObject({ reason: 'conflict' });
    expect(await sentOf(redis)).toEqual(['evalsha']);
    await write(storage);
    expect(await sentOf(redis)).toEqual(['set']);
    await storage.invalidate('a');
    await sentOf(redis);
    const result = await storage.write('b', streamOf(Buffer.from('')), {
      expiresAt: Date.now() + 9000,
      expect: 'absent',
    });
    expect(result.written).toBe(true);
    expect(await sentOf(redis)).toEqual(['set']);
  });

  it('write() that ends a record is one, on each condition', async () => {
    const { redis, storage, version } = await begin();
    await write(storage, { expiresAt: 0, expect: { version } });
    expect(await sentOf(redis)).toEqual(['evalsha']);
    await write(storage, { expiresAt: 0 });
    expect(await sentOf(redis)).toEqual(['evalsha']);
    await write(storage, { expiresAt: 0, expect: 'absent' });
    expect(await sentOf(redis)).toEqual(['getrange']);
  });

  it('invalidate() is one', async () => {
    const { redis, storage } = await begin();
    await storage.invalidate('a');
    expect(await sentOf(redis)).toEqual(['evalsha']);
  });

  it('sweep() and close() are none', async () => {
    const { redis, storage } = await begin();
    expect(await storage.sweep()).toBe(0);
    await storage.close();
    expect(await sentOf(redis)).toEqual([]);
  });

  it('each method of the index of principals is one', async () => {
    const { redis, storage } = await begin();
    const { principals } = storage;
    const calls = [
      () => principals.add('p', 'a', { expiresAt: Date.now() + 9000, begunAgo: 0, limit: 5 }),
      () => principals.holds('p', 'a', 0),
      () => principals.entries('p'),
      () => principals.raiseEpoch('p', 'a'),
      () => principals.remove('p', 'a'),
    ];
    for (const call of calls) await call();
    for (const call of calls) {
      await sentOf(redis);
      await call();
      expect(await sentOf(redis)).toEqual(['evalsha']);
    }
  });

  it('a script that the server does not know is sent once, and known from then on', async () => {
    const { redis, storage } = await begin();
    await redis.command('SCRIPT', 'FLUSH');
    const versions = async () => (await storage.read('a', async ({ version }) => version))!;
    for (const sent of [
      ['get', 'evalsha', 'eval'],
      ['get', 'evalsha'],
    ]) {
      await sentOf(redis);
      expect((await write(storage, { expect: { version: await versions() } })).written).toBe(true);
      expect(await sentOf(redis)).toEqual(sent);
    }
  });
});

describe.runIf(inject('redisUrl') !== null).each(REDIS_DRIVERS)('the commands of an app by %s', (driver) => {
  it('are 1 to read, 1 to create, 2 to change, 1 more for a touch that is due, 2 to end, and none without a session', async () => {
    const redis = open(driver);
    const cell: Cell = {
      platform: 'express',
      open: (clock) => {
        const prefix = newPrefix();
        return { connect: () => new RedisStorage(redis.client, { prefix, clock }) };
      },
    };
    const app = await start(cell, { routes: verbRoutes });
    await prime(app.backend.connect());
    const client = app.client();
    const sent = async (path: string) => {
      await sentOf(redis);
      expect((await client.get(path)).status).toBe(200);
      await app.counts.settled();
      return sentOf(redis);
    };
    expect(await sent('/plain')).toEqual([]);
    expect(await sent('/read')).toEqual([]);
    expect(await sent('/set?a=1')).toEqual(['set']);
    expect(await sent('/plain')).toEqual([]);
    expect(await sent('/read')).toEqual(['get']);
    expect(await sent('/set?a=2')).toEqual(['get', 'evalsha']);
    app.clock.advance(59_999);
    expect(await sent('/read')).toEqual(['get']);
    app.clock.advance(1);
    expect(await sent('/read')).toEqual(['get', 'evalsha']);
    expect(await sent('/read')).toEqual(['get']);
    expect(await sent('/regenerate?a=3')).toEqual(['get', 'evalsha']);
    const id = client.id();
    expect(await sent('/destroy')).toEqual(['get', 'evalsha']);
    expect(await app.stored(id)).toBeUndefined();
  });
});
