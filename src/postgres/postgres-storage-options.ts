import { systemClock, type Clock } from '../common/clock.js';
import { assertKnownOptions, positiveInteger } from '../storage/creation-checks.js';
import { tableNames, type PostgresTables, type TableNames } from './postgres-tables.js';

/** How a `PostgresStorage` keeps its records. */
export interface PostgresStorageOptions extends PostgresTables {
  /** The most bytes of one record; default 16,777,216 (16 MiB). */
  readonly maxBytes?: number;
  /** The clock by which expiries are given and told; what has expired the database's tells. Default: the machine's. */
  readonly clock?: Clock;
}

/** The same, checked and complete. */
export interface PostgresStorageSettings {
  readonly tables: TableNames;
  readonly maxBytes: number;
  readonly clock: Clock;
}

const OPTIONS = ['table', 'schema', 'maxBytes', 'clock'] as const satisfies readonly (keyof PostgresStorageOptions)[];

/**
 * Checks the options of a `PostgresStorage`.
 *
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function postgresStorageSettings(options: PostgresStorageOptions): PostgresStorageSettings {
  assertKnownOptions('PostgresStorage', options, OPTIONS);
  const { maxBytes = 16 * 1024 * 1024, clock = systemClock } = options;
  return Object.freeze({
    maxBytes: positiveInteger('PostgresStorage', 'maxBytes', maxBytes),
    tables: Object.freeze(tableNames(options)),
    clock,
  });
}
