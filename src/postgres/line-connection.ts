import { assertNotAborted } from '../common/byte-stream.js';
import type { AbortNotice } from '../common/call-abortion.js';
import { KeyedLines, type KeyedLine } from '../common/keyed-line.js';
import type { Connection, StatementResult } from './connection.js';
import type { Statement, StatementValues } from './statement.js';

const lines = new KeyedLines<object>();

/** All users of a client stand in one line. */
const ONE = '';

/**
 * Gives a client one statement at a time: what it has been given it does not give back, and what waits here need not be done
 * when its signal aborts. Storages that share a client share the line.
 */
export class LineConnection implements Connection {
  readonly #connection: Connection;
  readonly #line: KeyedLine;

  /** @param client the driver's, which `connection` is over */
  constructor(client: object, connection: Connection) {
    this.#connection = connection;
    this.#line = lines.of(client);
  }

  run(statement: Statement, values: StatementValues, signal?: AbortNotice): Promise<StatementResult> {
    return this.#inTurn(signal, () => this.#connection.run(statement, values));
  }

  runScript(text: string): Promise<void> {
    return this.#inTurn(undefined, () => this.#connection.runScript(text));
  }

  async #inTurn<R>(signal: AbortNotice | undefined, work: () => Promise<R>): Promise<R> {
    await this.#line.enter(ONE);
    try {
      assertNotAborted(signal);
      return await work();
    } finally {
      this.#line.leave(ONE);
    }
  }
}
