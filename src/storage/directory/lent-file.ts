import { Underway } from '../../common/underway.js';
import { SessionStorageError } from '../../errors.js';
import { close, readAt } from './files.js';

/** How much is read at a time, in bytes: of most records the first read is all. */
const FIRST_CHUNK = 16 * 1024;
const CHUNK = 64 * 1024;

/** The bytes of an open file from some place on, read when they are asked for, until `close()`. */
export class LentFile implements AsyncIterable<Uint8Array> {
  readonly #descriptor: number;
  readonly #start: number;
  readonly #reads = new Underway();
  #closed = false;

  /**
   * @param descriptor taken over: `close()` closes it
   * @param start how many bytes at the beginning are not lent
   */
  constructor(descriptor: number, start: number) {
    this.#descriptor = descriptor;
    this.#start = start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let at = this.#start, length = FIRST_CHUNK; ; length = CHUNK) {
      const chunk = await this.#reads.add(this.#read(at, length));
      if (chunk.length > 0) yield chunk;
      // A regular file gives less than was asked for at its end alone
      if (chunk.length < length) return;
      at += chunk.length;
    }
  }

  /** Takes the file back. A read that its borrower has begun and left is waited for: its descriptor must not become another's. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#reads.settled();
    await close(this.#descriptor);
  }

  async #read(at: number, length: number): Promise<Uint8Array> {
    if (this.#closed) throw new SessionStorageError('Cannot read session file: it is lent no longer');
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await readAt(this.#descriptor, buffer, 0, length, at);
    return buffer.subarray(0, bytesRead);
  }
}
