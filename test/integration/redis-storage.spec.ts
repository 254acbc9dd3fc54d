import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import {
  SessionStorageError,
  SessionTooLargeError,
  streamOf,
  type WriteOptions,
  type WriteResult,
} from 'nest-sessions';
import { RedisStorage } from 'nest-sessions/redis';
import { createClient, createClientPool } from 'redis';
import { createClient as createClient5, createClientPool as createClientPool5 } from 'redis-5';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import {
  connectNodeRedis,
  newPrefix,
  openRedis,
  REDIS_DRIVERS,
  redisOf,
  type OpenRedis,
  type RedisDriver,
} from '../support/redis.js';
import { startRedis } from '../support/servers/redis-server.js';

const url = inject('redisUrl') ?? '';
const describeRedis = describe.runIf(url !== '');

/** A server of its own, and a client that is connected to it. */
async function ownServer(driver: RedisDriver) {
  const { url: address, process, remove } = await startRedis();
  const redis = openRedis(driver, address);
  onTestFinished(async () => {
    redis.close();
    await remove();
  });
  await redis.command('PING');
  return { server: process, redis };
}

function write(storage: RedisStorage, text: string, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
  return storage.write('a', streamOf(Buffer.from(text)), { expiresAt: Date.now() + 100_000, ...options });
}

const textOf = (storage: RedisStorage, id = 'a'): Promise<string | undefined> =>
  storage.read(id, async ({ stream }) => Buffer.from(stream.bytes!).toString());

function expectWithin(value: number, least: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
}

/** Resolves when it is so: a server's own time and connections cannot be moved. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 30_000, interval: 5 });
}

describeRedis.each(REDIS_DRIVERS)('RedisStorage by %s', (driver) => {
  const begin = () => {
    const redis: OpenRedis = redisOf(driver);
    const prefix = newPrefix();
    return { redis, prefix, key: `${prefix}a`, storage: new RedisStorage(redis.client, { prefix }) };
  };

  it('keeps a record under its prefix and id: its version, and its bytes', async () => {
    const { redis, prefix, key, storage } = begin();
    const result = await write(storage, 'bytes of a');
    expect(await redis.command('KEYS', `${prefix}*`)).toEqual([key]);
    expect(await redis.command('GET', key)).toBe(`${result.written && result.version}bytes of a`);
    expect(result).toEqual({ written: true, version: expect.stringMatching(/^[\w-]{16}$/) as string });
  });

  it("keeps it under 'session:' by default", async () => {
    const { redis } = begin();
    const storage = new RedisStorage(redis.client);
    const id = newPrefix().replaceAll(':', '_');
    await storage.write(id, streamOf(Buffer.from('x')), { expiresAt: Date.now() + 100_000 });
    expect(await redis.command('EXISTS', `session:${id}`)).toBe(1);
    expect(await redis.command('DEL', `session:${id}`)).toBe(1);
  });

  it('tells the server how long the record has left, by its clock and on each condition', async () => {
    const { redis, prefix, key } = begin();
    let now = 5_000_000;
    const storage = new RedisStorage(redis.client, {
      prefix,
      clock: { now: () => now, after: () => expect.unreachable() },
    });
    const left = async () => Number(await redis.command('PTTL', key));
    const created = await write(storage, '', { expiresAt: now + 60_000, expect: 'absent' });
    expectWithin(await left(), 50_000, 60_000);
    const { version = '' } = created.written ? created : {};
    now += 10;
    await write(storage, '', { expiresAt: now + 3_600_000, expect: { version } });
    expectWithin(await left(), 3_590_000, 3_600_000);
    await write(storage, '', { expiresAt: now + 0.5 });
    expectWithin(await left(), -2, 1);
    await write(storage, '', { expiresAt: Infinity });
    expectWithin(await left(), 1e14, 1e15);
  });

  it('lets the server forget a record when its time is over', async () => {
    const { redis, prefix, storage } = begin();
    await write(storage, 'short', { expiresAt: Date.now() + 100, expect: 'absent' });
    await until(async () => (await textOf(storage)) === undefined);
    expect(await redis.command('KEYS', `${prefix}*`)).toEqual([]);
    expect(await write(storage, 'new', { expect: 'absent' })).toMatchObject({ written: true });
  });

  it('ends a record at a server that has no room for anything new', async () => {
    const { redis } = await ownServer(driver);
    const storage = new RedisStorage(redis.client);
    const result = await write(storage, 'one');
    await storage.write('b', streamOf(Buffer.from('two')), { expiresAt: Date.now() + 100_000 });
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(write(storage, 'three')).rejects.toBeInstanceOf(SessionStorageError);
    const { version = '' } = result.written ? result : {};
    expect(await write(storage, '', { expiresAt: 0, expect: { version } })).toEqual({ written: true });
    expect(await storage.invalidate('b')).toBe(true);
    for (const id of ['a', 'b']) expect(await textOf(storage, id)).toBeUndefined();
  });

  it('takes an id anew at once when its record was ended, and keeps nothing of that for longer than a minute', async () => {
    const { redis, key, storage } = begin();
    await write(storage, 'old');
    for (const end of [() => storage.invalidate('a'), () => write(storage, '', { expiresAt: 0 })]) {
      await end();
      expect(await textOf(storage)).toBeUndefined();
      expect(Number(await redis.command('STRLEN', key))).toBeLessThan(16);
      expectWithin(Number(await redis.command('PTTL', key)), 1, 60_000);
      expect(await write(storage, '', { expiresAt: 0, expect: 'absent' })).toEqual({ written: true });
      const result = await write(storage, 'new', { expect: 'absent' });
      const { version = '' } = result.written ? result : {};
      expect(await textOf(storage)).toBe('new');
      expectWithin(Number(await redis.command('PTTL', key)), 90_000, 100_000);
      expect(await write(storage, 'newer', { expect: { version } })).toMatchObject({
        written: true,
      });
      expectWithin(Number(await redis.command('PTTL', key)), 90_000, 100_000);
    }
  });

  it('takes what somebody else has stored under a key of its own for a record, however malformed, or for none', async () => {
    const { redis, key, storage } = begin();
    for (const [value, text] of [
      ['', undefined],
      ['short', undefined],
      ['a text of more than 16 characters', 'han 16 characters'],
      ['of exactly 16 ch', ''],
    ] as const) {
      await redis.command('SET', key, value);
      expect(await textOf(storage)).toBe(text);
      const version = await storage.read('a', async (entry) => entry.version);
      if (version !== undefined)
        expect(await write(storage, 'x', { expect: { version } })).toMatchObject({ written: true });
      await storage.invalidate('a');
      expect(await textOf(storage)).toBeUndefined();
    }
  });

  it('rejects with SessionStorageError where it cannot use what is there, and shows no bytes', async () => {
    const { redis, key, storage } = begin();
    await redis.command('LPUSH', key, 'a list');
    for (const call of [
      () => textOf(storage),
      () => write(storage, 'SECRETBYTES', { expect: { version: 'SECRETVERSION' } }),
      () => storage.invalidate('a'),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SessionStorageError);
      expect((error as Error).message).toBe('Cannot use Redis: a command failed, or its answer was lost');
      expect(String((error as Error).cause)).toContain('WRONGTYPE');
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/SECRET|53 45 43 52 45 54/);
    }
  });

  it('refuses more bytes than maxBytes, and sends nothing', async () => {
    const { redis, prefix } = begin();
    const storage = new RedisStorage(redis.client, { prefix, maxBytes: 3 });
    await write(storage, 'one');
    await expect(write(storage, 'four')).rejects.toBeInstanceOf(SessionTooLargeError);
    expect(await textOf(storage)).toBe('one');
  });

  it('leaves its client to its owner: close() closes nothing', async () => {
    const { storage } = begin();
    await storage.close();
    await write(storage, 'x');
    expect(await textOf(storage)).toBe('x');
  });

  it('sends nothing once a signal has aborted', async () => {
    const { storage } = begin();
    const signal = AbortSignal.abort();
    await write(storage, 'old');
    const version = (await storage.read('a', async (entry) => entry.version))!;
    const calls = [
      () => storage.read('a', async () => expect.unreachable(), { signal }),
      ...([undefined, 'absent', { version }] as const).flatMap((expected) =>
        [0, Date.now() + 9000].map((expiresAt) => () => {
          const expect = expected === undefined ? {} : { expect: expected };
          return write(storage, 'new', { ...expect, expiresAt, signal });
        }),
      ),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow('Cannot go on: nobody waits for it any more');
    expect(await textOf(storage)).toBe('old');
  });

  it('does not send later what waited for a connection when its signal aborted', async () => {
    const { server, redis } = await ownServer(driver);
    const storage = new RedisStorage(redis.client);
    await server.stop();
    await until(() => !isConnected(redis));
    const [givenUp, kept] = [new AbortController(), new AbortController()];
    const calls = [
      write(storage, 'new', { signal: givenUp.signal }),
      storage.read('a', async () => expect.unreachable(), { signal: givenUp.signal }),
    ];
    const late = storage.write('b', streamOf(Buffer.from('late')), {
      expiresAt: Date.now() + 100_000,
      signal: kept.signal,
    });
    const failed = Promise.allSettled(calls);
    await setTimeout(20);
    givenUp.abort();
    for (const result of await failed) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(SessionStorageError) as Error });
    }
    await server.start();
    // What nobody has given up is sent when the connection is there
    expect(await late).toMatchObject({ written: true });
    expect(await textOf(storage, 'b')).toBe('late');
    expect(await textOf(storage)).toBeUndefined();
  });

  it('keeps no listener of a signal or of the client when it has waited', async () => {
    const { server, redis } = await ownServer(driver);
    const storage = new RedisStorage(redis.client);
    const emitter = redis.client as unknown as NodeJS.EventEmitter;
    const listeners = () => ['ready', 'end'].map((event) => emitter.listenerCount(event));
    const before = listeners();
    await server.stop();
    await until(() => !isConnected(redis));
    const signals = Array.from({ length: 50 }, () => new AbortController().signal);
    const waiting = signals.map((signal) => storage.read('a', async () => 1, { signal }));
    expect(Math.max(...listeners())).toBeLessThan(5);
    await server.start();
    await Promise.all(waiting);
    expect(listeners()).toEqual(before);
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});

describeRedis('RedisStorage and a client that is not connected', () => {
  const options = { url: url || 'redis://localhost' };

  it.each([
    ['redis 6', () => createClient(options)],
    ['redis 5', () => createClient5(options)],
    ['a pool of redis 6', () => createClientPool(options)],
    ['a pool of redis 5', () => createClientPool5(options)],
  ])('says what to do, of %s', async (_, create) => {
    const storage = new RedisStorage(create());
    for (const call of [() => textOf(storage), () => write(storage, ''), () => storage.invalidate('a')]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SessionStorageError);
      expect((error as Error).message).toBe(
        'Cannot use Redis: its client is not connected: await client.connect() before the app listens',
      );
    }
  });

  it.each([
    ['ioredis 6', () => new Redis6(options.url, { lazyConnect: true })],
    ['ioredis 5', () => new Redis5(options.url, { lazyConnect: true })],
  ])('connects it where its driver does, of %s', async (_, create) => {
    const client = create();
    onTestFinished(() => client.disconnect());
    const storage = new RedisStorage(client, { prefix: newPrefix() });
    expect(client.status).toBe('wait');
    expect(await write(storage, 'x', { signal: new AbortController().signal })).toMatchObject({ written: true });
  });

  it.each([
    ['ioredis 6', () => new Redis6(options.url, { lazyConnect: true })],
    ['ioredis 5', () => new Redis5(options.url, { lazyConnect: true })],
  ])('fails at once when it has been closed for good, of %s', async (_, create) => {
    const client = create();
    client.disconnect();
    await until(() => client.status === 'end');
    const storage = new RedisStorage(client);
    const { signal } = new AbortController();
    await expect(write(storage, 'x', { signal })).rejects.toBeInstanceOf(SessionStorageError);
    await expect(write(storage, 'x')).rejects.toBeInstanceOf(SessionStorageError);
  });

  it.each([
    ['ioredis 6', () => new Redis6(1, { enableOfflineQueue: false, retryStrategy: () => 1 })],
    ['ioredis 5', () => new Redis5(1, { enableOfflineQueue: false, retryStrategy: () => 1 })],
  ])('does not wait where its owner wants nothing to wait, of %s', async (_, create) => {
    const client = create();
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    const { signal } = new AbortController();
    await expect(textOf(new RedisStorage(client))).rejects.toBeInstanceOf(SessionStorageError);
    await expect(write(new RedisStorage(client), 'x', { signal })).rejects.toBeInstanceOf(SessionStorageError);
  });
});

describeRedis('RedisStorage and the timeout that redis has for a command', () => {
  const open = async (create: () => Parameters<typeof connectNodeRedis>[0]) => {
    const client = await connectNodeRedis(create());
    onTestFinished(() => void client.destroy());
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    onTestFinished(() => timeout.mockRestore());
    return { storage: new RedisStorage(client, { prefix: newPrefix() }), timeout };
  };
  const { signal } = new AbortController();

  it.each([
    ['redis 6', () => createClient({ url })],
    ['redis 5', () => createClient5({ url })],
  ])('needs none for a call that brings a signal, of %s', async (_, create) => {
    const { storage, timeout } = await open(create);
    const result = await write(storage, 'one', { signal });
    const { version = '' } = result.written ? result : {};
    expect(await write(storage, 'two', { signal, expect: { version } })).toMatchObject({ written: true });
    expect(await storage.read('a', async (entry) => entry.version, { signal })).not.toBe(version);
    expect(timeout).not.toHaveBeenCalled();
  });

  it.each([
    ['redis 6', () => createClient({ url, commandOptions: { timeout: 4321 } })],
    ['redis 5', () => createClient5({ url, commandOptions: { timeout: 4321 } })],
  ])('keeps the one that the app has set, of %s', async (_, create) => {
    const { storage, timeout } = await open(create);
    await write(storage, 'one', { signal });
    expect(timeout.mock.calls).toEqual([[4321]]);
  });

  it('keeps its own for a call without a signal', async () => {
    const { storage, timeout } = await open(() => createClient({ url }));
    await write(storage, 'one');
    expect(timeout.mock.calls).toEqual([[5000]]);
  });
});

describeRedis('RedisStorage by a pool', () => {
  it.each([
    ['redis 6', () => createClientPool({ url })],
    ['redis 5', () => createClientPool5({ url })],
  ])('of %s reads, writes and ends', async (_, create) => {
    const pool = await connectNodeRedis(create());
    onTestFinished(() => void pool.destroy());
    const storage = new RedisStorage(pool, { prefix: newPrefix() });
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const result = await storage.write('a', streamOf(bytes), { expiresAt: Date.now() + 100_000, expect: 'absent' });
    expect(await storage.read('a', async ({ stream }) => Buffer.from(stream.bytes!))).toEqual(bytes);
    const { version = '' } = result.written ? result : {};
    expect(await write(storage, 'two', { expect: { version } })).toMatchObject({ written: true });
    expect(await storage.invalidate('a')).toBe(true);
    expect(await textOf(storage)).toBeUndefined();
  });
});

function isConnected({ client }: OpenRedis): boolean {
  return 'isReady' in client ? client.isReady === true : 'status' in client && client.status === 'ready';
}
