import { systemClock, type Clock } from '../../common/clock.js';
import { milliseconds, type Duration } from '../../common/duration.js';
import { assertKnownOptions, positiveInteger } from '../creation-checks.js';
import type { CacheBounds } from './cache-entries.js';
import type { InvalidationBus } from './invalidation-bus.js';

/** Injects the delegate of a `CacheStorage` that is given as a class. */
export const CACHE_STORAGE_DELEGATE = Symbol('nest-sessions:CACHE_STORAGE_DELEGATE');

/** Injects the options of a `CacheStorage` that is given as a class. */
export const CACHE_STORAGE_OPTIONS = Symbol('nest-sessions:CACHE_STORAGE_OPTIONS');

/** How a `CacheStorage` keeps its entries, and for how long it trusts them. */
export interface CacheStorageOptions {
  /** How long an entry stays without use; default `'5m'`. */
  readonly idleTimeout?: Duration;
  /** The most entries; default 10,000. */
  readonly maxEntries?: number;
  /** The most bytes of entries and their ids; default 67,108,864 (64 MiB). A larger record is passed through. */
  readonly maxBytes?: number;
  /**
   * How long an entry is trusted before the delegate is asked again, so that what another process has changed or ended may
   * stay unseen for as long; default `'5s'`, with a bus `'1m'`. 0 asks each time.
   */
  readonly maxStaleness?: Duration;
  /** Tells the caches of other processes what has changed here, and this one what has changed there; default: none. */
  readonly bus?: InvalidationBus;
  /** The clock that tells what is idle, stale and expired; default: the machine's. */
  readonly clock?: Clock;
}

/** The same, checked and complete. */
export interface CacheStorageSettings extends CacheBounds {
  /** Milliseconds. */
  readonly maxStaleness: number;
  readonly bus: InvalidationBus | undefined;
  readonly clock: Clock;
}

const OPTIONS = [
  'idleTimeout',
  'maxEntries',
  'maxBytes',
  'maxStaleness',
  'bus',
  'clock',
] as const satisfies readonly (keyof CacheStorageOptions)[];

/**
 * Checks the options of a `CacheStorage`.
 *
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function cacheStorageSettings(options: CacheStorageOptions): CacheStorageSettings {
  assertKnownOptions('CacheStorage', options, OPTIONS);
  const { bus, clock = systemClock } = options;
  const { idleTimeout = '5m', maxEntries = 10_000, maxBytes = 64 * 1024 * 1024 } = options;
  const { maxStaleness = bus === undefined ? '5s' : '1m' } = options;
  return Object.freeze({
    idleTimeout: durationOf('idleTimeout', idleTimeout, 1),
    maxEntries: positiveInteger('CacheStorage', 'maxEntries', maxEntries),
    maxBytes: positiveInteger('CacheStorage', 'maxBytes', maxBytes),
    maxStaleness: durationOf('maxStaleness', maxStaleness, 0),
    bus,
    clock,
  });
}

function durationOf(name: string, duration: Duration, least: number): number {
  const isOne = typeof duration === 'number' || typeof duration === 'string';
  const time = isOne ? milliseconds(duration) : NaN;
  if (time >= least && time < Infinity) return time;
  const cure = `must be a duration of ${least} ms at least, such as '5s'`;
  throw new RangeError(`Cannot create CacheStorage: ${name} ${cure}: received ${String(duration)}`);
}
