import { describe, expect, it } from 'vitest';
import { postgresDdl } from '../../../src/postgres/postgres-ddl.js';

describe('postgresDdl()', () => {
  it('makes a schema only where one is named, then two tables with an index each', () => {
    const verbs = (text: string) => text.split(';\n').map((line) => line.split(' IF NOT EXISTS ')[0]);
    const tables = ['CREATE TABLE', 'CREATE INDEX', 'CREATE TABLE', 'CREATE INDEX', ''];
    expect(verbs(postgresDdl())).toEqual(tables);
    expect(verbs(postgresDdl({ schema: 'web' }))).toEqual(['CREATE SCHEMA', ...tables]);
    expect(postgresDdl({ schema: 'web', table: 'carts' })).toContain('CREATE TABLE IF NOT EXISTS "web"."carts" (');
  });

  it('refuses names that are not plain', () => {
    expect(() => postgresDdl({ table: 'a; DROP TABLE b' })).toThrow(TypeError);
  });
});
