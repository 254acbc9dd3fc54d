import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { assertNotAborted, collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { abortNoticeOf } from '../common/call-abortion.js';
import { systemClock, type Clock } from '../common/clock.js';
import { SessionTooLargeError } from '../errors.js';
import { assertStorageId } from './assert-storage-id.js';
import { positiveInteger } from './creation-checks.js';
import { MemoryEntries, type MemoryEntry } from './memory-entries.js';
import { MemoryPrincipals } from './principals/memory-principals.js';
import type { PrincipalIndex } from './principals/principal-index.js';
import {
  SessionStorage,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from './session-storage.js';
import { tellExpired } from './tell-expired.js';

/** The bounds of a `SessionStorageMemory`. */
export interface SessionStorageMemoryOptions {
  /** The most records it holds; default 100,000. */
  readonly maxEntries?: number;
  /** The most bytes of records and ids it holds; default 268,435,456 (256 MiB). */
  readonly maxBytes?: number;
  /** The clock that tells what has expired; default: the machine's. */
  readonly clock?: Clock;
  /** Told once, when a record that had not expired left for want of room; default: a process warning. */
  readonly onFull?: (message: string) => void;
}

/** Injects the options of a `SessionStorageMemory` that is given as a class. */
export const SESSION_STORAGE_MEMORY_OPTIONS = Symbol('nest-sessions:SESSION_STORAGE_MEMORY_OPTIONS');

const SLICE = 5_000;

/**
 * Keeps records in this process: the default storage, for one process, tests and development. They end with the process.
 *
 * It is bounded. When it is full, records whose client never came back leave first, then the least recently used: strangers
 * without cookies cannot push signed-in users out. It holds copies, never live objects, and its writes are conditional.
 * What it knows of principals goes with their records.
 */
@Injectable()
export class SessionStorageMemory extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #entries: MemoryEntries;
  readonly #principals: MemoryPrincipals;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  #versions = 0;

  /** @throws {RangeError} when a bound is not a positive integer */
  constructor(@Optional() @Inject(SESSION_STORAGE_MEMORY_OPTIONS) options: SessionStorageMemoryOptions = {}) {
    super();
    const { maxEntries = 100_000, maxBytes = 256 * 1024 * 1024, clock = systemClock, onFull = warn } = options;
    for (const [name, bound] of Object.entries({ maxEntries, maxBytes })) {
      positiveInteger('SessionStorageMemory', name, bound);
    }
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#principals = new MemoryPrincipals(clock);
    this.#entries = new MemoryEntries(maxEntries, maxBytes, onFull, (id) => this.#principals.recordLeft(id));
  }

  override get principals(): PrincipalIndex {
    return this.#principals;
  }

  /** How many records it holds, expired ones that were not swept yet included. */
  get size(): number {
    return this.#entries.size;
  }

  async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>): Promise<R | undefined> {
    assertStorageId(id);
    const entry = this.#living(id);
    if (entry === undefined) return undefined;
    this.#entries.use(id, entry);
    return consumer({ stream: streamOf(Buffer.from(entry.bytes)), version: entry.version, expiresAt: entry.expiresAt });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    const { expiresAt, expect } = options;
    const signal = abortNoticeOf(options);
    const lent = source.bytes ?? (await collect(source, { maxBytes: this.#maxBytes, signal }));
    assertNotAborted(signal);
    const current = this.#living(id);
    if (expect === 'absent' && current !== undefined) return { written: false, reason: 'exists' };
    if (typeof expect === 'object' && current?.version !== expect.version) {
      return { written: false, reason: current === undefined ? 'missing' : 'conflict' };
    }
    const version = (++this.#versions).toString(36);
    const now = this.#clock.now();
    if (expiresAt <= now) this.#entries.delete(id);
    else this.#entries.set(id, { bytes: this.#copy(id, lent), version, expiresAt }, now);
    return { written: true, version };
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    const living = this.#living(id) !== undefined;
    this.#entries.delete(id);
    return living;
  }

  /** Looks at 5,000 records at a time, until some of them have expired; when none has, at the index of principals. */
  override async sweep(options: SweepOptions = {}): Promise<number> {
    for (let seen = 0; seen <= this.#entries.size; seen += SLICE) {
      const removed = this.#entries.removeExpired(SLICE, this.#clock.now());
      if (options.onExpired !== undefined) {
        for (const [id, { bytes }] of removed) await tellExpired(options, id, streamOf(bytes));
      }
      if (removed.length > 0) return removed.length;
      await setImmediate();
    }
    await this.#principals.sweep();
    return 0;
  }

  /** What has expired stays for a sweep, which tells of it. */
  #living(id: string): MemoryEntry | undefined {
    const entry = this.#entries.get(id);
    return entry !== undefined && entry.expiresAt > this.#clock.now() ? entry : undefined;
  }

  #copy(id: string, bytes: Uint8Array): Uint8Array {
    if (id.length + bytes.length > this.#maxBytes) {
      throw new SessionTooLargeError(
        `Cannot store session: ${bytes.length} bytes are more than maxBytes, ${this.#maxBytes}`,
      );
    }
    return new Uint8Array(bytes);
  }
}

function warn(message: string): void {
  process.emitWarning(message, 'NestSessionsWarning');
}
