import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { ByteStream } from '../../common/byte-stream.js';
import { SessionStorageError } from '../../errors.js';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft, ConformanceBench } from './conformance-bench.js';
import { inTime } from './in-time.js';
import { LARGE, oddChunks, ONE } from './sample-bytes.js';

/** A source that fails after some bytes. */
async function* broken(error: Error): AsyncGenerator<Uint8Array> {
  yield LARGE;
  throw error;
}

/** A source whose connection is cut after some bytes. */
function cut(): ByteStream {
  let pieces = 0;
  return new Readable({
    read() {
      if (pieces++ < 3) this.push(ONE);
      else this.destroy();
    },
  });
}

/** A source that gives some bytes, tells of that, and then never anything again. */
async function* hanging(onHang: () => void): AsyncGenerator<Uint8Array> {
  yield LARGE;
  onHang();
  await new Promise<never>(() => {});
}

const isOfStorage = (thrown: unknown): boolean => thrown instanceof SessionStorageError;

/** Writes to an id that holds `ONE`, and to one that holds nothing; neither may change. */
async function rejectsBoth(
  bench: ConformanceBench,
  write: (id: string) => Promise<unknown>,
  error: Error | ((thrown: unknown) => boolean) = () => true,
): Promise<void> {
  await bench.write('a', ONE);
  for (const id of ['a', 'new']) await assert.rejects(write(id), error);
  // Nor later
  for (let turns = 0; turns < 20; turns++) await setImmediate();
  assertBytes(await bench.read('a'), ONE);
  assertBytes(await bench.read('new'), undefined);
}

/** A source, a consumer or a caller that fails spoils nothing. */
export const failureCases: readonly CaseDraft[] = [
  {
    name: 'write() with a source that fails rejects with its error and leaves the old bytes, or nothing',
    check: async (bench) => {
      const error = new Error('of the source');
      await rejectsBoth(bench, (id) => bench.write(id, broken(error)), error);
    },
  },
  {
    name: 'write() with a source that is cut rejects and leaves the old bytes, or nothing',
    check: (bench) => rejectsBoth(bench, (id) => bench.write(id, cut())),
  },
  {
    name: 'write() that was aborted before it began rejects and stores nothing',
    check: async (bench) => {
      const signal = AbortSignal.abort();
      await rejectsBoth(bench, (id) => bench.write(id, LARGE, { signal }), isOfStorage);
      await rejectsBoth(bench, (id) => bench.write(id, oddChunks(LARGE), { signal }), isOfStorage);
    },
  },
  {
    name: 'write() that is aborted while its source hangs rejects and stores nothing',
    check: (bench) => {
      const write = (id: string): Promise<unknown> => {
        const controller = new AbortController();
        const source = hanging(() => controller.abort());
        return inTime(bench.write(id, source, { signal: controller.signal }));
      };
      return rejectsBoth(bench, write, isOfStorage);
    },
  },
  {
    name: 'write() that is aborted when its source has ended rejects and stores nothing',
    check: (bench) => {
      const write = (id: string): Promise<unknown> => {
        const controller = new AbortController();
        async function* source(): AsyncGenerator<Uint8Array> {
          yield LARGE;
          controller.abort();
        }
        return bench.write(id, source(), { signal: controller.signal });
      };
      return rejectsBoth(bench, write, isOfStorage);
    },
  },
  {
    name: 'read() rejects with the error of its consumer, and reads on',
    check: async (bench) => {
      await bench.write('a', LARGE);
      const error = new Error('of the consumer');
      await assert.rejects(
        bench.storage.read('a', () => Promise.reject(error)),
        error,
      );
      const midway = bench.storage.read('a', async ({ stream }) => {
        for await (const chunk of stream) if (chunk.length > 0) throw error;
      });
      await assert.rejects(midway, error);
      assertBytes(await bench.read('a'), LARGE);
    },
  },
  {
    name: 'read() can be abandoned: at once, after some bytes, with an iteration begun',
    check: async (bench) => {
      await bench.write('a', LARGE);
      const { storage } = bench;
      assert.equal(await inTime(storage.read('a', async () => 'at once')), 'at once');
      const first = await storage.read('a', async ({ stream }) => {
        for await (const chunk of stream) return chunk[0];
        return undefined;
      });
      assert.equal(first, LARGE[0]);
      await inTime(storage.read('a', async ({ stream }) => void stream[Symbol.asyncIterator]().next()));
      assertBytes(await bench.read('a'), LARGE);
    },
  },
];
