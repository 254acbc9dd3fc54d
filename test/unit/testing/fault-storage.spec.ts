import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { collect, streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../src/errors.js';
import { FaultStorage, type FaultyVerb } from '../../../src/testing/fault-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { storageConformance } from '../../../src/testing/storage-conformance.js';
import { GoodStorage } from './good-storage.js';

const VERBS: readonly FaultyVerb[] = ['read', 'write', 'invalidate'];

async function bench() {
  const clock = new ManualClock();
  const delegate = new GoodStorage(clock);
  const storage = new FaultStorage(delegate);
  const expiresAt = clock.now() + 1000;
  const write = (text: string, options = {}) =>
    storage.write('a', streamOf(Buffer.from(text)), { expiresAt, ...options });
  const text = (from: GoodStorage | FaultStorage) =>
    from.read('a', async ({ stream }) => Buffer.from(await collect(stream)).toString());
  await write('old');
  const calls: Record<FaultyVerb, () => Promise<unknown>> = {
    read: () => text(storage),
    write: () => write('new'),
    invalidate: () => storage.invalidate('a'),
  };
  return { storage, write, calls, stored: () => text(delegate), read: () => text(storage) };
}

async function isPending(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  work.then(settle, settle);
  for (let count = 0; count < 5; count++) await turn();
  return !settled;
}

describe('FaultStorage', () => {
  it.each(storageConformance({ create: (clock) => new FaultStorage(new GoodStorage(clock)) }))(
    'passes on as it is: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  it.each(VERBS)('fail: a %s rejects, and has done nothing', async (verb) => {
    const { storage, calls, stored } = await bench();
    void storage.set(verb, 'fail');
    await expect(calls[verb]()).rejects.toThrow(SessionStorageError);
    expect(await stored()).toBe('old');
  });

  it.each(['ENOSPC', 'EACCES', 'EMFILE'])('fail: the cause has the code %s', async (code) => {
    const { storage, calls } = await bench();
    void storage.set('write', 'fail', { code });
    await expect(calls.write()).rejects.toMatchObject({ cause: { code } });
    void storage.set('write', 'fail after effect', { code });
    await expect(calls.write()).rejects.toMatchObject({ cause: { code } });
    void storage.set('write', 'cut stream', { code });
    await expect(calls.write()).rejects.toMatchObject({ cause: { code } });
  });

  it('fail raw: rejects with what is no SessionError', async () => {
    const { storage, calls } = await bench();
    void storage.set('read', 'fail raw');
    const error: unknown = await calls.read().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(SessionStorageError);
  });

  it('fail after effect: rejects, and has done it', async () => {
    const { storage, calls, stored } = await bench();
    void storage.set('write', 'fail after effect');
    await expect(calls.write()).rejects.toThrow(SessionStorageError);
    expect(await stored()).toBe('new');
  });

  it.each(VERBS)('delay: a %s waits until mend(), and then does its work', async (verb) => {
    const { storage, calls, stored } = await bench();
    const met = storage.set(verb, 'delay');
    const call = calls[verb]();
    await met;
    expect(await isPending(call)).toBe(true);
    expect(await stored()).toBe('old');
    storage.mend();
    expect(await call).toEqual({ read: 'old', write: { written: true, version: 'v2' }, invalidate: true }[verb]);
    expect(await stored()).toBe({ read: 'old', write: 'new', invalidate: undefined }[verb]);
  });

  it('delay: a second one waits for the second mend()', async () => {
    const { storage, calls } = await bench();
    storage.mend();
    void storage.set('read', 'delay');
    const call = calls.read();
    expect(await isPending(call)).toBe(true);
    storage.mend();
    expect(await call).toBe('old');
  });

  it.each(VERBS)('hang: a %s never answers, not after mend()', async (verb) => {
    const { storage, calls } = await bench();
    void storage.set(verb, 'hang');
    const call = calls[verb]();
    storage.mend();
    expect(await isPending(call)).toBe(true);
  });

  it('resent: what was conditional is refused by what it did itself', async () => {
    const { storage, write, stored } = await bench();
    void storage.set('write', 'resent');
    expect(await write('new', { expect: { version: 'v1' } })).toEqual({ written: false, reason: 'conflict' });
    expect(await stored()).toBe('new');
  });

  it('conflict: a write is refused, whatever is stored', async () => {
    const { storage, calls, stored } = await bench();
    void storage.set('write', 'conflict');
    expect(await calls.write()).toEqual({ written: false, reason: 'conflict' });
    expect(await stored()).toBe('old');
  });

  it('cut stream: a read lends the first half, then an error; a write leaves the old', async () => {
    const { storage, write, stored } = await bench();
    void storage.set('read', 'cut stream');
    const lent: string[] = [];
    const reading = storage.read('a', async ({ stream }) => {
      for await (const chunk of stream) lent.push(Buffer.from(chunk).toString());
    });
    await expect(reading).rejects.toThrow(SessionStorageError);
    expect(lent).toEqual(['o']);
    void storage.set('write', 'cut stream');
    await expect(write('a longer text')).rejects.toThrow('Cannot reach the test storage: the stream was cut');
    expect(await stored()).toBe('old');
  });

  it('goes wrong so many times, tells of each, and works again', async () => {
    const { storage, calls, read } = await bench();
    const onFault = vi.fn<() => void>();
    storage.onFault = onFault;
    void storage.set('write', 'fail', { times: 2 });
    for (let times = 0; times < 2; times++) await expect(calls.write()).rejects.toThrow();
    await calls.write();
    expect(await read()).toBe('new');
    expect(onFault).toHaveBeenCalledTimes(2);
  });

  it('mend() ends all faults', async () => {
    const { storage, calls } = await bench();
    for (const verb of VERBS) void storage.set(verb, 'fail');
    storage.mend();
    for (const verb of VERBS) await calls[verb]();
  });
});
