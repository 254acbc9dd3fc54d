import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertNotAborted, chunksWithin, collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import { SessionStorageError, SessionTooLargeError } from '../../../src/errors.js';

async function* generate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const webStream = (chunks: readonly Uint8Array[]): ByteStream =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

const sources: Record<string, (chunks: readonly Uint8Array[]) => ByteStream> = {
  'a Node Readable': (chunks) => Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
  'a web ReadableStream': webStream,
  'an async generator': generate,
};

describe('collect()', () => {
  it.each(Object.entries(sources))('gives all bytes of %s, however they are cut', async (_, source) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), async (chunks) => {
        const bytes = await collect(source(chunks));
        expect(Buffer.from(bytes).equals(Buffer.concat(chunks))).toBe(true);
      }),
    );
  });

  it('gives an empty array for a stream that ends at once', async () => {
    expect((await collect(generate([]))).length).toBe(0);
  });

  it('takes `bytes` where they are, without iterating and without a copy', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const stream: ByteStream = {
      bytes,
      [Symbol.asyncIterator]: () => {
        throw new Error('must not be iterated');
      },
    };
    expect(await collect(stream)).toBe(bytes);
  });

  it('gives an only chunk as it is', async () => {
    const chunk = Uint8Array.of(1, 2, 3);
    expect(await collect(generate([chunk]))).toBe(chunk);
  });

  it('rejects with the error of its source', async () => {
    const broken = new Error('cut');
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      throw broken;
    }
    await expect(collect(source())).rejects.toBe(broken);
  });

  it('leaves a Node Readable destroyed when that fails', async () => {
    const broken = new Error('cut');
    const source = new Readable({ read: () => void source.destroy(broken) });
    await expect(collect(source)).rejects.toBe(broken);
    expect(source.destroyed).toBe(true);
  });
});

describe('streamOf()', () => {
  it('yields its bytes in one piece, each time it is read', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const stream = streamOf(bytes);
    for (let time = 1; time <= 2; time++) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      expect(chunks).toEqual([bytes]);
    }
  });

  it('lends its bytes, without a copy', () => {
    const bytes = Uint8Array.of(1);
    expect(streamOf(bytes).bytes).toBe(bytes);
  });
});

/** A stream of pieces that tells what its reader does to it; after the last piece it ends, or hangs. */
function watched(pieces: readonly number[], { hangs = false } = {}) {
  const seen = { asked: 0, closed: 0 };
  const stream: ByteStream = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const length = pieces[seen.asked++];
        if (length !== undefined) return { done: false, value: new Uint8Array(length) };
        return hangs ? new Promise<never>(() => {}) : { done: true, value: undefined };
      },
      return: async () => {
        seen.closed++;
        return hangs ? new Promise<never>(() => {}) : { done: true, value: undefined };
      },
    }),
  };
  return { stream, seen };
}

describe('collect() within bounds', () => {
  it('takes as much as maxBytes, and refuses a byte more, without reading on', async () => {
    expect(await collect(watched([4, 6]).stream, { maxBytes: 10 })).toHaveLength(10);
    const { stream, seen } = watched([4, 6, 1, 100]);
    await expect(collect(stream, { maxBytes: 10 })).rejects.toThrow(SessionTooLargeError);
    expect(seen).toEqual({ asked: 3, closed: 1 });
  });

  it('refuses bytes in memory that are too many, saying both sizes', async () => {
    expect(await collect(streamOf(new Uint8Array(10)), { maxBytes: 10 })).toHaveLength(10);
    await expect(collect(streamOf(new Uint8Array(11)), { maxBytes: 10 })).rejects.toThrow(
      'Cannot store session: 11 bytes are more than 10, the most that its storage takes (maxBytes)',
    );
  });

  it('ends at an abort, before it begins and while the stream hangs, and waits for nothing then', async () => {
    const signal = AbortSignal.abort();
    for (const stream of [streamOf(new Uint8Array(1)), watched([1]).stream]) {
      await expect(collect(stream, { signal })).rejects.toThrow(SessionStorageError);
    }
    const controller = new AbortController();
    const { stream, seen } = watched([1, 1], { hangs: true });
    const collecting = collect(stream, { signal: controller.signal });
    while (seen.asked < 3) await Promise.resolve();
    controller.abort();
    await expect(collecting).rejects.toThrow(SessionStorageError);
    expect(seen.closed).toBe(1);
  });

  it('is not disturbed by a signal that aborts later', async () => {
    const controller = new AbortController();
    expect(await collect(watched([1, 2]).stream, { signal: controller.signal })).toHaveLength(3);
    controller.abort();
  });
});

describe('chunksWithin()', () => {
  it('asks for the next piece when the one before is done with', async () => {
    const { stream, seen } = watched([1, 2, 3]);
    const asked: number[] = [];
    for await (const chunk of chunksWithin(stream, {})) asked.push(chunk.length * 10 + seen.asked);
    expect(asked).toEqual([11, 22, 33]);
  });

  it('closes the stream when its reader stops early, or fails', async () => {
    const { stream, seen } = watched([1, 2, 3]);
    for await (const chunk of chunksWithin(stream, {})) if (chunk.length === 1) break;
    expect(seen).toEqual({ asked: 1, closed: 1 });
  });

  it("passes the stream's error on", async () => {
    const error = new Error('of the stream');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      throw error;
    }
    await expect(collect(broken(), { maxBytes: 10 })).rejects.toBe(error);
  });
});

describe('assertNotAborted()', () => {
  it('throws when a signal has aborted, and only then', () => {
    expect(() => assertNotAborted(undefined)).not.toThrow();
    expect(() => assertNotAborted(new AbortController().signal)).not.toThrow();
    expect(() => assertNotAborted(AbortSignal.abort())).toThrow(SessionStorageError);
  });
});
