import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { ByteStream } from '../../common/byte-stream.js';
import type { CaseDraft, ConformanceBench } from './conformance-bench.js';
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

/** Writes to an id that holds `ONE`, and to one that holds nothing; neither may change. */
async function rejectsBoth(bench: ConformanceBench, write: (id: string) => Promise<unknown>, error?: Error) {
  await bench.write('a', ONE);
  for (const id of ['a', 'new']) await (error ? assert.rejects(write(id), error) : assert.rejects(write(id)));
  // Nor later
  for (let turns = 0; turns < 20; turns++) await setImmediate();
  assert.deepEqual(await bench.read('a'), ONE);
  assert.equal(await bench.read('new'), undefined);
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
      await rejectsBoth(bench, (id) => bench.write(id, LARGE, { signal }));
      await rejectsBoth(bench, (id) => bench.write(id, oddChunks(LARGE), { signal }));
    },
  },
  {
    name: 'write() that is aborted while its source hangs rejects and stores nothing',
    check: (bench) =>
      rejectsBoth(bench, (id) => {
        const controller = new AbortController();
        return bench.write(
          id,
          hanging(() => controller.abort()),
          { signal: controller.signal },
        );
      }),
  },
  {
    name: 'write() that is aborted when its source has ended rejects and stores nothing',
    check: (bench) =>
      rejectsBoth(bench, (id) => {
        const controller = new AbortController();
        async function* source(): AsyncGenerator<Uint8Array> {
          yield ONE;
          controller.abort();
        }
        return bench.write(id, source(), { signal: controller.signal });
      }),
  },
  {
    name: 'read() rejects with the error of its consumer, and reads on',
    check: async (bench) => {
      await bench.write('a', ONE);
      const error = new Error('of the consumer');
      await assert.rejects(
        bench.storage.read('a', () => Promise.reject(error)),
        error,
      );
      assert.deepEqual(await bench.read('a'), ONE);
    },
  },
  {
    name: 'read() can be abandoned: at once, after some bytes, with an iteration begun',
    check: async (bench) => {
      await bench.write('a', LARGE);
      const { storage } = bench;
      assert.equal(await storage.read('a', async () => 'at once'), 'at once');
      const first = await storage.read('a', async ({ stream }) => {
        for await (const chunk of stream) return chunk[0];
        return undefined;
      });
      assert.equal(first, LARGE[0]);
      await storage.read('a', async ({ stream }) => void stream[Symbol.asyncIterator]().next());
      assert.deepEqual(await bench.read('a'), LARGE);
    },
  },
];
