import type { SessionData, Store } from 'express-session';
import {
  collect,
  streamOf,
  type ByteStream,
  type SessionStorage,
  type WriteOptions,
  type WriteResult,
  type ReadOptions,
  type StoredEntry,
} from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';

/** What a storage was asked for. */
export class StorageCount {
  calls = 0;
  /** Of session data, read and written. */
  bytes = 0;
}

/** Counts what a storage of ours is asked for. */
export class CountingStorage extends ForwardingStorage {
  readonly #count: StorageCount;

  constructor(delegate: SessionStorage, count: StorageCount) {
    super(delegate);
    this.#count = count;
  }

  override read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    this.#count.calls++;
    return super.read(
      id,
      async (entry) => {
        const bytes = await collect(entry.stream);
        this.#count.bytes += bytes.length;
        return consumer({ ...entry, stream: streamOf(bytes) });
      },
      options,
    );
  }

  override async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.#count.calls++;
    const bytes = await collect(source);
    this.#count.bytes += bytes.length;
    return super.write(id, streamOf(bytes), options);
  }

  override invalidate(id: string): Promise<boolean> {
    this.#count.calls++;
    return super.invalidate(id);
  }
}

/** Counts what a store of express-session, or of a plugin that takes the same stores, is asked for. */
export function countingStore<S extends Store>(store: S, count: StorageCount): S {
  const { get, set, touch } = store;
  const sized = (data: unknown): void => void (count.bytes += data ? JSON.stringify(data).length : 0);
  store.get = (id, done) => {
    count.calls++;
    get.call(store, id, (error?: unknown, data?: SessionData | null) => {
      sized(data);
      done(error, data);
    });
  };
  store.set = (id, data, done) => {
    count.calls++;
    sized(data);
    set.call(store, id, data, done);
  };
  if (touch !== undefined) {
    // What a touch sends is no data
    store.touch = (id, data, done) => {
      count.calls++;
      touch.call(store, id, data, done);
    };
  }
  return store;
}
