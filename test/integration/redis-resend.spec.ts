import { streamOf, type SessionStorage, type WriteOptions, type WriteResult } from 'nest-sessions';
import { RedisStorage } from 'nest-sessions/redis';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { CHANGE_RECORD, CREATE_RECORD, END_RECORD } from '../../src/redis/record-scripts.js';
import type { Client } from '../support/client.js';
import type { Cell } from '../support/matrix.js';
import { newPrefix, openRedis, REDIS_DRIVERS, redisOf, type RedisDriver } from '../support/redis.js';
import { startProxy, type TcpProxy } from '../support/servers/tcp-proxy.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const url = inject('redisUrl');

/** Which of them send a command again when its answer was lost; the others say that it was. */
const resends = (driver: RedisDriver): boolean => driver.startsWith('ioredis');

/** A client of a driver through a proxy, and storages over the same keys: by it, and past it. */
async function connect(driver: RedisDriver) {
  const { port, hostname: host } = new URL(url!);
  const proxy = await startProxy({ port: Number(port), host });
  const redis = openRedis(driver, `redis://127.0.0.1:${proxy.port}`);
  onTestFinished(() => redis.close());
  const prefix = newPrefix();
  const past = redisOf(driver);
  for (const { text } of [CREATE_RECORD, CHANGE_RECORD, END_RECORD]) await past.command('SCRIPT', 'LOAD', text);
  return {
    proxy,
    prefix,
    storage: new RedisStorage(redis.client, { prefix }),
    truth: new RedisStorage(past.client, { prefix }),
    cell: {
      platform: 'express',
      open: (clock) => ({ connect: () => new RedisStorage(redis.client, { prefix, clock }) }),
    } satisfies Cell,
  };
}

/** What came of something whose answer was lost; `'lost'` where the driver says so. */
async function withoutAnswer<R>(proxy: TcpProxy, text: string, work: () => Promise<R>): Promise<R | 'lost'> {
  const dropped = proxy.dropAnswerTo(text);
  const result = await work().catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORAGE' });
    return 'lost' as const;
  });
  await dropped;
  return result;
}

function write(storage: SessionStorage, text: string, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
  return storage.write('a', streamOf(Buffer.from(text)), { expiresAt: Date.now() + 100_000, ...options });
}

function stored(storage: SessionStorage) {
  return storage.read('a', async ({ stream, version }) => ({ text: Buffer.from(stream.bytes!).toString(), version }));
}

async function written(storage: SessionStorage, text: string): Promise<string> {
  const result = await write(storage, text);
  return (result.written ? result.version : undefined) ?? expect.unreachable();
}

describe.runIf(url !== null).each(REDIS_DRIVERS)('D4: RedisStorage by %s, whose answer is lost', (driver) => {
  it('write() of a new record knows that it has stored it, or that nobody knows', async () => {
    const { proxy, storage, truth } = await connect(driver);
    const result = await withoutAnswer(proxy, 'of the first', () =>
      write(storage, 'of the first', { expect: 'absent' }),
    );
    const there = await stored(truth);
    expect(there?.text).toBe('of the first');
    expect(result).toEqual(resends(driver) ? { written: true, version: there?.version } : 'lost');
    expect(await write(storage, 'of another', { expect: 'absent' })).toEqual({ written: false, reason: 'exists' });
  });

  it('write() with a version knows that it has stored it, or that nobody knows', async () => {
    const { proxy, storage, truth } = await connect(driver);
    const version = await written(truth, 'one');
    const result = await withoutAnswer(proxy, CHANGE_RECORD.sha, () => write(storage, 'two', { expect: { version } }));
    const there = await stored(truth);
    expect(there?.text).toBe('two');
    expect(result).toEqual(resends(driver) ? { written: true, version: there?.version } : 'lost');
    expect(await write(storage, 'three', { expect: { version } })).toEqual({ written: false, reason: 'conflict' });
  });

  it('write() that ends a record knows that it has ended it, or that nobody knows', async () => {
    const { proxy, storage, truth } = await connect(driver);
    const version = await written(truth, 'one');
    const end = () => write(storage, '', { expect: { version }, expiresAt: 0 });
    const result = await withoutAnswer(proxy, END_RECORD.sha, end);
    expect(result).toEqual(resends(driver) ? { written: true } : 'lost');
    expect(await stored(truth)).toBeUndefined();
    expect(await end()).toEqual({ written: false, reason: 'missing' });
  });

  it('invalidate() knows that it has removed something, or that nobody knows', async () => {
    const { proxy, storage, truth } = await connect(driver);
    await written(truth, 'one');
    const result = await withoutAnswer(proxy, END_RECORD.sha, () => storage.invalidate('a'));
    expect(result).toBe(resends(driver) ? true : 'lost');
    expect(await stored(truth)).toBeUndefined();
    expect(await storage.invalidate('a')).toBe(false);
  });
});

describe.runIf(url !== null).each(REDIS_DRIVERS)('D4: an app whose RedisStorage by %s loses an answer', (driver) => {
  /** An app and a client whose session holds `n: 1` and `a: 'x'`. */
  async function begin() {
    const connected = await connect(driver);
    const app = await start(connected.cell, { routes: verbRoutes });
    const client = await clientOf(app, '/count');
    await client.get('/set?a=x');
    return { ...connected, app, client, data: async () => (await app.stored(client.id()))?.data };
  }

  /** Asks for a path while the answer to a script is lost: 503 where the driver does not send it again. */
  async function ask(proxy: TcpProxy, sha: string, client: Client, path: string) {
    const dropped = proxy.dropAnswerTo(sha);
    const answer = await client.get(path);
    await dropped;
    if (!resends(driver)) expectUnavailable(answer);
    else expect(answer.status).toBe(200);
    return answer;
  }

  it('a first request has one session, or none', async () => {
    const { proxy, prefix, app } = await begin();
    const client = app.client();
    const dropped = proxy.dropAnswerTo('of-a-stranger');
    const answer = await client.get('/set?a=of-a-stranger');
    await dropped;
    if (resends(driver)) {
      expect(answer.status).toBe(200);
      expect(await client.json('/read')).toEqual({ a: 'of-a-stranger' });
    } else {
      expectUnavailable(answer);
      expect(client.cookies.size).toBe(0);
    }
    expect(await redisOf(driver).command('KEYS', `${prefix}*`)).toHaveLength(2);
  });

  it('n++ is one', async () => {
    const { proxy, client, data } = await begin();
    await ask(proxy, CHANGE_RECORD.sha, client, '/count');
    expect(await data()).toMatchObject({ n: 2 });
    await client.get('/count');
    expect(await data()).toMatchObject({ n: 3 });
  });

  it('take() gives its value once at most', async () => {
    const { proxy, client, data } = await begin();
    const { text } = await ask(proxy, CHANGE_RECORD.sha, client, '/take?key=a');
    if (resends(driver)) expect(JSON.parse(text)).toEqual({ taken: 'x' });
    expect(await data()).toEqual({ n: 1 });
    expect(await client.json('/take?key=a')).toEqual({});
  });

  it('regenerate() is its own winner, or nobody has the session', async () => {
    const { proxy, client } = await begin();
    const before = client.copy();
    await ask(proxy, CHANGE_RECORD.sha, client, '/regenerate?a=y');
    expect(await client.json('/read')).toEqual(resends(driver) ? { n: 1, a: 'y' } : {});
    expect(await before.json('/read')).toEqual({});
  });

  it('destroy() has ended the session, and says so where it knows', async () => {
    const { proxy, app, client } = await begin();
    const id = client.id();
    const held = client.copy();
    const answer = await ask(proxy, END_RECORD.sha, client, '/destroy');
    expect(await app.stored(id)).toBeUndefined();
    expect(answer.handed.some(({ isCleared }) => isCleared)).toBe(resends(driver));
    expect(app.events.some(({ type }) => type === 'destroyed')).toBe(resends(driver));
    expect(await held.json('/read')).toEqual({});
  });
});
