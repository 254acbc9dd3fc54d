import type { Database } from './database.js';
import { schemaDdl, tableDdl } from './postgres-ddl.js';
import type { TableNames } from './postgres-tables.js';
import { textOf } from './row.js';
import { statement } from './statement.js';

/** Whoever makes tables for this library holds this lock meanwhile: a number that nobody else is likely to have chosen. */
const LOCK = '7957180215436671309';

/**
 * Makes the schema, tables and indexes that are not there. `CREATE ... IF NOT EXISTS` alone fails when two do it at once, and
 * asks for the right to make them even where they are there.
 */
export async function ensureSchema(database: Database): Promise<void> {
  const { tables } = database;
  const [found] = await database.run(statement(presence(tables)), []);
  if (found === undefined || textOf(found, 'tables') === 'true') return;
  const schema = textOf(found, 'schema') === 'true' ? '' : schemaDdl(tables);
  await database.runScript(`SELECT pg_advisory_xact_lock(${LOCK})::text;\n${schema}${tableDdl(tables)}`);
}

function presence({ schema, records, principals, recordIndex, principalIndex }: TableNames): string {
  const indexes = [recordIndex, principalIndex].map((index) => (schema === undefined ? index : `${schema}.${index}`));
  const isThere = [records, principals, ...indexes].map((name) => `to_regclass('${name}') IS NOT NULL`);
  const hasSchema = schema === undefined ? 'true' : `to_regnamespace('${schema}') IS NOT NULL`;
  return `SELECT (${hasSchema})::text AS schema, (${isThere.join(' AND ')})::text AS tables`;
}
