import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collect, streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../src/errors.js';
import { OrderedStorage } from '../../../src/storage/ordered-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { PlainStorage } from './plain-storage.js';

const bytes = (content: string) => streamOf(Buffer.from(content));

function bench() {
  const clock = new ManualClock();
  const plain = new PlainStorage(clock);
  const storage = new OrderedStorage(plain);
  const expiresAt = clock.now() + 1000;
  const read = (over = storage): Promise<string | undefined> =>
    over.read('a', async ({ stream }) => Buffer.from(await collect(stream)).toString());
  return { plain, storage, expiresAt, read, clock };
}

/** A promise, and the hand to resolve it. */
function gate(): { readonly promise: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open: () => open() };
}

function abortable(): { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe('OrderedStorage over a storage without conditional writes', () => {
  it('gives another version to other bytes, and to a record that was made anew of other bytes', async () => {
    const { storage, expiresAt } = bench();
    const versions = new Set<string | undefined>();
    for (const content of ['one', 'two', 'three', '']) {
      const result = await storage.write('a', bytes(content), { expiresAt });
      versions.add(result.written ? result.version : undefined);
      await storage.invalidate('a');
    }
    expect(versions.size).toBe(4);
    expect(versions.has(undefined)).toBe(false);
  });

  it('never gives `expect` on', async () => {
    const { plain, storage, expiresAt } = bench();
    const { written } = await storage.write('a', bytes('one'), { expiresAt, expect: 'absent' });
    expect(written).toBe(true);
    expect(plain.calls).toEqual(['read a', 'write a']);
  });

  it('keeps its order while a write hangs: a late write does not revive what was ended', async () => {
    const { plain, storage, expiresAt, read } = bench();
    await storage.write('a', bytes('old'), { expiresAt });
    const hanging = gate();
    plain.hangNextWrite(hanging.promise);
    const late = storage.write('a', bytes('late'), { expiresAt });
    await turn();
    const ended = storage.invalidate('a');
    await turn();
    expect(plain.calls).not.toContain('invalidate a');
    hanging.open();
    await Promise.all([late, ended]);
    expect(await read()).toBeUndefined();
  });

  it('does not take for its own end what the storage has swept since it looked', async () => {
    class SweptStorage extends PlainStorage {
      override async invalidate(id: string): Promise<boolean> {
        await super.invalidate(id);
        return super.invalidate(id);
      }
    }
    const storage = new OrderedStorage(new SweptStorage(new ManualClock()));
    await storage.write('a', bytes('old'), { expiresAt: Infinity });
    const version = (await storage.read('a', async (entry) => entry.version)) ?? '';
    expect(await storage.write('a', bytes(''), { expiresAt: 0, expect: { version } })).toEqual({
      written: false,
      reason: 'missing',
    });
  });

  it('lets other ids in while a write hangs', async () => {
    const { plain, storage, expiresAt } = bench();
    const hanging = gate();
    plain.hangNextWrite(hanging.promise);
    const late = storage.write('a', bytes('late'), { expiresAt });
    expect(await storage.write('b', bytes('b'), { expiresAt, expect: 'absent' })).toMatchObject({ written: true });
    hanging.open();
    await late;
  });

  it('is one order for all that stand over the same storage, whichever app they are of', async () => {
    const { plain, storage, expiresAt, read } = bench();
    const other = new OrderedStorage(plain);
    await storage.write('a', bytes('old'), { expiresAt });
    const version = await storage.read('a', async (entry) => entry.version);
    if (version === undefined) throw new Error('no version');
    const hanging = gate();
    plain.hangNextWrite(hanging.promise);
    const first = storage.write('a', bytes('first'), { expiresAt, expect: { version } });
    const second = other.write('a', bytes('second'), { expiresAt, expect: { version } });
    hanging.open();
    expect(await first).toMatchObject({ written: true });
    expect(await second).toEqual({ written: false, reason: 'conflict' });
    expect(await read(other)).toBe('first');
  });

  it('D2: does not do later what nobody waits for any more', async () => {
    const { plain, storage, expiresAt, read } = bench();
    const hanging = gate();
    plain.hangNextWrite(hanging.promise);
    const first = storage.write('a', bytes('first'), { expiresAt });
    const { signal, abort } = abortable();
    const second = storage.write('a', bytes('second'), { expiresAt, signal });
    abort();
    hanging.open();
    await first;
    await expect(second).rejects.toThrow(SessionStorageError);
    expect(await read()).toBe('first');
  });

  it('refuses to let more than 128 wait', async () => {
    const { plain, storage, expiresAt } = bench();
    const hanging = gate();
    plain.hangNextWrite(hanging.promise);
    const writes = Array.from({ length: 129 }, (_, index) => storage.write('a', bytes(`${index}`), { expiresAt }));
    await turn();
    await expect(storage.write('a', bytes('one too many'), { expiresAt })).rejects.toThrow(SessionStorageError);
    hanging.open();
    expect((await Promise.all(writes)).every(({ written }) => written)).toBe(true);
  });

  it('goes on after a failure of its storage', async () => {
    const { plain, storage, expiresAt, read } = bench();
    plain.hangNextWrite(Promise.reject(new Error('down')));
    await expect(storage.write('a', bytes('lost'), { expiresAt })).rejects.toThrow('down');
    expect(await storage.write('a', bytes('kept'), { expiresAt })).toMatchObject({ written: true });
    expect(await read()).toBe('kept');
  });
});
