import { LRUCache } from 'lru-cache';
import { streamOf } from '../../common/byte-stream.js';
import type { Clock } from '../../common/clock.js';
import type { StoredEntry } from '../session-storage.js';

/** A record as the cache knows it. */
export interface CacheEntry {
  /** The cache's own copy. */
  readonly bytes: Uint8Array;
  readonly version: string | undefined;
  /** Milliseconds since the epoch; `undefined` when the delegate did not tell. */
  readonly expiresAt: number | undefined;
  /** When the delegate began to say so, in milliseconds since the epoch. */
  readonly checkedAt: number;
}

/** The bounds of a cache. */
export interface CacheBounds {
  /** How long an entry stays without use, in milliseconds. */
  readonly idleTimeout: number;
  readonly maxEntries: number;
  /** Of entries and ids together. */
  readonly maxBytes: number;
}

/** Entries within bounds; when there are too many, the one that was used longest ago leaves. */
export class CacheEntries {
  readonly #entries: LRUCache<string, CacheEntry>;

  constructor({ idleTimeout, maxEntries, maxBytes }: CacheBounds, clock: Clock) {
    this.#entries = new LRUCache<string, CacheEntry>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }, id) => bytes.length + id.length,
      // It takes whole milliseconds only
      ttl: Math.ceil(idleTimeout),
      updateAgeOnGet: true,
      // Ask the clock each time, and start no timer
      ttlResolution: 0,
      // The time 0 means none to it
      perf: { now: () => clock.now() + 1 },
    });
  }

  /** How many entries there are, idle ones that nobody has met yet included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Finds an entry, and takes that for a use of it. */
  get(id: string): CacheEntry | undefined {
    return this.#entries.get(id);
  }

  /** Keeps an entry; one that is larger than all of the cache is not kept, and neither is what it would replace. */
  set(id: string, entry: CacheEntry): void {
    this.#entries.set(id, entry);
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Lets every entry go that was not used for too long. */
  removeIdle(): void {
    this.#entries.purgeStale();
  }
}

/**
 * What a consumer is lent of an entry: a copy.
 *
 * @param cached whether the delegate was not asked for it
 */
export function lent({ bytes, version, expiresAt }: CacheEntry, cached: boolean): StoredEntry {
  return {
    stream: streamOf(Uint8Array.from(bytes)),
    ...(version !== undefined && { version }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(cached && { cached }),
  };
}
