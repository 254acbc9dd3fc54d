import { collect, streamOf } from '../common/byte-stream.js';
import type { Clock } from '../common/clock.js';
import { SessionError, SessionStorageError } from '../errors.js';
import { decodeRecord, encodeRecord, type SessionRecord } from '../record/record.js';
import { expiryOf } from '../session/expiry.js';
import type { ReadOptions, SessionStorage, WriteOptions, WriteResult } from '../storage/session-storage.js';

/** A record as it was read or written. */
export interface KnownRecord extends SessionRecord {
  readonly version: string;
  /** Whether a cache answered. */
  readonly cached: boolean;
}

/** The options of one call, whose signal is made only for a storage that asks for it. */
class CallOptions implements ReadOptions {
  #controller: AbortController | undefined;

  constructor(readonly fresh: boolean) {}

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  abort(): void {
    (this.#controller ??= new AbortController()).abort();
  }
}

class WriteCallOptions extends CallOptions implements WriteOptions {
  constructor(
    readonly expiresAt: number,
    readonly expect: NonNullable<WriteOptions['expect']>,
  ) {
    super(false);
  }
}

/** The records in a storage, each call limited in time. */
export class Records {
  readonly #storage: SessionStorage;
  readonly #clock: Clock;
  readonly #timeout: number;

  /**
   * @param storage one with conditional writes
   * @param timeout milliseconds that a call may take
   */
  constructor(storage: SessionStorage, clock: Clock, timeout: number) {
    this.#storage = storage;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /**
   * @param fresh whether to pass every cache
   * @returns `undefined` when there is none
   * @throws {SessionDecodeError} when what is stored is not a record
   * @throws {SessionStorageError}
   */
  read(id: string, fresh: boolean): Promise<KnownRecord | undefined> {
    return this.limited(id, new CallOptions(fresh), (options) =>
      this.#storage.read(
        id,
        async ({ stream, version = '', cached = false }) => {
          const lent = stream.bytes ?? (await collect(stream));
          return { ...decodeRecord(new Uint8Array(lent)), version, cached };
        },
        options,
      ),
    );
  }

  /**
   * Writes a record; one whose deadline has passed already ends the session.
   *
   * @throws {SessionStorageError}
   */
  write(id: string, record: SessionRecord, expect: NonNullable<WriteOptions['expect']>): Promise<WriteResult> {
    const source = streamOf(encodeRecord(record));
    return this.limited(id, new WriteCallOptions(expiryOf(record.header), expect), (options) =>
      this.#storage.write(id, source, options),
    );
  }

  /** Removes a record, whatever its state. */
  invalidate(id: string): Promise<boolean> {
    return this.limited(id, new CallOptions(true), () => this.#storage.invalidate(id));
  }

  /** Waits for `work` no longer than the timeout; then it is told to abort, and whoever waits gets an error. */
  limited<Options extends { abort(): void }, R>(
    id: string,
    options: Options,
    work: (options: Options) => Promise<R>,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeout, () => {
        reject(new SessionStorageError(`Cannot reach session storage: no answer within ${this.#timeout} ms`, { id }));
        options.abort();
      });
      const fail = (error: unknown): void => {
        timer.cancel();
        reject(
          error instanceof SessionError
            ? error
            : new SessionStorageError('Cannot use session storage: it failed', { id, cause: error }),
        );
      };
      try {
        work(options).then((result) => {
          timer.cancel();
          resolve(result);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }
}
