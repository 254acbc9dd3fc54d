import type { WriteResult } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import { describe, expect, it } from 'vitest';
import { tableNames } from '../../src/postgres/postgres-tables.js';
import { recordStatements } from '../../src/postgres/record-statements.js';
import type { Client } from '../support/client.js';
import type { Cell } from '../support/matrix.js';
import { openPool, openStorage, postgresUrl, textOf, versionOf, write } from '../support/postgres-pool.js';
import { ResendingPool } from '../support/postgres-resending-pool.js';
import { startProxy } from '../support/servers/tcp-proxy.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const WAYS = [
  ['a pool that sends it again', true],
  ['a pool as it is, which does not', false],
] as const;

/** A storage through a proxy, and one past it; over the same table. */
async function connect(resends: boolean) {
  const { storage: truth, where, pool: direct, records } = await openStorage();
  const { port, hostname: host } = new URL(postgresUrl);
  const proxy = await startProxy({ port: Number(port), host });
  const url = new URL(postgresUrl);
  url.host = `127.0.0.1:${proxy.port}`;
  const pool = openPool({ connectionString: url.href });
  const resending = new ResendingPool(pool);
  const through = resends ? resending : pool;
  const statements = recordStatements(tableNames(where));
  /** Loses the answer to a statement, and sees that it was. */
  const losing = async <R>(statement: keyof typeof statements, work: () => Promise<R>): Promise<R | 'lost'> => {
    const dropped = proxy.dropAnswerTo(statements[statement].name);
    const result = await work().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORAGE' });
      return 'lost' as const;
    });
    await dropped;
    expect(resending.resent).toBe(resends ? 1 : 0);
    return result;
  };
  const cell: Cell = {
    platform: 'express',
    open: (clock) => ({ connect: () => new PostgresStorage(through, { ...where, clock }) }),
  };
  return { truth, losing, cell, direct, records, storage: new PostgresStorage(through, where) };
}

describe.runIf(postgresUrl).each(WAYS)('D4: PostgresStorage whose answer is lost by %s', (_, resends) => {
  const told = (result: WriteResult | 'lost'): void => {
    if (resends) expect(result).toMatchObject({ written: true });
    else expect(result).toBe('lost');
  };

  it('write() of a new record knows that it has stored it, or that nobody knows', async () => {
    const { storage, truth, losing } = await connect(resends);
    told(await losing('create', () => write(storage, 'a', 'first', { expect: 'absent' })));
    expect(await textOf(truth, 'a')).toBe('first');
    expect(await write(storage, 'a', 'second', { expect: 'absent' })).toEqual({ written: false, reason: 'exists' });
  });

  it('write() with a version knows that it has stored it, or that nobody knows', async () => {
    const { storage, truth, losing } = await connect(resends);
    const version = await versionOf(write(truth, 'a', 'one'));
    const result = await losing('change', () => write(storage, 'a', 'two', { expect: { version } }));
    told(result);
    expect(await textOf(truth, 'a')).toBe('two');
    if (result !== 'lost' && result.written) {
      expect(await truth.read('a', async (entry) => entry.version)).toBe(result.version);
    }
    expect(await write(storage, 'a', 'three', { expect: { version } })).toEqual({ written: false, reason: 'conflict' });
  });

  it('write() that ends a record leaves nothing', async () => {
    const { storage, truth, losing } = await connect(resends);
    const version = await versionOf(write(truth, 'a', 'one'));
    const end = () => write(storage, 'a', '', { expect: { version }, expiresAt: 0 });
    expect(await losing('end', end)).toEqual(resends ? { written: false, reason: 'missing' } : 'lost');
    expect(await textOf(truth, 'a')).toBeUndefined();
  });

  it('invalidate() leaves nothing', async () => {
    const { storage, truth, losing } = await connect(resends);
    await write(truth, 'a', 'one');
    expect(await losing('invalidate', () => storage.invalidate('a'))).toBe(resends ? false : 'lost');
    expect(await textOf(truth, 'a')).toBeUndefined();
  });
});

describe.runIf(postgresUrl).each(WAYS)('D4: an app whose PostgresStorage loses an answer by %s', (_, resends) => {
  /** An app and a client whose session holds `n: 1` and `a: 'x'`. */
  async function begin() {
    const connected = await connect(resends);
    const app = await start(connected.cell, { routes: verbRoutes });
    const client = await clientOf(app, '/count');
    await client.get('/set?a=x');
    const ask = async (from: Client, path: string, statement: 'create' | 'change' | 'end') => {
      const answer = await connected.losing(statement, () => from.get(path));
      if (answer === 'lost') return expect.unreachable('HTTP answers');
      if (resends) expect(answer.status).toBe(200);
      else expectUnavailable(answer);
      return answer;
    };
    return { ...connected, app, client, ask, data: async () => (await app.stored(client.id()))?.data };
  }

  it('a first request has one session, or none', async () => {
    const { app, ask, direct, records } = await begin();
    const client = app.client();
    await ask(client, '/set?a=new', 'create');
    if (resends) expect(await client.json('/read')).toEqual({ a: 'new' });
    else expect(client.cookies.size).toBe(0);
    expect((await direct.query(`SELECT id FROM ${records}`)).rows).toHaveLength(2);
  });

  it('n++ is one', async () => {
    const { client, data, ask } = await begin();
    await ask(client, '/count', 'change');
    expect(await data()).toMatchObject({ n: 2 });
    await client.get('/count');
    expect(await data()).toMatchObject({ n: 3 });
  });

  it('take() gives its value once at most', async () => {
    const { client, data, ask } = await begin();
    const { text } = await ask(client, '/take?key=a', 'change');
    if (resends) expect(JSON.parse(text)).toEqual({ taken: 'x' });
    expect(await data()).toEqual({ n: 1 });
    expect(await client.json('/take?key=a')).toEqual({});
  });

  it('regenerate() is its own winner, or nobody has the session', async () => {
    const { client, ask } = await begin();
    const before = client.copy();
    await ask(client, '/regenerate?a=y', 'change');
    expect(await client.json('/read')).toEqual(resends ? { n: 1, a: 'y' } : {});
    expect(await before.json('/read')).toEqual({});
  });
});
