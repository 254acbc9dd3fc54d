import type { Row } from './row.js';
import type { Statement, StatementValues } from './statement.js';

/** What is needed of a client, whichever driver it is of. */
export interface Connection {
  /**
   * Runs one statement.
   *
   * @param signal a statement that has not been sent when this aborts never is
   * @returns the rows; none for a statement that gives none
   * @throws {SessionStorageError} when the signal has aborted before it was sent
   * @throws what the driver throws
   */
  run(statement: Statement, values: StatementValues, signal?: AbortSignal): Promise<readonly Row[]>;

  /** Runs several statements without values in one transaction. */
  runScript(text: string): Promise<void>;
}
