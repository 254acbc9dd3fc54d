import type { ByteStream } from '../../common/byte-stream.js';

/** A stream, read as far as it may be held in memory. */
export type StreamHead =
  /** That is all: a copy. */
  | { readonly bytes: Uint8Array; readonly whole?: never }
  /** There is more: all of it once more as a stream, to be read once. */
  | { readonly whole: ByteStream; readonly bytes?: never };

/**
 * Reads a stream, but not much more than `maxBytes` of it.
 *
 * @returns a copy of all bytes; or, where there are more than `maxBytes`, a stream of all of them
 */
export async function headOf(stream: ByteStream, maxBytes: number): Promise<StreamHead> {
  if (stream.bytes !== undefined) {
    return stream.bytes.length <= maxBytes ? { bytes: Uint8Array.from(stream.bytes) } : { whole: stream };
  }
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let length = 0; length <= maxBytes;) {
    const next = await iterator.next();
    if (next.done === true) return { bytes: Buffer.concat(chunks) };
    chunks.push(next.value);
    length += next.value.length;
  }
  return { whole: joined(chunks, iterator) };
}

async function* joined(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
