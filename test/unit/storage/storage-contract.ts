import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import type { SessionStorage, WriteOptions, WriteResult } from '../../../src/storage/session-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

/** A kind of storage to try. */
export interface StorageKind {
  /** Makes an empty storage that tells the time by `clock`. */
  create(clock: ManualClock): SessionStorage | Promise<SessionStorage>;
}

/** One promise of the contract. */
export interface StorageCase {
  readonly name: string;
  /** What the storage must be able to: keep `WriteOptions.expect`; give the same bytes another version each time. */
  readonly needs?: 'conditional writes' | 'versions of its own';
  /** Rejects when the storage breaks it. */
  run(kind: StorageKind): Promise<void>;
}

const HOUR = 3_600_000;
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const ONE = text('one');
const TWO = text('two');
const LARGE = Uint8Array.from({ length: 2 ** 20 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, index) => index);

/** Chunks of odd sizes, an empty one among them. */
async function* oddChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const sizes = [1, 7, 0, 4095, 70_001, 3];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const chunk = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    yield chunk.slice();
    at += chunk.length;
  }
}

const sources: Record<string, (bytes: Uint8Array) => ByteStream> = {
  'bytes in memory': streamOf,
  'an async generator': oddChunks,
  'a Node Readable': (bytes) => Readable.from(oddChunks(bytes)),
  'a web stream': (bytes) => ReadableStream.from(oddChunks(bytes)),
};

/** A storage of one test, with shorter words. */
class Bench {
  constructor(
    readonly storage: SessionStorage,
    readonly clock: ManualClock,
  ) {}

  write(id: string, bytes: Uint8Array | ByteStream, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
    const source = bytes instanceof Uint8Array ? streamOf(bytes) : bytes;
    return this.storage.write(id, source, { expiresAt: this.clock.now() + HOUR, ...options });
  }

  read(id: string): Promise<Uint8Array | undefined> {
    return this.storage.read(id, async ({ stream }) => Uint8Array.from(await collect(stream)));
  }

  async version(id: string): Promise<string> {
    const version = await this.storage.read(id, async (entry) => entry.version);
    assert.ok(version, 'an entry of a storage with conditional writes has a version');
    return version;
  }
}

function contract(
  name: string,
  check: (bench: Bench, kind: StorageKind) => Promise<void>,
  needs?: StorageCase['needs'],
): StorageCase {
  const run = async (kind: StorageKind): Promise<void> => {
    const clock = new ManualClock();
    const storage = await kind.create(clock);
    try {
      await check(new Bench(storage, clock), kind);
    } finally {
      await storage.close();
    }
  };
  return { name, run, ...(needs && { needs }) };
}

const refused = (reason: 'exists' | 'conflict' | 'missing'): WriteResult => ({ written: false, reason });

async function rejectsWithTypeError(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(async () => call(), TypeError);
}

const HOSTILE_IDS: readonly string[] = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'a.b',
  'a b',
  'a\u0000',
  '\u0000',
  'ü',
  '%2e',
  'a\n',
];

/** What every storage promises, to be run against each. */
export const storageContract: readonly StorageCase[] = [
  contract('read() resolves to undefined for an unknown id, without calling its consumer', async ({ storage }) => {
    let called = false;
    const result = await storage.read('unknown', async () => (called = true));
    assert.equal(result, undefined);
    assert.equal(called, false);
  }),

  contract('read() resolves to what its consumer resolves to', async (bench) => {
    await bench.write('a', ONE);
    const result = { any: 'thing' };
    assert.equal(await bench.storage.read('a', async () => result), result);
    assert.equal(await bench.storage.read('a', async () => undefined), undefined);
  }),

  contract('read() rejects with the error of its consumer, and reads on', async (bench) => {
    await bench.write('a', ONE);
    const error = new Error('of the consumer');
    await assert.rejects(
      bench.storage.read('a', () => Promise.reject(error)),
      error,
    );
    assert.deepEqual(await bench.read('a'), ONE);
  }),

  contract('read() closes a stream that its consumer did not read to its end', async (bench) => {
    await bench.write('a', LARGE);
    const first = await bench.storage.read('a', async ({ stream }) => {
      for await (const chunk of stream) return chunk[0];
      return undefined;
    });
    assert.equal(first, LARGE[0]);
    assert.deepEqual(await bench.read('a'), LARGE);
  }),

  ...Object.entries(sources).flatMap(([source, streamFrom]) =>
    Object.entries({
      '0 bytes': new Uint8Array(),
      '1 byte': Uint8Array.of(0),
      'every value of a byte': ALL_BYTES,
      '1 MiB': LARGE,
    }).map(([size, bytes]) =>
      contract(`write() stores ${size} that come as ${source}`, async (bench) => {
        const result = await bench.write('a', streamFrom(bytes));
        assert.equal(result.written, true);
        assert.deepEqual(await bench.read('a'), Uint8Array.from(bytes));
      }),
    ),
  ),

  contract('write() stores under every id that the contract allows, each apart', async (bench) => {
    const ids = ['a', 'A', '-', '_', '0', '--x', 'con', 'a'.repeat(255), 'A'.repeat(255), '__proto__', 'constructor'];
    for (const id of ids) await bench.write(id, text(`bytes of ${id}`));
    for (const id of ids) assert.deepEqual(await bench.read(id), text(`bytes of ${id}`));
  }),

  contract('write() replaces what is stored', async (bench) => {
    await bench.write('a', LARGE);
    await bench.write('a', ONE);
    assert.deepEqual(await bench.read('a'), ONE);
    await bench.write('a', new Uint8Array());
    assert.deepEqual(await bench.read('a'), new Uint8Array());
  }),

  contract('write() leaves other ids alone', async (bench) => {
    await bench.write('a', ONE);
    await bench.write('b', TWO);
    await bench.storage.invalidate('a');
    assert.deepEqual(await bench.read('b'), TWO);
  }),

  contract('write() keeps a copy: what happens to the source later changes nothing', async (bench) => {
    const bytes = ONE.slice();
    await bench.write('a', bytes);
    bytes.fill(0);
    assert.deepEqual(await bench.read('a'), ONE);
    async function* reused(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    bytes.set(TWO);
    await bench.write('b', reused());
    bytes.fill(0);
    assert.deepEqual(await bench.read('b'), TWO);
  }),

  contract('read() lends a copy: who writes to it changes nothing that is stored', async (bench) => {
    await bench.write('a', ONE);
    await bench.storage.read('a', async ({ stream }) => {
      (await collect(stream)).fill(0);
    });
    assert.deepEqual(await bench.read('a'), ONE);
  }),

  contract('write() with a source that fails leaves the old bytes, or nothing where there were none', async (bench) => {
    const error = new Error('of the source');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield LARGE;
      throw error;
    }
    await bench.write('a', ONE);
    for (const id of ['a', 'new']) await assert.rejects(bench.write(id, broken()), error);
    assert.deepEqual(await bench.read('a'), ONE);
    assert.equal(await bench.read('new'), undefined);
  }),

  contract('invalidate() removes, and tells whether there was something', async (bench) => {
    await bench.write('a', ONE);
    assert.equal(await bench.storage.invalidate('a'), true);
    assert.equal(await bench.read('a'), undefined);
    assert.equal(await bench.storage.invalidate('a'), false);
    assert.equal(await bench.storage.invalidate('unknown'), false);
  }),

  contract('write() stores anew what was invalidated', async (bench) => {
    await bench.write('a', ONE);
    await bench.storage.invalidate('a');
    await bench.write('a', TWO);
    assert.deepEqual(await bench.read('a'), TWO);
  }),

  contract('E1: read() resolves to undefined from the instant an entry expires', async (bench) => {
    await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
    bench.clock.advance(999);
    assert.deepEqual(await bench.read('a'), ONE);
    bench.clock.advance(1);
    assert.equal(await bench.read('a'), undefined);
    bench.clock.advance(1);
    assert.equal(await bench.read('a'), undefined);
  }),

  contract('E5: an entry lives longer than 2^31 ms', async (bench) => {
    const expiresAt = bench.clock.now() + 2 ** 31 + 1000;
    await bench.write('a', ONE, { expiresAt });
    bench.clock.advance(2 ** 31);
    assert.deepEqual(await bench.read('a'), ONE);
    bench.clock.advance(1000);
    assert.equal(await bench.read('a'), undefined);
  }),

  contract('invalidate() tells of an expired entry that there was nothing', async (bench) => {
    await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
    bench.clock.advance(1000);
    assert.equal(await bench.storage.invalidate('a'), false);
  }),

  contract('write() that has expired already ends the record', async (bench) => {
    for (const expiresAt of [0, bench.clock.now() - 1, bench.clock.now()]) {
      await bench.write('a', ONE);
      assert.equal((await bench.write('a', TWO, { expiresAt })).written, true);
      assert.equal(await bench.read('a'), undefined);
    }
  }),

  contract('write() moves the instant of expiry, both ways', async (bench) => {
    await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
    await bench.write('a', ONE, { expiresAt: bench.clock.now() + 2000 });
    bench.clock.advance(1500);
    assert.deepEqual(await bench.read('a'), ONE);
    await bench.write('a', ONE, { expiresAt: bench.clock.now() + 100 });
    bench.clock.advance(100);
    assert.equal(await bench.read('a'), undefined);
  }),

  contract('sweep() leaves what lives, and resolves to 0 in the end', async (bench) => {
    await bench.write('short', ONE, { expiresAt: bench.clock.now() + 1000 });
    await bench.write('long', TWO);
    bench.clock.advance(1000);
    let calls = 0;
    while ((await bench.storage.sweep()) > 0) assert.ok(++calls < 100, 'sweep() comes to an end');
    assert.equal(await bench.storage.sweep(), 0);
    assert.deepEqual(await bench.read('long'), TWO);
    assert.equal(await bench.read('short'), undefined);
  }),

  ...[...HOSTILE_IDS, 'a'.repeat(256), '../'.repeat(1000)].map((id) =>
    contract(`no method takes the id ${JSON.stringify(id.slice(0, 20))} (${id.length} characters)`, async (bench) => {
      await rejectsWithTypeError(() => bench.read(id));
      await rejectsWithTypeError(() => bench.write(id, ONE));
      await rejectsWithTypeError(() => bench.storage.invalidate(id));
    }),
  ),

  contract('two instances share nothing by accident', async (bench, kind) => {
    const storage = await kind.create(bench.clock);
    await bench.write('a', ONE);
    assert.equal(await storage.read('a', async () => true), undefined);
    assert.equal(await storage.invalidate('a'), false);
    await storage.close();
  }),

  contract(
    "write() with expect 'absent' stores where there is nothing, and refuses with 'exists' where there is something",
    async (bench) => {
      const first = await bench.write('a', ONE, { expect: 'absent' });
      assert.equal(first.written, true);
      assert.deepEqual(await bench.write('a', TWO, { expect: 'absent' }), refused('exists'));
      assert.deepEqual(await bench.read('a'), ONE);
      await bench.storage.invalidate('a');
      assert.equal((await bench.write('a', TWO, { expect: 'absent' })).written, true);
      assert.deepEqual(await bench.read('a'), TWO);
    },
    'conditional writes',
  ),

  contract(
    "write() with expect 'absent' takes an expired record for nothing, from the instant on",
    async (bench) => {
      await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
      bench.clock.advance(999);
      assert.deepEqual(await bench.write('a', TWO, { expect: 'absent' }), refused('exists'));
      bench.clock.advance(1);
      assert.equal((await bench.write('a', TWO, { expect: 'absent' })).written, true);
      assert.deepEqual(await bench.read('a'), TWO);
    },
    'conditional writes',
  ),

  contract(
    'write() with the version that is stored, as written or as read, stores',
    async (bench) => {
      const first = await bench.write('a', ONE, { expect: 'absent' });
      assert.ok(first.written && first.version !== undefined);
      assert.equal(await bench.version('a'), first.version);
      const second = await bench.write('a', TWO, { expect: { version: first.version } });
      assert.ok(second.written && second.version !== undefined);
      assert.equal(await bench.version('a'), second.version);
      const third = await bench.write('a', ONE, { expect: { version: second.version } });
      assert.equal(third.written, true);
      assert.deepEqual(await bench.read('a'), ONE);
    },
    'conditional writes',
  ),

  contract(
    "write() with another version refuses with 'conflict', and changes nothing",
    async (bench) => {
      await bench.write('a', ONE);
      const old = await bench.version('a');
      await bench.write('a', TWO);
      for (const version of [old, '', 'none', '0']) {
        assert.deepEqual(await bench.write('a', ONE, { expect: { version } }), refused('conflict'));
      }
      assert.deepEqual(await bench.read('a'), TWO);
    },
    'conditional writes',
  ),

  contract(
    "write() with a version refuses with 'missing' where there is nothing, or nothing that lives",
    async (bench) => {
      assert.deepEqual(await bench.write('unknown', ONE, { expect: { version: 'any' } }), refused('missing'));
      await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
      const version = await bench.version('a');
      bench.clock.advance(1000);
      assert.deepEqual(await bench.write('a', TWO, { expect: { version } }), refused('missing'));
      await bench.write('b', ONE);
      const removed = await bench.version('b');
      await bench.storage.invalidate('b');
      assert.deepEqual(await bench.write('b', TWO, { expect: { version: removed } }), refused('missing'));
      for (const id of ['unknown', 'a', 'b']) assert.equal(await bench.read(id), undefined);
    },
    'conditional writes',
  ),

  contract(
    'write() that has expired already ends the record under the same condition alone',
    async (bench) => {
      await bench.write('a', ONE);
      const old = await bench.version('a');
      await bench.write('a', TWO);
      assert.deepEqual(await bench.write('a', ONE, { expiresAt: 0, expect: { version: old } }), refused('conflict'));
      assert.deepEqual(await bench.write('a', ONE, { expiresAt: 0, expect: 'absent' }), refused('exists'));
      assert.deepEqual(await bench.read('a'), TWO);
      const version = await bench.version('a');
      assert.equal((await bench.write('a', ONE, { expiresAt: 0, expect: { version } })).written, true);
      assert.equal(await bench.read('a'), undefined);
      assert.deepEqual(await bench.write('a', ONE, { expect: { version } }), refused('missing'));
    },
    'conditional writes',
  ),

  contract(
    'write() with a source that fails leaves the version',
    async (bench) => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield ONE;
        throw new Error('of the source');
      }
      await bench.write('a', ONE);
      const version = await bench.version('a');
      await assert.rejects(bench.write('a', broken(), { expect: { version } }));
      assert.equal((await bench.write('a', TWO, { expect: { version } })).written, true);
    },
    'conditional writes',
  ),

  contract(
    'C13: a version never comes back under one id, whatever happens to the record, be the bytes the same',
    async (bench) => {
      const versions: string[] = [];
      const note = async (): Promise<void> => void versions.push(await bench.version('a'));
      for (let round = 0; round < 5; round++) {
        await bench.write('a', ONE, { expect: 'absent' });
        await note();
        await bench.write('a', ONE, { expect: { version: await bench.version('a') } });
        await note();
        await bench.write('a', ONE, { expiresAt: bench.clock.now() + 1000 });
        await note();
        if (round % 3 === 0) await bench.storage.invalidate('a');
        else if (round % 3 === 1) await bench.write('a', ONE, { expiresAt: 0 });
        else bench.clock.advance(1000);
        await bench.storage.sweep();
      }
      assert.equal(new Set(versions).size, 15);
    },
    'versions of its own',
  ),

  contract(
    'of many parallel writers with one version exactly one stores',
    async (bench) => {
      await bench.write('a', ONE);
      const version = await bench.version('a');
      const candidates = Array.from({ length: 50 }, (_, index) => text(`writer ${index}`));
      const results = await Promise.all(
        candidates.map((bytes, index) =>
          bench.write('a', index % 2 === 0 ? bytes : oddChunks(bytes), { expect: { version } }),
        ),
      );
      const winners = candidates.filter((_, index) => results[index]?.written === true);
      assert.equal(winners.length, 1);
      assert.deepEqual(await bench.read('a'), winners[0]);
      assert.equal(results.filter((result) => !result.written && result.reason === 'conflict').length, 49);
    },
    'conditional writes',
  ),

  contract(
    "of many parallel writers with 'absent' exactly one stores",
    async (bench) => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => bench.write('a', text(`writer ${index}`), { expect: 'absent' })),
      );
      assert.equal(results.filter(({ written }) => written).length, 1);
      assert.equal(results.filter((result) => !result.written && result.reason === 'exists').length, 49);
    },
    'conditional writes',
  ),

  contract(
    'a conditional write that waits for its source does not store over what was written meanwhile',
    async (bench) => {
      await bench.write('a', ONE);
      const version = await bench.version('a');
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield text('slow');
        await bench.write('a', TWO);
      }
      assert.deepEqual(await bench.write('a', slow(), { expect: { version } }), refused('conflict'));
      assert.deepEqual(await bench.read('a'), TWO);
    },
    'conditional writes',
  ),

  contract('a reader sees all of the old bytes or all of the new ones', async (bench) => {
    const old = LARGE.slice().fill(1);
    const fresh = LARGE.slice().fill(2);
    await bench.write('a', old);
    const [, ...reads] = await Promise.all([
      bench.write('a', oddChunks(fresh)),
      ...Array.from({ length: 5 }, () => bench.read('a')),
    ]);
    for (const bytes of reads) {
      assert.equal(bytes?.length, LARGE.length);
      assert.equal(new Set(bytes).size, 1);
    }
    assert.deepEqual(await bench.read('a'), fresh);
  }),
];
