import { Test } from '@nestjs/testing';
import {
  getStorageToken,
  SessionsModule,
  SessionStorageError,
  SessionTooLargeError,
  streamOf,
  type SessionStorage,
} from 'nest-sessions';
import { POSTGRES_STORAGE_OPTIONS, POSTGRES_STORAGE_POOL, PostgresStorage } from 'nest-sessions/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newTables, openPool, openStorage, postgresUrl, textOf, versionOf, write } from '../support/postgres-pool.js';

interface Sent {
  readonly name?: string;
  readonly text: string;
}

/** A pool of one connection, and the statements that it is given. */
function tracedPool(): { pool: pg.Pool; sent: () => readonly Sent[] } {
  const pool = openPool({ max: 1 });
  const all: Sent[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const traced = (given: Sent | string, ...rest: unknown[]): unknown => {
      all.push(typeof given === 'string' ? { text: given } : given);
      return query(given, ...rest);
    };
    Object.assign(client, { query: traced });
  });
  return { pool, sent: () => all.splice(0) };
}

async function tracedStorage() {
  const { pool, sent } = tracedPool();
  const opened = await openStorage({}, pool);
  sent();
  /** What the work sends, by its first word. */
  const verbs = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    await work();
    return sent().map(({ text }) => text.split(' ')[0]!);
  };
  return { ...opened, sent, verbs };
}

describe.runIf(postgresUrl)('PostgresStorage', () => {
  it('each operation is one statement, and a write that is refused by its version is two', async () => {
    const { storage, verbs } = await tracedStorage();
    expect(await verbs(() => storage.read('a', async () => {}))).toEqual(['SELECT']);
    let version = '';
    const created = verbs(async () => (version = await versionOf(write(storage, 'a', '1', { expect: 'absent' }))));
    expect(await created).toEqual(['INSERT']);
    expect(await verbs(() => write(storage, 'a', '2', { expect: 'absent' }))).toEqual(['INSERT']);
    expect(await verbs(() => storage.read('a', async () => {}))).toEqual(['SELECT']);
    expect(await verbs(() => write(storage, 'a', '3', { expect: { version } }))).toEqual(['UPDATE']);
    expect(await verbs(() => write(storage, 'a', '4', { expect: { version } }))).toEqual(['UPDATE', 'SELECT']);
    expect(await verbs(() => write(storage, 'a', '5'))).toEqual(['INSERT']);
    expect(await verbs(() => write(storage, 'a', '', { expiresAt: 0 }))).toEqual(['DELETE']);
    expect(await verbs(() => write(storage, 'a', '', { expiresAt: 0, expect: 'absent' }))).toEqual(['SELECT']);
    expect(await verbs(() => storage.invalidate('a'))).toEqual(['DELETE']);
    expect(await verbs(() => storage.sweep())).toEqual(['DELETE', 'DELETE']); // records, principals
  });

  it('each step of the index of principals is one statement', async () => {
    const { storage, verbs } = await tracedStorage();
    const { principals } = storage;
    const options = { expiresAt: Date.now() + 10_000, begunAgo: 0, limit: 1 };
    expect(await verbs(() => principals.add('p', 'a', options))).toEqual(['INSERT']);
    expect(await verbs(() => principals.add('p', 'b', options))).toEqual(['INSERT']);
    expect(await verbs(() => principals.holds('p', 'a', Date.now()))).toEqual(['SELECT']);
    expect(await verbs(() => principals.entries('p'))).toEqual(['SELECT']);
    expect(await verbs(() => principals.raiseEpoch('p', 'a'))).toEqual(['INSERT']);
    expect(await verbs(() => principals.remove('p', 'a'))).toEqual(['UPDATE']);
  });

  it('statements are named, prepared once a connection, and do not clash with those of another table', async () => {
    const { pool, storage, sent } = await tracedStorage();
    const { storage: other } = await openStorage({}, pool);
    sent();
    for (const one of [storage, other, storage, other]) {
      await write(one, 'a', one === storage ? 'first' : 'second');
      await textOf(one, 'a');
    }
    const names = new Set(sent().map(({ name }) => name));
    expect(names.size).toBe(4);
    const { rows } = await pool.query<{ name: string }>('SELECT name FROM pg_prepared_statements');
    for (const name of names) expect(rows.filter((row) => row.name === name)).toHaveLength(1);
    expect([await textOf(storage, 'a'), await textOf(other, 'a')]).toEqual(['first', 'second']);
  });

  it('the pool is not closed with it', async () => {
    const { pool, storage } = await openStorage();
    await storage.close();
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
  });

  it('it works by one connected client, which is given one statement at a time', async () => {
    const client = new pg.Client(postgresUrl);
    onTestFinished(() => client.end());
    await client.connect();
    const where = newTables();
    const storages = Array.from({ length: 5 }, () => new PostgresStorage(client, where));
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    await Promise.all(storages.map((storage) => storage.ensureSchema()));
    await Promise.all(Array.from({ length: 50 }, (_, index) => write(storages[index % 5]!, `id-${index}`, `${index}`)));
    const texts = await Promise.all(Array.from({ length: 50 }, (_, index) => textOf(storages[0]!, `id-${index}`)));
    expect(texts).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  it('parsers of types that an app has changed are nothing to it', async () => {
    const TEXT = 25;
    const getTypeParser = (oid: number) => (oid === TEXT ? (text: string) => text : () => expect.unreachable());
    const pool = openPool({ types: { getTypeParser: getTypeParser as never } });
    const { storage } = await openStorage({}, pool);
    const version = await versionOf(write(storage, 'a', 'bytes'));
    await versionOf(write(storage, 'a', 'other bytes', { expect: { version } }));
    expect(await textOf(storage, 'a')).toBe('other bytes');
    await write(storage, 'b', 'bytes', { expect: 'absent' });
    expect(await storage.invalidate('b')).toBe(true);
    expect(await storage.sweep({ onExpired: async () => {} })).toBe(0);
    const { principals } = storage;
    expect(await principals.add('p', 'a', { expiresAt: Date.now() + 9000, begunAgo: 0, limit: 1 })).toMatchObject({
      added: true,
    });
    expect(await principals.entries('p')).toMatchObject([{ id: 'a' }]);
  });

  it('a parser of text that gives no text is named as what is wrong', async () => {
    const getTypeParser = () => () => 7;
    const { where } = await openStorage();
    const broken = new PostgresStorage(openPool({ types: { getTypeParser: getTypeParser as never } }), where);
    await write(broken, 'a', 'bytes');
    await expect(textOf(broken, 'a')).rejects.toThrow(
      new SessionStorageError(
        'Cannot read column payload: the driver gives no text: leave its parser of text as it is',
      ),
    );
  });

  it('without its table it says what to call', async () => {
    const pool = openPool();
    const tables = newTables();
    const storage = new PostgresStorage(pool, tables);
    const message = `Cannot use table "${tables.schema}"."${tables.table}": it or that of principals is not there: await ensureSchema() before the app listens, or run what postgresDdl() gives`;
    const uses: readonly ((storage: SessionStorage) => Promise<unknown>)[] = [
      (one) => one.read('a', async () => {}),
      (one) => write(one, 'a', ''),
      (one) => one.invalidate('a'),
      (one) => one.sweep(),
      async (one) => one.principals?.entries('p'),
    ];
    for (const use of uses) {
      const error = await use(storage).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionStorageError);
      expect(error).toMatchObject({ message, cause: { code: '42P01' } });
    }
  });

  it('a failure of the database is a SessionStorageError, with its cause and none of its words', async () => {
    const { storage, pool, records } = await openStorage();
    await pool.query(`ALTER TABLE ${records} ADD CHECK (id <> 'odd')`);
    const error = await write(storage, 'odd', 'secret data').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionStorageError);
    expect(error).toMatchObject({
      message: 'Cannot use PostgreSQL: a statement failed, or its answer was lost',
      cause: { code: '23514' },
    });
    expect(pool.idleCount + pool.waitingCount).toBeLessThanOrEqual(1);
    await write(storage, 'even', 'data');
  });

  it('a record of more than maxBytes is refused, and the old one stays', async () => {
    const { storage } = await openStorage({ maxBytes: 10 });
    await write(storage, 'a', '0123456789');
    await expect(write(storage, 'a', '0123456789a')).rejects.toBeInstanceOf(SessionTooLargeError);
    expect(await textOf(storage, 'a')).toBe('0123456789');
  });

  it('given as a class it takes its pool and its options by injection', async () => {
    const pool = openPool();
    const where = newTables();
    const builder = Test.createTestingModule({
      imports: [
        SessionsModule.forRoot({
          storage: PostgresStorage,
          providers: [
            { provide: POSTGRES_STORAGE_POOL, useValue: pool },
            { provide: POSTGRES_STORAGE_OPTIONS, useValue: where },
          ],
        }),
      ],
    });
    const module = await builder.compile();
    const storage = module.get<PostgresStorage>(getStorageToken());
    expect(storage).toBeInstanceOf(PostgresStorage);
    await storage.ensureSchema();
    await storage.write('a', streamOf(Buffer.from('injected')), { expiresAt: Date.now() + 1000 });
    const { rows } = await pool.query(`SELECT id FROM ${where.schema}.${where.table}`);
    expect(rows).toEqual([{ id: 'a' }]);
  });

  it('given as a class without a pool it names what is missing', async () => {
    const module = Test.createTestingModule({ imports: [SessionsModule.forRoot({ storage: PostgresStorage })] });
    await expect(module.compile()).rejects.toThrow('give one, or provide POSTGRES_STORAGE_POOL');
  });
});
