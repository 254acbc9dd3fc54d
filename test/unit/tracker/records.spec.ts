import { describe, expect, it } from 'vitest';
import { streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import { SessionDecodeError, SessionStorageError } from '../../../src/errors.js';
import { encodeRecord, type SessionRecord } from '../../../src/record/record.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from '../../../src/storage/session-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { expiryOf } from '../../../src/session/expiry.js';
import { Records } from '../../../src/tracker/records.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';

const TIMEOUT = 5000;
const never = new Promise<never>(() => undefined);
const record: SessionRecord = {
  header: {
    name: 'sid',
    secretHash: 'hash',
    previous: undefined,
    createdAt: 1,
    idleDeadline: 2,
    absoluteDeadline: 3,
    commits: ['c'],
  },
  payload: new Uint8Array(Buffer.from('{"a":1}')),
};

/** Does as it is told; notes the options of its calls. */
class ToldStorage extends SessionStorage {
  readonly conditionalWrites = true;
  options: ReadOptions | WriteOptions | undefined;
  lent: StoredEntry | undefined = { stream: streamOf(encodeRecord(record)), version: 'v1' };
  answer: () => Promise<WriteResult> = async () => ({ written: true, version: 'v2' });
  before: () => Promise<void> = async () => undefined;
  written: Uint8Array | undefined;

  async read<R>(
    _: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    this.options = options;
    await this.before();
    return this.lent && consumer(this.lent);
  }

  async write(_: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.options = options;
    this.written = source.bytes;
    return this.answer();
  }

  async invalidate(): Promise<boolean> {
    await this.before();
    return true;
  }
}

const copy = Buffer.from(record.payload);

function bench() {
  const clock = new ManualClock();
  const storage = new ToldStorage();
  return { clock, storage, records: new Records(storage, new TimeLimit(clock, TIMEOUT)) };
}

describe('Records', () => {
  describe('read()', () => {
    it('resolves to the record, its version, and whether a cache answered', async () => {
      const { storage, records } = bench();
      expect(await records.read('a', false)).toEqual({ ...record, payload: copy, version: 'v1', cached: false });
      storage.lent = { stream: streamOf(encodeRecord(record)), version: 'v1', cached: true };
      expect(await records.read('a', false)).toMatchObject({ cached: true });
    });

    it('resolves to undefined when there is none', async () => {
      const { storage, records } = bench();
      storage.lent = undefined;
      expect(await records.read('a', false)).toBeUndefined();
    });

    it('reads a stream without bytes', async () => {
      const { storage, records } = bench();
      async function* chunks() {
        for (const byte of encodeRecord(record)) yield Uint8Array.of(byte);
      }
      storage.lent = { stream: chunks() };
      expect(await records.read('a', false)).toEqual({ ...record, payload: copy, version: '', cached: false });
    });

    it.each([true, false])('passes `fresh` on: %s', async (fresh) => {
      const { storage, records } = bench();
      await records.read('a', fresh);
      expect(storage.options).toMatchObject({ fresh });
    });

    it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
      ['a Uint8Array', (bytes) => Uint8Array.from(bytes)],
      ['a Buffer', (bytes) => Buffer.from(bytes)],
    ])('keeps nothing of what was lent to it as %s: the storage may use that memory again', async (_, lend) => {
      const { storage, records } = bench();
      const lent = lend(encodeRecord(record));
      storage.lent = { stream: streamOf(lent) };
      const read = await records.read('a', false);
      lent.fill(0);
      expect(Buffer.from(read?.payload ?? []).toString()).toBe('{"a":1}');
    });

    it('keeps nothing of an only chunk that was lent to it', async () => {
      const { storage, records } = bench();
      const lent = Buffer.from(encodeRecord(record));
      async function* chunks() {
        yield lent;
      }
      storage.lent = { stream: chunks() };
      const read = await records.read('a', false);
      lent.fill(0);
      expect(Buffer.from(read?.payload ?? []).toString()).toBe('{"a":1}');
    });

    it('A16: rejects with SessionDecodeError when what is stored is not a record', async () => {
      const { storage, records } = bench();
      storage.lent = { stream: streamOf(Buffer.from('random')) };
      await expect(records.read('a', false)).rejects.toThrow(SessionDecodeError);
    });
  });

  describe('write()', () => {
    it('hands the record, its deadline and the condition on', async () => {
      const { storage, records } = bench();
      expect(await records.write('a', record, { version: 'v1' })).toEqual({ written: true, version: 'v2' });
      expect(storage.options).toMatchObject({ expiresAt: expiryOf(record.header), expect: { version: 'v1' } });
      expect(Buffer.from(storage.written ?? [])).toEqual(Buffer.from(encodeRecord(record)));
    });

    it('resolves to what the storage says', async () => {
      const { storage, records } = bench();
      storage.answer = async () => ({ written: false, reason: 'missing' });
      expect(await records.write('a', record, 'absent')).toEqual({ written: false, reason: 'missing' });
    });
  });

  describe('the time limit', () => {
    const calls: [string, (all: ReturnType<typeof bench>) => Promise<unknown>][] = [
      ['read()', ({ storage, records }) => ((storage.before = () => never), records.read('a', true))],
      ['write()', ({ storage, records }) => ((storage.answer = () => never), records.write('a', record, 'absent'))],
      ['invalidate()', ({ storage, records }) => ((storage.before = () => never), records.invalidate('a'))],
    ];

    it.each(calls)('D2: rejects %s when the storage does not answer in time, not before', async (_, call) => {
      const all = bench();
      let error: unknown;
      const done = call(all).catch((reason: unknown) => (error = reason));
      all.clock.advance(TIMEOUT - 1);
      await Promise.resolve();
      await Promise.resolve();
      expect(error).toBeUndefined();
      all.clock.advance(1);
      await done;
      expect(error).toBeInstanceOf(SessionStorageError);
      expect(error).toMatchObject({
        message: 'Cannot reach session storage: no answer within 5000 ms',
        id: 'a',
        status: 503,
      });
    });

    it('aborts the signal of a storage that has it, when it is over and not before', async () => {
      const { storage, records, clock } = bench();
      storage.answer = () => never;
      const failure = records.write('a', record, 'absent').catch((error: unknown) => error);
      const signal = storage.options?.signal;
      expect(signal?.aborted).toBe(false);
      expect(storage.options?.signal).toBe(signal);
      clock.advance(TIMEOUT);
      expect(signal?.aborted).toBe(true);
      expect(await failure).toBeInstanceOf(SessionStorageError);
    });

    it('gives a storage that asks for the signal only later an aborted one', async () => {
      const { storage, records, clock } = bench();
      storage.before = () => never;
      const failure = records.read('a', false).catch((error: unknown) => error);
      clock.advance(TIMEOUT);
      expect(storage.options?.signal?.aborted).toBe(true);
      await failure;
    });

    it('makes no signal for a storage that does not ask', async () => {
      const { storage, records } = bench();
      const original = globalThis.AbortController;
      let made = 0;
      globalThis.AbortController = class extends original {
        constructor() {
          super();
          made++;
        }
      };
      try {
        await records.read('a', false);
        await records.write('a', record, 'absent');
        expect(made).toBe(0);
        expect(storage.options?.signal?.aborted).toBe(false);
        expect(made).toBe(1);
      } finally {
        globalThis.AbortController = original;
      }
    });
  });

  it('D1: makes any failure of a storage a SessionStorageError with the id, and the failure as its cause', async () => {
    const { storage, records } = bench();
    const cause = new Error('ECONNREFUSED');
    storage.before = () => Promise.reject(cause);
    const error = await records.read('a', false).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionStorageError);
    expect(error).toMatchObject({ message: 'Cannot use session storage: it failed', cause, id: 'a' });
  });
});
