import {
  SessionStorage,
  type ByteStream,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from 'nest-sessions';

/** The smallest storage that somebody may write: no conditional writes, no expiry, no copies saved. */
export class PlainStorage extends SessionStorage {
  readonly conditionalWrites = false;
  readonly #records = new Map<string, Uint8Array>();

  /** The options of every write. */
  readonly written: WriteOptions[] = [];

  /** How many records it holds. */
  get size(): number {
    return this.#records.size;
  }

  async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, _options?: ReadOptions) {
    const bytes = this.#records.get(id);
    return bytes === undefined ? undefined : consumer({ stream: chunksOf(bytes) });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk.slice());
    this.written.push(options);
    this.#records.set(id, Buffer.concat(chunks));
    return { written: true };
  }

  async invalidate(id: string): Promise<boolean> {
    return this.#records.delete(id);
  }
}

/** In small pieces, and never as a whole: nobody must need `bytes`. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50);
}
