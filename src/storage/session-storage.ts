import type { ByteStream } from '../common/byte-stream.js';
import type { PrincipalIndex } from './principals/principal-index.js';

/** What a storage lends to the consumer of `read()`. */
export interface StoredEntry {
  /** The stored bytes; lent until the consumer settles, not to be written to. */
  readonly stream: ByteStream;
  /** An opaque mark of this state of the record, for `WriteOptions.expect`; absent where there are no conditional writes. */
  readonly version?: string;
  /** When the storage is going to forget the record, in milliseconds since the epoch; absent where it does not know. */
  readonly expiresAt?: number;
  /** Whether a cache answered, so that another process may have changed or ended it meanwhile. */
  readonly cached?: boolean;
}

/** How to read. */
export interface ReadOptions {
  /** Whether to pass every cache. */
  readonly fresh?: boolean;
  /** Aborts when nobody waits for the answer any more. Made when it is first asked for. */
  readonly signal?: AbortSignal;
}

/** How to write. */
export interface WriteOptions {
  /**
   * When the storage may forget the record, in milliseconds since the epoch; read by the same clock as `Date.now()`. A write
   * that has expired already ends the record: under the same condition, nothing is left.
   */
  readonly expiresAt: number;
  /**
   * What must be stored for the write to happen: nothing that lives, or the record in exactly this state. Given only to a
   * storage with conditional writes.
   */
  readonly expect?: 'absent' | { readonly version: string };
  /**
   * Aborts when nobody waits for the answer any more: what has not taken effect by then must not do so later. Made when it is
   * first asked for.
   */
  readonly signal?: AbortSignal;
}

/** How to sweep. */
export interface SweepOptions {
  /**
   * Told of each record that this very call has removed because it had expired, when it is gone: never of one that lives, that
   * was renewed meanwhile, or that another process has removed. It is given the bytes that were stored, lent until it settles,
   * and need not read them to their end. `sweep()` waits for it, and goes on if it rejects; several may be told of at a time.
   */
  readonly onExpired?: (id: string, stream: ByteStream) => Promise<void>;
}

/** What a write did. `exists` answers `'absent'`; `conflict` (another state) and `missing` (nothing) answer a version. */
export type WriteResult =
  | { readonly written: true; readonly version?: string }
  | { readonly written: false; readonly reason: 'exists' | 'conflict' | 'missing' };

/**
 * Keeps bytes under ids. What they mean, who may use them, and when they end is the core's affair: a storage only may forget
 * what has expired.
 *
 * Ids are opaque: 1 to 255 characters of `[A-Za-z0-9_-]`; every method throws a `TypeError` for any other, before any I/O.
 * A storage rejects with `SessionStorageError` only (`cause`: the driver's error), and owns no timers.
 */
export abstract class SessionStorage {
  /** Whether `WriteOptions.expect` is kept: the comparison and the write are one step for all users of the backend. */
  abstract readonly conditionalWrites: boolean;

  /** Which records belong to whom; `undefined` where that is not kept: then sessions have no principal. */
  get principals(): PrincipalIndex | undefined {
    return undefined;
  }

  /**
   * Lends the bytes under `id` to `consumer`. The storage opens the stream, and closes it when `consumer` settles, however.
   *
   * @returns what `consumer` resolves to; `undefined`, without calling it, when there is nothing or it has expired
   * @throws {SessionStorageError} when the backend fails
   */
  abstract read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined>;

  /**
   * Stores what `source` yields, all or nothing: a reader sees the old bytes or the new ones; a source that throws leaves the
   * old. Resolves when it is stored as durably as this storage stores. A write whose signal aborts before it has taken effect
   * leaves the old too, and rejects, even if the source never yields again.
   *
   * A version never repeats under one id, not even after the record was removed and made anew. To `'absent'`, an expired
   * record is nothing.
   *
   * @returns whether it was written, and the version it now has where writes are conditional
   * @throws {SessionStorageError} when the backend fails: then nobody knows whether it was written
   * @throws {SessionTooLargeError} when there are more bytes than this storage takes: nothing was written
   * @throws whatever the source throws: nothing was written
   */
  abstract write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult>;

  /**
   * Removes what is stored under `id`, whatever its state.
   *
   * @returns whether there was something that had not expired
   * @throws {SessionStorageError} when the backend fails
   */
  abstract invalidate(id: string): Promise<boolean>;

  /**
   * Removes what has expired, a bounded slice a call.
   *
   * @param _options who is told of what was removed; a storage may ignore that, and nobody learns of it then
   * @returns how many records it removed; 0 when there are no more for now, or when the engine does it by itself
   */
  sweep(_options?: SweepOptions): Promise<number> {
    return Promise.resolve(0);
  }

  /** Releases what the storage itself opened. Called once, when the app has ended. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
