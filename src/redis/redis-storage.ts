import { Inject, Injectable, Optional } from '@nestjs/common';
import { collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { abortNoticeOf } from '../common/call-abortion.js';
import { assertStorageId } from '../storage/assert-storage-id.js';
import type { PrincipalIndex } from '../storage/principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from '../storage/session-storage.js';
import { lifetimeOf } from './lifetime.js';
import { RedisConnection } from './redis-connection.js';
import { RedisPrincipalIndex } from './redis-principal-index.js';
import { RedisRecord } from './redis-record.js';
import { commandsOf, type RedisStorageClient } from './redis-storage-client.js';
import { redisStorageSettings, type RedisStorageOptions, type RedisStorageSettings } from './redis-storage-options.js';
import { warnOfPlaintext } from './warn-of-plaintext.js';

/** Injects the client of a `RedisStorage` that is given as a class. */
export const REDIS_STORAGE_CLIENT = Symbol('nest-sessions:REDIS_STORAGE_CLIENT');

/** Injects the options of a `RedisStorage` that is given as a class. */
export const REDIS_STORAGE_OPTIONS = Symbol('nest-sessions:REDIS_STORAGE_OPTIONS');

/**
 * Keeps records in Redis or Valkey, for all who use that server: one key a session, which the server forgets by itself.
 *
 * Each call is one command. Writes are conditional: `SET NX` for a new record, one script for a change. A command that the
 * driver sends again because its answer was lost is applied once. What was written survives what the server's settings say;
 * replicas are never read. Its client is its owner's to connect and to close.
 */
@Injectable()
export class RedisStorage extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #settings: RedisStorageSettings;
  readonly #connection: RedisConnection;
  readonly #principals: PrincipalIndex;

  /**
   * @param client connected, or about to be
   * @throws {TypeError | RangeError} when it is no client, or would read from replicas, or an option is wrong
   */
  constructor(
    @Optional() @Inject(REDIS_STORAGE_CLIENT) client: RedisStorageClient,
    @Optional() @Inject(REDIS_STORAGE_OPTIONS) options: RedisStorageOptions = {},
  ) {
    super();
    this.#settings = redisStorageSettings(options);
    this.#connection = new RedisConnection(commandsOf(client));
    this.#principals = new RedisPrincipalIndex(this.#connection, this.#settings);
    warnOfPlaintext(client);
  }

  override get principals(): PrincipalIndex {
    return this.#principals;
  }

  async read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    const stored = await this.#record(id).read(abortNoticeOf(options));
    return stored && consumer({ stream: streamOf(stored.bytes), version: stored.version });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const record = this.#record(id);
    const { maxBytes, clock } = this.#settings;
    const bytes = await collect(source, { maxBytes, signal: abortNoticeOf(options) });
    const lifetime = lifetimeOf(options.expiresAt, clock);
    return lifetime > 0 ? record.put(bytes, lifetime, options) : record.end(options);
  }

  async invalidate(id: string): Promise<boolean> {
    return this.#record(id).remove();
  }

  #record(id: string): RedisRecord {
    assertStorageId(id);
    return new RedisRecord(this.#connection, this.#settings.prefix + id);
  }
}
