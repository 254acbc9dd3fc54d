import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';

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
