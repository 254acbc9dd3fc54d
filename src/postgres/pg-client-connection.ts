import type { Connection, StatementResult } from './connection.js';
import { keepAlive, type ErrorSource } from './keep-alive.js';
import type { Row } from './row.js';
import { valuesOf, type Statement, type StatementValue, type StatementValues } from './statement.js';

/** How `pg` is given a query. */
export interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: StatementValue[];
}

/** What `pg` answers. */
export interface PgResult {
  readonly rows: Row[];
  /** How many rows it gave or changed; `null` for a statement that does neither. */
  readonly rowCount: number | null;
}

/** What a statement did, in our words. */
export function resultOf({ rows, rowCount }: PgResult): StatementResult {
  return { rows, changed: rowCount ?? 0 };
}

/** A `Client` of `pg` 8, connected by whom it belongs to. */
export interface PgClient extends ErrorSource {
  query(query: PgQuery): Promise<PgResult>;
  escapeLiteral(text: string): string;
}

/** Runs statements by a client of `pg`, which takes one after the other. When its connection breaks, it stays broken. */
export class PgClientConnection implements Connection {
  readonly #client: PgClient;

  constructor(client: PgClient) {
    keepAlive(client);
    this.#client = client;
  }

  async run({ name, text }: Statement, values: StatementValues): Promise<StatementResult> {
    return resultOf(await this.#client.query({ name, text, values: valuesOf(values) }));
  }

  async runScript(text: string): Promise<void> {
    await this.#client.query({ text });
  }
}
