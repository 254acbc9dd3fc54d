import type { ByteStream } from '../../common/byte-stream.js';

/** A stream that keeps a copy of what goes through it, as long as that is not too much. */
export class CopiedStream {
  readonly #source: ByteStream;
  readonly #maxBytes: number;
  #chunks: Uint8Array[] | undefined = [];
  #length = 0;
  #ended = false;

  /** @param maxBytes how much to copy at the most; a longer stream goes through uncopied */
  constructor(source: ByteStream, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** What to hand on in the source's place. */
  get stream(): ByteStream {
    return this.#source.bytes === undefined ? this.#through() : this.#source;
  }

  /** A copy of all that went through; `undefined` when that was too much, or not all. */
  copy(): Uint8Array | undefined {
    const { bytes } = this.#source;
    if (bytes !== undefined) return bytes.length <= this.#maxBytes ? Uint8Array.from(bytes) : undefined;
    return this.#ended ? this.#chunks && Buffer.concat(this.#chunks) : undefined;
  }

  async *#through(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#length += chunk.length;
      if (this.#length > this.#maxBytes) this.#chunks = undefined;
      this.#chunks?.push(Uint8Array.from(chunk));
      yield chunk;
    }
    this.#ended = true;
  }
}
