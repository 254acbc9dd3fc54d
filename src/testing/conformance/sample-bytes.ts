import { Readable } from 'node:stream';
import { streamOf, type ByteStream } from '../../common/byte-stream.js';

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export const ONE = bytesOf('one');
export const TWO = bytesOf('two');
/** 1 MiB in which no two pieces are alike. */
export const LARGE = Uint8Array.from({ length: 2 ** 20 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

export const SIZES: Readonly<Record<string, Uint8Array>> = {
  '0 bytes': new Uint8Array(),
  '1 byte': Uint8Array.of(0),
  'every value of a byte': Uint8Array.from({ length: 256 }, (_, index) => index),
  '1 MiB': LARGE,
};

/** Pieces of odd sizes, an empty one among them. */
export async function* oddChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const sizes = [1, 7, 0, 4095, 70_001, 3];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const chunk = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    yield chunk.slice();
    at += chunk.length;
  }
}

/** Everything that is a stream of bytes. */
export const SOURCES: Readonly<Record<string, (bytes: Uint8Array) => ByteStream>> = {
  'bytes in memory': streamOf,
  'an async generator': oddChunks,
  'a Node Readable': (bytes) => Readable.from(oddChunks(bytes)),
  'a web stream': webStreamOf,
};

function webStreamOf(bytes: Uint8Array): ByteStream {
  const chunks = oddChunks(bytes);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}
