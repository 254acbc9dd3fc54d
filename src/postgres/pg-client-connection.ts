import type { Connection } from './connection.js';
import { keepAlive, type ErrorSource } from './keep-alive.js';
import type { Row } from './row.js';
import { valuesOf, type Statement, type StatementValue, type StatementValues } from './statement.js';

/** How `pg` is given a query. */
export interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: StatementValue[];
}

/** A `Client` of `pg` 8, connected by whom it belongs to. */
export interface PgClient extends ErrorSource {
  query(query: PgQuery): Promise<{ readonly rows: Row[] }>;
  escapeLiteral(text: string): string;
}

/** Runs statements by a client of `pg`, which takes one after the other. When its connection breaks, it stays broken. */
export class PgClientConnection implements Connection {
  readonly #client: PgClient;

  constructor(client: PgClient) {
    keepAlive(client);
    this.#client = client;
  }

  async run({ name, text }: Statement, values: StatementValues): Promise<readonly Row[]> {
    return (await this.#client.query({ name, text, values: valuesOf(values) })).rows;
  }

  async runScript(text: string): Promise<void> {
    await this.#client.query({ text });
  }
}
