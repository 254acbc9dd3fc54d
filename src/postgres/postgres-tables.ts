/** Where a `PostgresStorage` keeps what it stores. */
export interface PostgresTables {
  /** The table of records; default `'nest_sessions'`. That of principals is called the same, with `_principals` behind. */
  readonly table?: string;
  /** The schema of both; default: the first one of the connection's `search_path` that has them. */
  readonly schema?: string;
}

/** The same as SQL names them: quoted, with their schema. */
export interface TableNames {
  /** Quoted; `undefined` where `search_path` decides. */
  readonly schema: string | undefined;
  readonly records: string;
  readonly principals: string;
  /** Quoted, without their schema, as `CREATE INDEX` wants it. */
  readonly recordIndex: string;
  readonly principalIndex: string;
}

/** What needs no quotes to be safe inside of them. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** PostgreSQL cuts names off after 63 bytes, and the longest that is made of a table's has 22 more. */
const LONGEST = 40;

/**
 * Names the tables.
 *
 * @throws {TypeError} when a name is not a plain one, naming the cure
 */
export function tableNames({ table = 'nest_sessions', schema }: PostgresTables): TableNames {
  assertName('table', table);
  if (schema !== undefined) assertName('schema', schema);
  const prefix = schema === undefined ? '' : `"${schema}".`;
  return {
    schema: schema === undefined ? undefined : `"${schema}"`,
    records: `${prefix}"${table}"`,
    principals: `${prefix}"${table}_principals"`,
    recordIndex: `"${table}_expires_at"`,
    principalIndex: `"${table}_principals_expires_at"`,
  };
}

function assertName(option: keyof PostgresTables, name: unknown): void {
  if (typeof name === 'string' && NAME.test(name) && name.length <= LONGEST) return;
  const isQualified = option === 'table' && typeof name === 'string' && name.includes('.');
  const cure = isQualified ? '; name its schema by the option schema' : '';
  throw new TypeError(
    `Cannot use PostgreSQL: ${option} must be a plain name, 1 to ${LONGEST} of [A-Za-z0-9_], no digit first${cure}: received ${JSON.stringify(name)}`,
  );
}
