/**
 * How much more memory 100 MB need on their way through a storage: written from an async generator, read back by somebody slow,
 * each way in a process of its own, beside the streams of `node:fs`.
 *
 * "needs": what is in use, garbage collected every half a megabyte. "left alone": with chunks that nobody holds any more and
 * that V8 has not yet collected, those of the generator among them.
 */
import { fork } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CacheStorage, DirectoryStorage, type SessionStorage } from 'nest-sessions';
import { assertDone } from './measure/assert-done.js';
import { MemoryWatch, type Growth } from './measure/memory-watch.js';

const CHUNK_BYTES = 64 * 1024;
/** 100 MB. */
const CHUNKS = 1526;
const MEGABYTE = 1_000_000;
/** What the issue allows, in megabytes. */
const ALLOWED = 20;
/** How long the reader takes over a chunk, in milliseconds. */
const SLOWNESS = 1;
const HOUR = 3_600_000;
const MAX_BYTES = 2 * CHUNKS * CHUNK_BYTES;

type Source = AsyncGenerator<Uint8Array>;

/** A way for bytes to be kept. */
interface Way {
  put(source: Source): Promise<void>;
  get(consumer: (stream: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void>;
}

const WAYS: Readonly<Record<string, (folder: string) => Way>> = {
  'streams of node:fs': wayThroughFile,
  DirectoryStorage: (folder) => wayThrough(directoryStorage(folder)),
  'CacheStorage over DirectoryStorage': (folder) => wayThrough(new CacheStorage(directoryStorage(folder))),
};

const [name, collected] = process.argv.slice(2);
if (name === undefined || WAYS[name] === undefined) {
  for (const name of Object.keys(WAYS)) {
    for (const collected of ['collected', '']) await inOwnProcess(name, collected);
  }
} else {
  const folder = mkdtempSync(join(tmpdir(), 'bench-streaming-'));
  try {
    await measure(name, WAYS[name](folder), collected === 'collected');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inOwnProcess(...parameters: string[]): Promise<void> {
  const child = fork(import.meta.filename, parameters, { execArgv: ['--expose-gc'] });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) process.exitCode = 1;
}

async function measure(name: string, way: Way, collected: boolean): Promise<void> {
  const collectEvery = collected ? 8 : 0;
  // Once with little, so that code and buffers that stay are there before anything is counted
  await through(way, 32, collectEvery);
  const { put, get } = await through(way, CHUNKS, collectEvery);
  const verdict = Math.max(put.rss, get.rss) / MEGABYTE < ALLOWED ? `within ${ALLOWED} MB` : `ABOVE ${ALLOWED} MB`;
  console.log(
    `${name.padEnd(34)} ${collected ? 'needs     ' : 'left alone'} write ${text(put)}; read ${text(get)}, ${verdict}`,
  );
}

function text({ rss, external }: Growth): string {
  const inMegabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1).padStart(4);
  return `${inMegabytes(rss)} MB more resident (${inMegabytes(external)} in buffers)`;
}

/** Sends chunks there and back, and compares them. */
async function through(way: Way, chunks: number, collectEvery: number): Promise<{ put: Growth; get: Growth }> {
  const sent = createHash('sha256');
  const writing = new MemoryWatch(collectEvery);
  async function* source(): Source {
    for (let left = chunks; left > 0; left--) {
      const chunk = randomFillSync(Buffer.alloc(CHUNK_BYTES));
      sent.update(chunk);
      yield chunk;
      writing.sample();
    }
  }
  await way.put(source());
  const put = writing.end();

  const received = createHash('sha256');
  let bytes = 0;
  const reading = new MemoryWatch(collectEvery);
  await way.get(async (stream) => {
    for await (const chunk of stream) {
      await setTimeout(SLOWNESS);
      received.update(chunk);
      bytes += chunk.length;
      reading.sample();
    }
  });
  const get = reading.end();
  assertDone(bytes === chunks * CHUNK_BYTES && sent.digest('hex') === received.digest('hex'), 'streaming');
  return { put, get };
}

function directoryStorage(folder: string): DirectoryStorage {
  return new DirectoryStorage(folder, { maxBytes: MAX_BYTES });
}

function wayThrough(storage: SessionStorage): Way {
  return {
    async put(source) {
      const { written } = await storage.write('large', source, { expiresAt: Date.now() + HOUR });
      assertDone(written, 'write()');
    },
    async get(consumer) {
      await storage.read('large', ({ stream }) => consumer(stream));
    },
  };
}

function wayThroughFile(folder: string): Way {
  const path = join(folder, 'large');
  return {
    put: (source) => writeFile(path, source),
    get: (consumer) => consumer(createReadStream(path)),
  };
}
