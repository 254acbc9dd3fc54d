import { systemClock, type Clock } from '../common/clock.js';
import { assertKnownOptions, positiveInteger } from '../storage/creation-checks.js';

/** How a `RedisStorage` keeps its records. */
export interface RedisStorageOptions {
  /** What its keys begin with; default `'session:'`. The rest of a record's key is its id. */
  readonly prefix?: string;
  /** The most bytes of one record; default 16,777,216 (16 MiB). */
  readonly maxBytes?: number;
  /**
   * The clock that `expiresAt` is read by, to tell the server how long a record lives from now; default: the machine's. What
   * has expired the server tells by its own.
   */
  readonly clock?: Clock;
}

/** The same, checked and complete. */
export type RedisStorageSettings = Required<RedisStorageOptions>;

const OPTIONS = ['prefix', 'maxBytes', 'clock'] as const satisfies readonly (keyof RedisStorageSettings)[];

/**
 * Checks the options of a `RedisStorage`.
 *
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function redisStorageSettings(options: RedisStorageOptions): RedisStorageSettings {
  assertKnownOptions('RedisStorage', options, OPTIONS);
  const { prefix = 'session:', maxBytes = 16 * 1024 * 1024, clock = systemClock } = options;
  if (typeof prefix !== 'string') {
    throw new TypeError(`Cannot create RedisStorage: prefix must be a text: received ${typeof prefix}`);
  }
  return Object.freeze({ prefix, maxBytes: positiveInteger('RedisStorage', 'maxBytes', maxBytes), clock });
}
