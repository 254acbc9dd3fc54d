import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Where the files are that these tests serve. */
export const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

/** A stream that has its first chunk only some turns later. */
export function slowStream(): Readable {
  return Readable.from(slowly('the answer, ', 'in two chunks'));
}

/** A stream larger than every buffer between it and the client. */
export function largeStream(): Readable {
  return Readable.from(chunks(64, 16 * 1024));
}

/** A stream that breaks after a chunk. */
export function brokenStream(): Readable {
  return Readable.from(broken('the answer, as far as it goes'));
}

/** A stream that breaks before anything came. */
export function unreadableStream(): Readable {
  return Readable.from(broken());
}

/** Yields texts, each in a turn of its own. */
export async function* slowly<Chunk>(...chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  for (const chunk of chunks) {
    await turn();
    yield chunk;
  }
}

/** Yields texts, then fails. */
export async function* broken(...chunks: readonly string[]): AsyncGenerator<string> {
  yield* slowly(...chunks);
  await turn();
  throw new Error('the source broke');
}

function* chunks(count: number, size: number): Generator<Buffer> {
  yield Buffer.from('the answer ');
  for (let at = 0; at < count; at++) yield Buffer.alloc(size, 65 + (at % 26));
}
