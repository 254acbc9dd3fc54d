import { Inject, Injectable, Optional } from '@nestjs/common';
import { assertNotAborted, type ByteStream } from '../../common/byte-stream.js';
import { abortNoticeOf } from '../../common/call-abortion.js';
import { assertStorageId } from '../assert-storage-id.js';
import type { PrincipalIndex } from '../principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from '../session-storage.js';
import { BusWatch } from './bus-watch.js';
import { CacheEntries, lent, type CacheEntry } from './cache-entries.js';
import {
  CACHE_STORAGE_DELEGATE,
  CACHE_STORAGE_OPTIONS,
  cacheStorageSettings,
  type CacheStorageOptions,
  type CacheStorageSettings,
} from './cache-storage-options.js';
import { CacheWork } from './cache-work.js';
import { CopiedStream } from './copied-stream.js';
import type { Fill } from './fill.js';
import { headOf } from './stream-head.js';

/** Who reads. */
type Consumer<R> = (entry: StoredEntry) => Promise<R>;

/** What a read of the delegate came to for whoever made it. */
type Loaded<R> =
  | { readonly entry: CacheEntry | undefined }
  /** It was too large to be held, so its consumer has seen it already. */
  | { readonly result: R };

/** What a change of the delegate came to, and what is known of the record now, if anything. */
interface Changed<R> {
  readonly result: R;
  readonly entry?: CacheEntry | undefined;
}

/**
 * Keeps the records that were used last in memory, in front of another storage.
 *
 * What this process changes or ends it never sees again. What another process has changed or ended may stay unseen until its
 * message has come by the bus, and for `maxStaleness` at the most; the core asks past the cache before it refuses a token
 * because of a cached record. The same holds for the expiry of a record whose delegate does not tell it. A miss is never
 * kept, and nothing is that was read while somebody changed it. Writes go through to the delegate, which decides about their
 * conditions.
 */
@Injectable()
export class CacheStorage extends SessionStorage {
  readonly #delegate: SessionStorage;
  readonly #settings: CacheStorageSettings;
  readonly #entries: CacheEntries;
  readonly #work = new CacheWork();
  readonly #bus: BusWatch | undefined;

  /**
   * @param delegate the storage behind; swept and closed with this one
   * @throws {TypeError | RangeError} when there is none, or an option is wrong
   */
  constructor(
    @Optional() @Inject(CACHE_STORAGE_DELEGATE) delegate: SessionStorage,
    @Optional() @Inject(CACHE_STORAGE_OPTIONS) options: CacheStorageOptions = {},
  ) {
    super();
    if (typeof (delegate as SessionStorage | undefined)?.read !== 'function') {
      throw new TypeError(
        'Cannot create CacheStorage: its delegate must be a storage: give one, or provide CACHE_STORAGE_DELEGATE',
      );
    }
    this.#delegate = delegate;
    this.#settings = cacheStorageSettings(options);
    const { bus, clock } = this.#settings;
    this.#entries = new CacheEntries(this.#settings, clock);
    const changed = (id: string): void => this.#changedElsewhere(id);
    this.#bus = bus && new BusWatch(bus, clock, { changed, changedAny: this.#flush });
  }

  get conditionalWrites(): boolean {
    return this.#delegate.conditionalWrites;
  }

  override get principals(): PrincipalIndex | undefined {
    return this.#delegate.principals;
  }

  /** How many records it holds, idle ones that nobody has met yet included. */
  get size(): number {
    return this.#entries.size;
  }

  async read<R>(id: string, consumer: Consumer<R>, options?: ReadOptions): Promise<R | undefined> {
    assertStorageId(id);
    this.#bus?.begin();
    if (options?.fresh !== true) {
      const trusted = this.#trusted(id);
      if (trusted !== undefined) return consumer(lent(trusted, true));
      let fill: Fill | undefined;
      while ((fill = this.#work.fillOf(id, this.#since)) !== undefined) {
        const filled = await fill.result;
        if (filled === 'too large') break;
        // It began before this read did: like anything cached, it may be outdated
        if (filled !== 'left') return filled.entry && consumer(lent(filled.entry, true));
      }
    }
    const loaded = await this.#load(id, consumer, options);
    if ('result' in loaded) return loaded.result;
    return loaded.entry && consumer(lent(loaded.entry, false));
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    const { clock, maxBytes } = this.#settings;
    const checkedAt = clock.now();
    const copied = new CopiedStream(source, maxBytes);
    // It ends the record: as in invalidate()
    if (options.expiresAt <= checkedAt) this.#entries.delete(id);
    return this.#change(id, async () => {
      const result = await this.#delegate.write(id, copied.stream, options);
      const bytes = result.written && options.expiresAt > clock.now() ? copied.copy() : undefined;
      const version = result.written ? result.version : undefined;
      return { result, entry: bytes && { bytes, version, expiresAt: options.expiresAt, checkedAt } };
    });
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    // It may be gone long before the delegate says so
    this.#entries.delete(id);
    return this.#change(id, async () => ({ result: await this.#delegate.invalidate(id) }));
  }

  /** Lets every idle entry go, and sweeps the delegate. */
  override sweep(options?: SweepOptions): Promise<number> {
    this.#entries.removeIdle();
    return this.#delegate.sweep(options);
  }

  /** Leaves the bus, forgets everything, and closes the delegate. */
  override async close(): Promise<void> {
    this.#flush();
    try {
      await this.#bus?.close();
    } finally {
      await this.#delegate.close();
    }
  }

  /** An entry that need not be checked; `undefined` when there is none. */
  #trusted(id: string): CacheEntry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.checkedAt <= this.#since) return undefined;
    return (entry.expiresAt ?? Infinity) > this.#settings.clock.now() ? entry : undefined;
  }

  /** What the delegate was asked after this time it need not be asked again; nothing, while the bus is lost. */
  get #since(): number {
    return this.#bus?.isAlive === false ? Infinity : this.#settings.clock.now() - this.#settings.maxStaleness;
  }

  /** Reads the delegate, for all who come meanwhile. */
  async #load<R>(id: string, consumer: Consumer<R>, options: ReadOptions | undefined): Promise<Loaded<R>> {
    const signal = abortNoticeOf(options);
    // A read that has been given up would never be left
    assertNotAborted(signal);
    const fill = this.#work.beginFill(id, this.#settings.clock.now());
    // Whoever has waited for it must not wait for ever: they try again among themselves
    const leave = (): void => this.#work.leaveFill(id, fill, 'left');
    signal?.addEventListener('abort', leave);
    try {
      const loaded = await this.#ask(id, consumer, options, fill);
      const entry = 'entry' in loaded ? loaded.entry : undefined;
      if (this.#work.endFill(id, fill)) this.#keep(id, entry);
      fill.settle({ entry });
      return loaded;
    } catch (error) {
      this.#work.endFill(id, fill);
      fill.fail(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  async #ask<R>(id: string, consumer: Consumer<R>, options: ReadOptions | undefined, fill: Fill): Promise<Loaded<R>> {
    const checkedAt = fill.beganAt;
    const held = this.#entries.get(id);
    const loaded = await this.#delegate.read(
      id,
      async (stored): Promise<Loaded<R>> => {
        const { version, expiresAt } = stored;
        // Nobody has changed it: its bytes need not travel
        if (held !== undefined && version !== undefined && version === held.version) {
          return { entry: { ...held, expiresAt, checkedAt } };
        }
        const head = await headOf(stored.stream, this.#settings.maxBytes);
        if (head.bytes !== undefined) return { entry: { bytes: head.bytes, version, expiresAt, checkedAt } };
        this.#work.leaveFill(id, fill, 'too large');
        this.#entries.delete(id);
        return { result: await consumer({ ...stored, stream: head.whole }) };
      },
      options,
    );
    return loaded ?? { entry: undefined };
  }

  /** Changes a record, so that nothing that was read before is trusted after. */
  async #change<R>(id: string, work: () => Promise<Changed<R>>): Promise<R> {
    this.#bus?.begin();
    this.#work.beginChange(id);
    let entry: CacheEntry | undefined;
    try {
      const changed = await work();
      entry = changed.entry;
      return changed.result;
    } finally {
      // Also after an error: nobody knows whether it was done
      this.#keep(id, this.#work.endChange(id) ? entry : undefined);
      await this.#bus?.announce(id);
    }
  }

  /** Keeps what is known of a record now, or forgets it. */
  #keep(id: string, entry: CacheEntry | undefined): void {
    if (entry === undefined || this.#since === Infinity) this.#entries.delete(id);
    else this.#entries.set(id, entry);
  }

  #changedElsewhere(id: string): void {
    this.#work.interrupt(id);
    this.#entries.delete(id);
  }

  readonly #flush = (): void => {
    this.#work.interruptAll();
    this.#entries.clear();
  };
}
