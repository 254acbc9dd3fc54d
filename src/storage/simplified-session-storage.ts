import { assertNotAborted, collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { abortNoticeOf } from '../common/call-abortion.js';
import { SessionError, SessionStorageError } from '../errors.js';
import { assertStorageId } from './assert-storage-id.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from './session-storage.js';

/**
 * A storage made of two methods over whole byte arrays, for a backend that reads and writes them in one go.
 *
 * It has no conditional writes: the core orders the writers of one process and enforces every deadline. What the backend
 * throws becomes the cause of a `SessionStorageError`. The arrays are copies on both sides, so either may be kept.
 */
export abstract class SimplifiedSessionStorage extends SessionStorage {
  readonly conditionalWrites = false;

  /** The most bytes of one record; 16 MiB, unless a subclass says otherwise. */
  protected readonly maxBytes: number = 16 * 1024 * 1024;

  /**
   * Reads all bytes under an id.
   *
   * @param id 1 to 255 characters of `[A-Za-z0-9_-]`
   * @returns `undefined` when there are none, or they have expired
   */
  protected abstract load(id: string): Promise<Uint8Array | undefined>;

  /**
   * Replaces all bytes under an id. Resolves when they are stored.
   *
   * @param id 1 to 255 characters of `[A-Za-z0-9_-]`
   * @param bytes `undefined` to remove what is there, if anything is
   * @param options `expiresAt`: when they may be forgotten, in milliseconds since the epoch; they need not be
   */
  protected abstract store(
    id: string,
    bytes: Uint8Array | undefined,
    options: { readonly expiresAt: number },
  ): Promise<void>;

  async read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    _options?: ReadOptions,
  ): Promise<R | undefined> {
    assertStorageId(id);
    const bytes = await backend(() => this.load(id));
    return bytes === undefined ? undefined : consumer({ stream: streamOf(Uint8Array.from(bytes)) });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    const { expiresAt } = options;
    const signal = abortNoticeOf(options);
    const bytes = Uint8Array.from(await collect(source, { maxBytes: this.maxBytes, signal }));
    assertNotAborted(signal);
    await backend(() => this.store(id, expiresAt <= 0 ? undefined : bytes, { expiresAt }));
    return { written: true };
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    const isThere = (await backend(() => this.load(id))) !== undefined;
    if (isThere) await backend(() => this.store(id, undefined, { expiresAt: 0 }));
    return isThere;
  }
}

async function backend<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw new SessionStorageError('Cannot use session storage: its backend failed', { cause });
  }
}
