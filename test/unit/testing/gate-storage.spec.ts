import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { GateStorage, type Point } from '../../../src/testing/gate-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { storageConformance } from '../../../src/testing/storage-conformance.js';
import { GoodStorage } from './good-storage.js';

function bench() {
  const clock = new ManualClock();
  const calls: string[] = [];
  class Noted extends GoodStorage {
    protected override check(id: string): void {
      calls.push(id);
    }
  }
  const storage = new GateStorage(new Noted(clock));
  const expiresAt = clock.now() + 1000;
  const verbs: Record<string, () => Promise<unknown>> = {
    read: () => storage.read('a', async () => true),
    write: () => storage.write('a', streamOf(Buffer.from('x')), { expiresAt }),
    invalidate: () => storage.invalidate('a'),
  };
  const call = async (verb: string) => {
    let settled = false;
    const promise = verbs[verb]?.().then((result) => {
      settled = true;
      return result;
    });
    return { promise, isSettled: () => settled };
  };
  return { storage, calls, call };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn();
}

describe('GateStorage', () => {
  it.each(storageConformance({ create: (clock) => new GateStorage(new GoodStorage(clock)) }))(
    'passes on as it is: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  it.each(['read', 'write', 'invalidate'])(
    'hold() stops a %s before its delegate has it, and after it',
    async (verb) => {
      for (const [place, before] of [
        ['before', []],
        ['after', ['a']],
      ] as const) {
        const { storage, calls, call } = bench();
        const held = storage.hold(`${place} ${verb}` as Point);
        const { promise, isSettled } = await call(verb);
        await held.reached;
        await turns();
        expect(calls).toEqual(before);
        expect(isSettled()).toBe(false);
        held.release();
        await promise;
        expect(calls).toEqual(['a']);
      }
    },
  );

  it('hold() stops one call for each hold, and no other verb', async () => {
    const { storage, call } = bench();
    const [first, second] = [storage.hold('before write'), storage.hold('before write')];
    await (
      await call('read')
    ).promise;
    const writes = [await call('write'), await call('write'), await call('write')];
    await writes[2]?.promise;
    await Promise.all([first.reached, second.reached]);
    second.release();
    await writes[1]?.promise;
    expect(writes[0]?.isSettled()).toBe(false);
    first.release();
    await writes[0]?.promise;
  });

  it('release() before the call has come lets it pass', async () => {
    const { storage, call } = bench();
    storage.hold('before write').release();
    await expect((await call('write')).promise).resolves.toMatchObject({ written: true });
  });
});
