import { SessionStorageError, SessionTooLargeError } from '../errors.js';
import type { AbortNotice } from './call-abortion.js';

/**
 * Bytes that arrive in pieces. A Node `Readable`, a web `ReadableStream` and an async generator of `Uint8Array` all fit.
 *
 * `bytes` is there when all of it is in memory already: a reader may take that instead of iterating, and need not.
 */
export type ByteStream = AsyncIterable<Uint8Array> & { readonly bytes?: Uint8Array };

/** How much of a source to read, and for how long. */
export interface ByteBounds {
  /** The most bytes that are taken; default: any number. */
  readonly maxBytes?: number;
  /** Ends the reading when it aborts. */
  readonly signal?: AbortNotice | undefined;
}

class WholeByteStream implements AsyncIterable<Uint8Array> {
  constructor(readonly bytes: Uint8Array) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield this.bytes;
  }
}

/**
 * Lends bytes that are in memory as a stream; copies nothing.
 *
 * @param bytes what the stream yields, in one piece
 */
export function streamOf(bytes: Uint8Array): ByteStream {
  return new WholeByteStream(bytes);
}

/**
 * Collects a stream into one array of bytes.
 *
 * The result may be the very memory that the stream lends (its `bytes`, or its only chunk): who keeps it longer than the
 * stream is lent must copy it.
 *
 * @param stream read to its end; closed when it fails
 * @param bounds how much to take, and for how long; default: all of it
 * @returns all bytes; an empty array when there are none
 * @throws {SessionTooLargeError} when there are more than `maxBytes`; no more of them is read
 * @throws {SessionStorageError} when the signal has aborted, even if the stream never yields again
 */
export async function collect(stream: ByteStream, bounds?: ByteBounds): Promise<Uint8Array> {
  if (stream.bytes !== undefined) return wholeOf(stream.bytes, bounds);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounds === undefined ? stream : chunksWithin(stream, bounds)) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/**
 * Reads a stream piece by piece, within bounds; the next piece is asked for when the one before is done with. The stream is
 * closed when the reader stops early.
 *
 * @throws {SessionTooLargeError} in the place of the piece that exceeds `maxBytes`
 * @throws {SessionStorageError} when the signal has aborted, even if the stream never yields again
 */
export async function* chunksWithin(
  stream: ByteStream,
  { maxBytes = Infinity, signal }: ByteBounds,
): AsyncGenerator<Uint8Array> {
  if (stream.bytes !== undefined) {
    yield wholeOf(stream.bytes, { maxBytes, signal });
    return;
  }
  const iterator = stream[Symbol.asyncIterator]();
  const abortion = signal && new Abortion(signal);
  let total = 0;
  let ended = false;
  try {
    for (;;) {
      const next = await (abortion?.or(iterator.next()) ?? iterator.next());
      ended = next.done === true;
      if (next.done === true) return;
      total += next.value.length;
      if (total > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`);
      yield next.value;
    }
  } finally {
    abortion?.forget();
    const closing = ended ? undefined : iterator.return?.();
    // A stream that hangs would hang in its return() too
    if (signal?.aborted === true) closing?.catch(() => {});
    else await closing;
  }
}

/** @throws as `collect()` */
function wholeOf(bytes: Uint8Array, { maxBytes = Infinity, signal }: ByteBounds = {}): Uint8Array {
  assertNotAborted(signal);
  if (bytes.length > maxBytes) throw tooLarge(`${bytes.length} bytes are more than ${maxBytes}`);
  return bytes;
}

/**
 * Stops work that nobody waits for any more: it must not happen at some later time.
 *
 * @throws {SessionStorageError} when the signal has aborted
 */
export function assertNotAborted(signal: AbortNotice | undefined): void {
  if (signal?.aborted === true) throw aborted();
}

/** An abort signal as something to wait for beside other work. */
class Abortion {
  readonly #signal: AbortNotice;
  #reject: ((error: Error) => void) | undefined;
  readonly #onAbort = (): void => this.#reject?.(aborted());

  constructor(signal: AbortNotice) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  /** @throws {SessionStorageError} when the signal aborts first */
  or<R>(work: Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#signal.aborted) reject(aborted());
      work.then(resolve, reject);
    });
  }

  forget(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

function aborted(): SessionStorageError {
  return new SessionStorageError('Cannot go on: nobody waits for it any more');
}

function tooLarge(state: string): SessionTooLargeError {
  return new SessionTooLargeError(`Cannot store session: ${state}, the most that its storage takes (maxBytes)`);
}
