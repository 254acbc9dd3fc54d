import type { AbortNotice } from '../common/call-abortion.js';
import { SessionStorageError } from '../errors.js';
import type { Connection } from './connection.js';
import type { Row } from './row.js';
import type { Statement, StatementValues } from './statement.js';
import type { TableNames } from './postgres-tables.js';

/** PostgreSQL's name for "there is no such table". */
const UNDEFINED_TABLE = '42P01';

/** Runs statements on a storage's tables; every failure is a `SessionStorageError`. */
export class Database {
  readonly #connection: Connection;
  readonly tables: TableNames;

  constructor(connection: Connection, tables: TableNames) {
    this.#connection = connection;
    this.tables = tables;
  }

  /** As `Connection.run()`: the rows. */
  async run(statement: Statement, values: StatementValues, signal?: AbortNotice): Promise<readonly Row[]> {
    return (await this.#failing(this.#connection.run(statement, values, signal))).rows;
  }

  /**
   * The same, for a statement that need not give rows: `RETURNING` takes 13 us of CPU more than to be told their number.
   *
   * @returns how many rows it has inserted, updated or deleted
   */
  async change(statement: Statement, values: StatementValues, signal?: AbortNotice): Promise<number> {
    return (await this.#failing(this.#connection.run(statement, values, signal))).changed;
  }

  /** As `Connection.runScript()`. */
  runScript(text: string): Promise<void> {
    return this.#failing(this.#connection.runScript(text));
  }

  async #failing<R>(work: Promise<R>): Promise<R> {
    try {
      return await work;
    } catch (cause) {
      if (cause instanceof SessionStorageError) throw cause;
      throw new SessionStorageError(this.#message(cause), { cause });
    }
  }

  #message(cause: unknown): string {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === UNDEFINED_TABLE;
    return isMissing
      ? `Cannot use table ${this.tables.records}: it or that of principals is not there: await ensureSchema() before the app listens, or run what postgresDdl() gives`
      : 'Cannot use PostgreSQL: a statement failed, or its answer was lost';
  }
}
