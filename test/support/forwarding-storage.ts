import {
  SessionStorage,
  type ByteStream,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from 'nest-sessions';

/** Passes every call on; what test storages that do something in between start from. */
export class ForwardingStorage extends SessionStorage {
  readonly #delegate: SessionStorage;

  constructor(delegate: SessionStorage) {
    super();
    this.#delegate = delegate;
  }

  get conditionalWrites(): boolean {
    return this.#delegate.conditionalWrites;
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

  override sweep(): Promise<number> {
    return this.#delegate.sweep();
  }

  override close(): Promise<void> {
    return this.#delegate.close();
  }
}
