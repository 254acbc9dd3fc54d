import type { Connection } from './connection.js';
import type { Row } from './row.js';
import { valuesOf, type Statement, type StatementValue, type StatementValues } from './statement.js';

/** A `PGlite` of `@electric-sql/pglite`. */
export interface Pglite {
  query(text: string, values?: StatementValue[]): Promise<{ readonly rows: unknown[] }>;
  exec(text: string): Promise<unknown>;
}

/** Runs statements by PGlite, in this process. It keeps none prepared. */
export class PgliteConnection implements Connection {
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async run({ text }: Statement, values: StatementValues): Promise<readonly Row[]> {
    const { rows } = await this.#pglite.query(text, valuesOf(values));
    return rows as Row[];
  }

  async runScript(text: string): Promise<void> {
    await this.#pglite.exec(text);
  }
}
