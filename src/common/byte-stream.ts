/**
 * Bytes that arrive in pieces. A Node `Readable`, a web `ReadableStream` and an async generator of `Uint8Array` all fit.
 *
 * `bytes` is there when all of it is in memory already: a reader may take that instead of iterating, and need not.
 */
export type ByteStream = AsyncIterable<Uint8Array> & { readonly bytes?: Uint8Array };

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
 * @returns all bytes; an empty array when there are none
 */
export async function collect(stream: ByteStream): Promise<Uint8Array> {
  if (stream.bytes !== undefined) return stream.bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
