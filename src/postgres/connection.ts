import type { AbortNotice } from '../common/call-abortion.js';
import type { Row } from './row.js';
import type { Statement, StatementValues } from './statement.js';

/** What a statement did. */
export interface StatementResult {
  readonly rows: readonly Row[];
  /** How many rows it has inserted, updated or deleted. */
  readonly changed: number;
}

/** What is needed of a client, whichever driver it is of. */
export interface Connection {
  /**
   * Runs one statement.
   *
   * @param signal a statement that has not been sent when this aborts never is
   * @returns the rows that it gives, and how many it has changed
   * @throws {SessionStorageError} when the signal has aborted before it was sent
   * @throws what the driver throws
   */
  run(statement: Statement, values: StatementValues, signal?: AbortNotice): Promise<StatementResult>;

  /** Runs several statements without values in one transaction. */
  runScript(text: string): Promise<void>;
}
