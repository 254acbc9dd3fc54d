import { streamOf } from '../common/byte-stream.js';
import { abortNoticeOf, type AbortNotice } from '../common/call-abortion.js';
import { randomText } from '../common/random.js';
import type { SweepOptions, WriteOptions, WriteResult } from '../storage/session-storage.js';
import { tellExpired } from '../storage/tell-expired.js';
import type { Database } from './database.js';
import { recordStatements, type RecordStatements } from './record-statements.js';
import { numberOf, textOf, type Row } from './row.js';
import type { StatementValue } from './statement.js';

/** How many random bytes a version is: it never comes back. */
const VERSION_BYTES = 16;

/** A record as it is stored. */
export interface PostgresRecord {
  readonly bytes: Uint8Array;
  readonly version: string;
  /** Milliseconds until it expires. */
  readonly remaining: number;
}

/** On what condition something is written, and until when anybody waits for it. */
export type WriteCondition = Pick<WriteOptions, 'expect' | 'signal'>;

/** Records as rows of a table: what the contract says of one is one statement. */
export class PostgresRecords {
  readonly #database: Database;
  readonly #statements: RecordStatements;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = recordStatements(database.tables);
  }

  /** @returns `undefined` when there is nothing, or it has expired */
  async read(id: string, signal: AbortNotice | undefined): Promise<PostgresRecord | undefined> {
    const [row] = await this.#database.run(this.#statements.read, [id], signal);
    if (row === undefined) return undefined;
    return { bytes: bytesOf(row), version: textOf(row, 'version'), remaining: numberOf(row, 'remaining') };
  }

  /** @param lifetime tells for how many milliseconds it is to live from now on: asked when it is sent */
  async store(id: string, bytes: Uint8Array, lifetime: () => number, condition: WriteCondition): Promise<WriteResult> {
    const { expect } = condition;
    const signal = abortNoticeOf(condition);
    const { create, change, put } = this.#statements;
    const version = randomText(VERSION_BYTES);
    const values = (): StatementValue[] => [id, version, Math.min(lifetime(), Number.MAX_SAFE_INTEGER), bytes];
    if (typeof expect === 'object') {
      const changed = await this.#database.change(change, () => [...values(), expect.version], signal);
      return changed > 0 ? { written: true, version } : this.#refused(id, signal);
    }
    const changed = await this.#database.change(expect === 'absent' ? create : put, values, signal);
    return changed > 0 ? { written: true, version } : { written: false, reason: 'exists' };
  }

  /** Ends a record, on a write's conditions. */
  async end(id: string, condition: WriteCondition): Promise<WriteResult> {
    const { expect } = condition;
    const signal = abortNoticeOf(condition);
    const { end, find, invalidate } = this.#statements;
    if (typeof expect === 'object') {
      const changed = await this.#database.change(end, [id, expect.version], signal);
      return changed > 0 ? { written: true } : this.#refused(id, signal);
    }
    // To what expects nothing, nothing is all there may be
    const { length } = await this.#database.run(expect === 'absent' ? find : invalidate, [id], signal);
    return expect === 'absent' && length > 0 ? { written: false, reason: 'exists' } : { written: true };
  }

  /** @returns whether there was something that had not expired */
  async invalidate(id: string): Promise<boolean> {
    const [row] = await this.#database.run(this.#statements.invalidate, [id]);
    return row !== undefined && textOf(row, 'living') === 'true';
  }

  /** @returns how many expired records it has removed */
  async sweep(options: SweepOptions): Promise<number> {
    const { sweep, sweepAndTell } = this.#statements;
    if (options.onExpired === undefined) return this.#database.change(sweep, []);
    const rows = await this.#database.run(sweepAndTell, []);
    for (const row of rows) await tellExpired(options, textOf(row, 'id'), streamOf(bytesOf(row)));
    return rows.length;
  }

  /** Why a write that expects a version was refused: one more statement, which sees what refused it, or what came after. */
  async #refused(id: string, signal: AbortNotice | undefined): Promise<WriteResult> {
    const { length } = await this.#database.run(this.#statements.find, [id], signal);
    return { written: false, reason: length > 0 ? 'conflict' : 'missing' };
  }
}

function bytesOf(row: Row): Uint8Array {
  return Buffer.from(textOf(row, 'payload'), 'base64');
}
