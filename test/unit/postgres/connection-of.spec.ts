import { EventEmitter } from 'node:events';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { connectionOf } from '../../../src/postgres/connection-of.js';
import { PostgresStorage } from '../../../src/postgres/postgres-storage.js';
import { statement } from '../../../src/postgres/statement.js';

const method = (): void => {};
const emitter = { on: method, off: method, listenerCount: () => 1 };

describe('connectionOf()', () => {
  it('takes a pool and a client of pg, connected or not', () => {
    for (const one of [new pg.Pool(), new pg.Client()]) expect(() => connectionOf(one)).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a connection string', 'postgres://localhost'],
    ['an emitter', new EventEmitter()],
    ['the options of a pool', { connectionString: 'postgres://localhost' }],
    ['a client of postgres.js', Object.assign(method, { unsafe: method, begin: method, end: method })],
    ['a DataSource of TypeORM', { query: method, connect: method, transaction: method }],
    ['a connection of mysql2', { ...emitter, query: method, connect: method, end: method, escapeId: method }],
    ['a pool of mysql2', { ...emitter, query: method, getConnection: method, end: method }],
    ['something with a query', { query: method }],
  ])('refuses %s, and says what it takes', (_, pool) => {
    expect(() => new PostgresStorage(pool as pg.Pool)).toThrow(
      new TypeError(
        'Cannot create PostgresStorage: it needs a Pool or Client of pg, or a PGlite: give one, or provide POSTGRES_STORAGE_POOL',
      ),
    );
  });

  it('adds a listener of errors, and only where there is none', () => {
    const makers: readonly (() => EventEmitter)[] = [() => new pg.Pool(), () => new pg.Client()];
    for (const make of makers) {
      const [unheard, heard] = [make(), make()];
      heard.on('error', method);
      for (const one of [unheard, unheard, heard]) connectionOf(one);
      expect([unheard, heard].map((one) => one.listenerCount('error'))).toEqual([1, 1]);
      expect(heard.listeners('error')).toEqual([method]);
    }
  });
});

describe('statement()', () => {
  it('gives each text a name of its own, which PostgreSQL does not cut off', () => {
    const [one, other] = [statement('SELECT 1'), statement('SELECT 2')];
    expect(one.name).not.toBe(other.name);
    expect(statement('SELECT 1')).toEqual(one);
    expect(one.name.length).toBeLessThan(64);
  });
});
