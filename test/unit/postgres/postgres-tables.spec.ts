import { describe, expect, it } from 'vitest';
import { tableNames } from '../../../src/postgres/postgres-tables.js';

describe('tableNames()', () => {
  it('quotes names, and leaves the schema to the connection unless one is named', () => {
    expect(tableNames({})).toMatchObject({
      schema: undefined,
      records: '"nest_sessions"',
      principals: '"nest_sessions_principals"',
    });
    expect(tableNames({ schema: 'Web', table: 'Carts' })).toMatchObject({
      schema: '"Web"',
      records: '"Web"."Carts"',
      principals: '"Web"."Carts_principals"',
      recordIndex: '"Carts_expires_at"',
      principalIndex: '"Carts_principals_expires_at"',
    });
  });

  it('makes of the longest name none that PostgreSQL cuts off', () => {
    const names = Object.values(tableNames({ table: 'a'.repeat(40) })).filter((name) => name !== undefined);
    for (const name of names) expect(name.replaceAll('"', '').length).toBeLessThanOrEqual(63);
  });

  it.each(['', '1st', 'a b', 'a"b', "a'b", 'a;b', 'a-b', 'ä', 'a\0b', 'a'.repeat(41), 7, null])(
    'refuses %j for a table and for a schema, and says what a name is',
    (name) => {
      for (const option of ['table', 'schema']) {
        expect(() => tableNames({ [option]: name })).toThrow(
          new TypeError(
            `Cannot use PostgreSQL: ${option} must be a plain name, 1 to 40 of [A-Za-z0-9_], no digit first: received ${JSON.stringify(name)}`,
          ),
        );
      }
    },
  );

  it('says where the schema goes that stands before a table', () => {
    expect(() => tableNames({ table: 'web.sessions' })).toThrow('no digit first; name its schema by the option schema');
  });
});
