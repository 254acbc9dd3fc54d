import { Inject, Injectable, Optional } from '@nestjs/common';
import { collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { abortNoticeOf } from '../common/call-abortion.js';
import { assertStorageId } from '../storage/assert-storage-id.js';
import type { PrincipalIndex } from '../storage/principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from '../storage/session-storage.js';
import { connectionOf, type PostgresPool } from './connection-of.js';
import { Database } from './database.js';
import { ensureSchema } from './ensure-schema.js';
import { PostgresPrincipals } from './postgres-principals.js';
import { PostgresRecords } from './postgres-records.js';
import {
  postgresStorageSettings,
  type PostgresStorageOptions,
  type PostgresStorageSettings,
} from './postgres-storage-options.js';

/** Injects the pool of a `PostgresStorage` that is given as a class. */
export const POSTGRES_STORAGE_POOL = Symbol('nest-sessions:POSTGRES_STORAGE_POOL');

/** Injects the options of a `PostgresStorage` that is given as a class. */
export const POSTGRES_STORAGE_OPTIONS = Symbol('nest-sessions:POSTGRES_STORAGE_OPTIONS');

/**
 * Keeps records in a table of PostgreSQL 12 or later, for all processes that use it.
 *
 * Each operation is one statement; a write that is refused may be two. What has expired the database's clock tells, for all
 * processes alike. With a pool of `pg`, statements are named and prepared once a connection: behind PgBouncer in transaction
 * mode that needs 1.21 or later with `max_prepared_statements` above 0. It needs the isolation level READ COMMITTED, the
 * default.
 *
 * The pool is its owner's: it is not closed. A listener of its `error` event is added where there is none, since the restart of
 * a server would end the process. Give it `connectionTimeoutMillis`: without, it waits for a server that does not answer.
 *
 * What waits for a connection is not sent when its signal aborts. What was sent can not be taken back: its connection is closed
 * then, which gives its place in the pool to others, and the server may still do it. Such a write has its condition: it brings
 * nothing back.
 */
@Injectable()
export class PostgresStorage extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #settings: PostgresStorageSettings;
  readonly #database: Database;
  readonly #records: PostgresRecords;
  readonly #principals: PostgresPrincipals;

  /**
   * @param pool a `Pool` of `pg`, a connected `Client` of it, or a `PGlite`
   * @throws {TypeError | RangeError} when it is something else, or an option is wrong
   */
  constructor(
    @Optional() @Inject(POSTGRES_STORAGE_POOL) pool: PostgresPool,
    @Optional() @Inject(POSTGRES_STORAGE_OPTIONS) options: PostgresStorageOptions = {},
  ) {
    super();
    this.#settings = postgresStorageSettings(options);
    this.#database = new Database(connectionOf(pool), this.#settings.tables);
    this.#records = new PostgresRecords(this.#database);
    this.#principals = new PostgresPrincipals(this.#database, this.#settings.clock);
  }

  override get principals(): PrincipalIndex {
    return this.#principals;
  }

  /**
   * Makes what the storage needs, where it is not there: the tables, their indexes, and the schema that the options name. Any
   * number of processes may do so at once. Where all of it is there it asks for no right to make anything.
   *
   * @throws {SessionStorageError} when the database fails, or does not let its user do so
   */
  ensureSchema(): Promise<void> {
    return ensureSchema(this.#database);
  }

  async read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    assertStorageId(id);
    // Before it is sent: told too early, an expiry does no harm
    const askedAt = this.#settings.clock.now();
    const record = await this.#records.read(id, abortNoticeOf(options));
    if (record === undefined) return undefined;
    const { bytes, version, remaining } = record;
    return consumer({ stream: streamOf(bytes), version, expiresAt: Math.floor(askedAt + remaining) });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    const { maxBytes, clock } = this.#settings;
    const bytes = await collect(source, { maxBytes, signal: abortNoticeOf(options) });
    const lifetime = (): number => options.expiresAt - clock.now();
    return lifetime() > 0 ? this.#records.store(id, bytes, lifetime, options) : this.#records.end(id, options);
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    return this.#records.invalidate(id);
  }

  /**
   * Removes up to 1,000 records, those that expired first before the others, and what is over in the index of principals. Many
   * processes may do so at once: each record is removed, and told of, by one of them.
   */
  override async sweep(options: SweepOptions = {}): Promise<number> {
    const removed = await this.#records.sweep(options);
    await this.#principals.sweep(removed === 0);
    return removed;
  }
}
