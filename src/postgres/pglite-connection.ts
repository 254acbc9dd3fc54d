import type { Connection, StatementResult } from './connection.js';
import type { Row } from './row.js';
import { valuesOf, type Statement, type StatementValue, type StatementValues } from './statement.js';

/** A `PGlite` of `@electric-sql/pglite`. */
export interface Pglite {
  query(
    text: string,
    values?: StatementValue[],
  ): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number | undefined }>;
  exec(text: string): Promise<unknown>;
}

/** Runs statements by PGlite, in this process. It keeps none prepared. */
export class PgliteConnection implements Connection {
  readonly #pglite: Pglite;

  constructor(pglite: Pglite) {
    this.#pglite = pglite;
  }

  async run({ text }: Statement, values: StatementValues): Promise<StatementResult> {
    const { rows, affectedRows = 0 } = await this.#pglite.query(text, valuesOf(values));
    return { rows: rows as Row[], changed: affectedRows };
  }

  async runScript(text: string): Promise<void> {
    await this.#pglite.exec(text);
  }
}
