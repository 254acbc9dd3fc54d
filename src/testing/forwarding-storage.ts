import type { ByteStream } from '../common/byte-stream.js';
import type { PrincipalIndex } from '../storage/principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from '../storage/session-storage.js';

/**
 * Passes every call on to another storage: what a storage that does something in between extends.
 *
 * ```ts
 * class CountingStorage extends ForwardingStorage {
 *   reads = 0;
 *
 *   override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
 *     this.reads++;
 *     return super.read(id, consumer, options);
 *   }
 * }
 * ```
 */
export class ForwardingStorage extends SessionStorage {
  readonly #delegate: SessionStorage;

  constructor(delegate: SessionStorage) {
    super();
    this.#delegate = delegate;
  }

  get conditionalWrites(): boolean {
    return this.#delegate.conditionalWrites;
  }

  override get principals(): PrincipalIndex | undefined {
    return this.#delegate.principals;
  }

  read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions): Promise<R | undefined> {
    return this.#delegate.read(id, consumer, options);
  }

  write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    return this.#delegate.write(id, source, options);
  }

  invalidate(id: string): Promise<boolean> {
    return this.#delegate.invalidate(id);
  }

  override sweep(options?: SweepOptions): Promise<number> {
    return this.#delegate.sweep(options);
  }

  override close(): Promise<void> {
    return this.#delegate.close();
  }
}
