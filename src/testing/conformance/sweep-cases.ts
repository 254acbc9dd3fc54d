import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { collect, type ByteStream } from '../../common/byte-stream.js';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft, ConformanceBench } from './conformance-bench.js';
import { LARGE, ONE, TWO } from './sample-bytes.js';

type Listener = (id: string, stream: ByteStream) => Promise<void>;

/** What hears of records that a sweep has removed hears nothing wrong; nothing at all is not wrong. */
const heardCases: readonly CaseDraft[] = [
  {
    name: 'sweep() tells of what had expired alone, of each once, with its bytes',
    check: async (bench) => {
      const expired = { a: ONE, large: LARGE };
      for (const [id, bytes] of Object.entries(expired)) await bench.write(id, bytes, { expiresAt: bench.in(1000) });
      await bench.write('living', TWO);
      await bench.pass(1000);
      const told = new Map<string, Uint8Array>();
      await sweepAll(bench, async (id, stream) => {
        assert.ok(!told.has(id), `it tells once of ${id}`);
        told.set(id, Uint8Array.from(await collect(stream)));
      });
      for (const [id, bytes] of told) assertBytes(bytes, new Map(Object.entries(expired)).get(id));
      assertBytes(await bench.read('living'), TWO);
    },
  },
  {
    name: 'sweep() tells of nothing that was renewed, ended by a write, or invalidated',
    check: async (bench) => {
      for (const id of ['renewed', 'ended', 'gone']) await bench.write(id, ONE, { expiresAt: bench.in(1000) });
      await bench.write('renewed', TWO);
      await bench.write('ended', TWO, { expiresAt: 0 });
      await bench.storage.invalidate('gone');
      await bench.pass(1000);
      await sweepAll(bench, (id) => assert.fail(`it tells of ${id}`));
    },
  },
  {
    name: 'sweep() goes on when whoever it tells fails, or leaves the bytes unread',
    check: async (bench) => {
      for (const id of ['a', 'b', 'c', 'd']) await bench.write(id, LARGE, { expiresAt: bench.in(1000) });
      await bench.pass(1000);
      let told = 0;
      const removed = await sweepAll(bench, async (_, stream) => {
        told++;
        if (told % 2 === 0) await stream[Symbol.asyncIterator]().next();
        throw new Error('of whoever was told');
      });
      if (told > 0) assert.equal(told, removed);
    },
  },
];

/** Whoever asks hears of all. */
const tellingCase: CaseDraft = {
  name: 'sweep() has told of as many as it says that it has removed',
  check: async (bench) => {
    for (const id of ['a', 'b', 'c']) await bench.write(id, ONE, { expiresAt: bench.in(1000) });
    await bench.write('living', TWO);
    await bench.pass(1000);
    let told = 0;
    const removed = await sweepAll(bench, async () => {
      for (let turns = 0; turns < 5; turns++) await setImmediate();
      told++;
    });
    assert.equal(told, removed);
  },
};

/** A storage may keep to itself what it sweeps; what it tells has to be so. */
export function sweepCases(tellsExpired: boolean): readonly CaseDraft[] {
  return tellsExpired ? [...heardCases, tellingCase] : heardCases;
}

/** Sweeps until there is no more; resolves to how many records it says that were. */
async function sweepAll(bench: ConformanceBench, listener: Listener): Promise<number> {
  const failures: unknown[] = [];
  const onExpired: Listener = async (id, stream) => {
    try {
      await listener(id, stream);
    } catch (error) {
      // A storage swallows what it is no concern of
      if (error instanceof assert.AssertionError) failures.push(error);
      throw error;
    }
  };
  let removed = 0;
  for (let calls = 0, last = 1; last > 0; removed += last) {
    last = await bench.storage.sweep({ onExpired });
    assert.ok(++calls < 100, 'sweep() comes to an end');
  }
  if (failures.length > 0) throw failures[0];
  return removed;
}
