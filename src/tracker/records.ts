import { collect, streamOf } from '../common/byte-stream.js';
import { CallAbortion } from '../common/call-abortion.js';
import { SessionDecodeError } from '../errors.js';
import { decodeRecord, encodeRecord, type SessionRecord } from '../record/record.js';
import { expiryOf } from '../session/expiry.js';
import type { ReadOptions, SessionStorage, WriteOptions, WriteResult } from '../storage/session-storage.js';
import type { TimeLimit } from './time-limit.js';

/** A record as it was read or written. */
export interface KnownRecord extends SessionRecord {
  readonly version: string;
  /** Whether a cache answered. */
  readonly cached: boolean;
}

/** The options of one call. */
class CallOptions extends CallAbortion implements ReadOptions {
  constructor(readonly fresh: boolean) {
    super();
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
  readonly #limit: TimeLimit;

  /** @param storage one with conditional writes */
  constructor(storage: SessionStorage, limit: TimeLimit) {
    this.#storage = storage;
    this.#limit = limit;
  }

  /**
   * @param fresh whether to pass every cache
   * @returns `undefined` when there is none
   * @throws {SessionDecodeError} when what is stored is not a record
   * @throws {SessionStorageError}
   */
  read(id: string, fresh: boolean): Promise<KnownRecord | undefined> {
    return this.#limit.limited(id, new CallOptions(fresh), (options) =>
      this.#storage.read(
        id,
        async ({ stream, version = '', cached = false }) => {
          const lent = stream.bytes ?? (await collect(stream));
          const { header, payload } = decodeRecord(Buffer.from(lent));
          return { header, payload, version, cached };
        },
        options,
      ),
    );
  }

  /**
   * Reads past every cache; what is not a record is none.
   *
   * @returns `undefined` when there is none
   * @throws {SessionStorageError}
   */
  async find(id: string): Promise<KnownRecord | undefined> {
    try {
      return await this.read(id, true);
    } catch (error) {
      if (error instanceof SessionDecodeError) return undefined;
      throw error;
    }
  }

  /**
   * Writes a record; one whose deadline has passed already ends the session.
   *
   * @throws {SessionStorageError}
   */
  write(id: string, record: SessionRecord, expect: NonNullable<WriteOptions['expect']>): Promise<WriteResult> {
    const source = streamOf(encodeRecord(record));
    return this.#limit.limited(id, new WriteCallOptions(expiryOf(record.header), expect), (options) =>
      this.#storage.write(id, source, options),
    );
  }

  /** Removes a record, whatever its state. */
  invalidate(id: string): Promise<boolean> {
    return this.#limit.waited(id, () => this.#storage.invalidate(id));
  }
}
