import type { Clock } from '../common/clock.js';
import { randomText } from '../common/random.js';
import { SessionStorageError } from '../errors.js';
import { assertStorageId } from '../storage/assert-storage-id.js';
import { assertPrincipal } from '../storage/principals/assert-principal.js';
import {
  EPOCH_MEMORY,
  type AddOptions,
  type AddResult,
  type PrincipalEntry,
  type PrincipalIndex,
} from '../storage/principals/principal-index.js';
import type { Database } from './database.js';
import { PRINCIPAL_SLICE, principalStatements, type PrincipalStatements } from './principal-statements.js';
import { numberOf, optionalTextOf, textOf, type Row } from './row.js';
import type { StatementValue } from './statement.js';

/** How many random bytes mark what one call has added. */
const MARK_BYTES = 9;

/** An entry as it is kept; instants in milliseconds by the database's clock. */
type KeptEntry = readonly [id: string, addedAt: number, expiresAt: number, mark: string];

/** The index of principals as a table, a row for each: see `principalStatements()`. */
export class PostgresPrincipals implements PrincipalIndex {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #statements: PrincipalStatements;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#statements = principalStatements(database.tables);
  }

  async add(principal: string, id: string, { expiresAt, begunAgo, limit }: AddOptions): Promise<AddResult> {
    assertPrincipal(principal);
    assertStorageId(id);
    if (begunAgo > EPOCH_MEMORY) return { added: false, reason: 'epoch' };
    const [calledAt, mark] = [this.#clock.now(), randomText(MARK_BYTES)];
    // It may have to wait for a connection
    const values = (): StatementValue[] => {
      const now = this.#clock.now();
      const lifetime = Math.min(expiresAt - now, Number.MAX_SAFE_INTEGER);
      return [principal, id, lifetime, begunAgo + (now - calledAt), limit ?? null, mark];
    };
    const row = onlyOne(await this.#database.run(this.#statements.add, values));
    const addedAt = optionalTextOf(row, 'added_at');
    if (addedAt !== undefined) return { added: true, at: Number(addedAt) };
    if (textOf(row, 'was_raised') === 'true') return { added: false, reason: 'epoch' };
    return { added: false, reason: 'full', entries: told(row) };
  }

  async holds(principal: string, id: string, since: number): Promise<boolean> {
    assertPrincipal(principal);
    assertStorageId(id);
    return (await this.#database.run(this.#statements.holds, [principal, id, since])).length > 0;
  }

  async remove(principal: string, id: string): Promise<void> {
    assertPrincipal(principal);
    assertStorageId(id);
    await this.#database.run(this.#statements.remove, [principal, id]);
  }

  async entries(principal: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    const [row] = await this.#database.run(this.#statements.entries, [principal]);
    return row === undefined ? [] : told(row);
  }

  async raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    assertPrincipal(principal);
    if (except !== undefined) assertStorageId(except);
    const row = onlyOne(await this.#database.run(this.#statements.raiseEpoch, [principal, except ?? null]));
    return told(row).filter(({ id }) => id !== except);
  }

  /**
   * Removes the rows of principals of whom nothing is left.
   *
   * @param all whether to go on until there are no more; else it is a slice
   */
  async sweep(all: boolean): Promise<void> {
    const { length } = await this.#database.run(this.#statements.sweep, []);
    if (all && length === PRINCIPAL_SLICE) await this.sweep(all);
  }
}

/** Those of a row's entries that live, with their ages. */
function told(row: Row): readonly PrincipalEntry[] {
  const now = numberOf(row, 'now');
  const kept = JSON.parse(textOf(row, 'entries')) as readonly KeptEntry[];
  return kept
    .filter(([, , expiresAt]) => expiresAt > now)
    .map(([id, addedAt]) => ({ id, age: Math.max(0, now - addedAt) }));
}

/** A statement that always gives a row has given it. */
function onlyOne(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new SessionStorageError('Cannot use PostgreSQL: a statement gave no row that gives one');
  return row;
}
