import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import type { SessionRecord } from '../../../src/record/record.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { RecordWriter, type Rewrite } from '../../../src/tracker/record-writer.js';
import { Records, type KnownRecord } from '../../../src/tracker/records.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import { LabStorage, STORAGE_TIMEOUT } from './tracker-lab.js';

const ID = 'an-id';
const HOUR = 3_600_000;

describe('RecordWriter', () => {
  let clock: ManualClock;
  let storage: LabStorage;
  let records: Records;
  let writer: RecordWriter;
  let first: SessionRecord;

  beforeEach(() => {
    clock = new ManualClock();
    storage = new LabStorage(clock);
    records = new Records(storage, new TimeLimit(clock, STORAGE_TIMEOUT));
    writer = new RecordWriter(records, undefined, clock, STORAGE_TIMEOUT);
    const now = clock.now();
    first = {
      header: {
        name: 'sid',
        secretHash: 'hash',
        previous: undefined,
        createdAt: now,
        idleDeadline: now + HOUR,
        absoluteDeadline: now + 2 * HOUR,
        commits: [],
      },
      payload: Buffer.from('first'),
    };
  });

  const create = async (): Promise<KnownRecord> => {
    const { record } = await writer.create(ID, first, clock.now());
    storage.calls.length = 0;
    return record;
  };
  const to =
    (content: string): Rewrite['next'] =>
    ({ header }) => ({ header, payload: Buffer.from(content) });
  const onConflict = vi.fn();
  const rewrite = (known: KnownRecord | undefined, change: Partial<Rewrite> = {}) => {
    onConflict.mockClear();
    const usual = { id: ID, secretHash: 'hash', begunAt: clock.now(), merges: true, next: to('next'), onConflict };
    return writer.rewrite({ ...usual, known, ...change });
  };
  const payload = async (id = ID): Promise<string> => Buffer.from((await storage.record(id))?.payload ?? []).toString();
  /** Somebody else changes the record, as another node would. */
  const interfere = async (content: string, header: Partial<SessionRecord['header']> = {}): Promise<void> => {
    const current = await records.read(ID, true);
    if (current === undefined) throw new Error('nothing to change');
    await records.write(
      ID,
      { header: { ...current.header, ...header, commits: ['theirs'] }, payload: Buffer.from(content) },
      {
        version: current.version,
      },
    );
  };

  describe('create()', () => {
    it('stores a record under its id, and gives it back as it is stored', async () => {
      const { id, record } = await writer.create(ID, first, clock.now());
      expect(id).toBe(ID);
      expect(await records.read(ID, true)).toEqual({ ...record, payload: Buffer.from(first.payload) });
      expect(record.header.commits).toHaveLength(1);
      expect(storage.calls.slice(0, 1)).toEqual(['write']);
    });

    it('lets the storage forget it at the nearer deadline', async () => {
      let expiresAt = 0;
      storage.onWrite.push((write, options) => ((expiresAt = options.expiresAt), write()));
      await writer.create(ID, first, clock.now());
      expect(expiresAt).toBe(first.header.idleDeadline);
    });

    it('takes a random id where its own exists, and leaves what exists', async () => {
      await create();
      const { id } = await writer.create(ID, { ...first, payload: Buffer.from('second') }, clock.now());
      expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(await payload(ID)).toBe('first');
      expect(await payload(id)).toBe('second');
    });

    it('D4: knows its own record behind a lying `exists`: the driver has sent it twice', async () => {
      storage.onWrite.push(async (write) => (await write(), write()));
      const { id, record } = await writer.create(ID, first, clock.now());
      expect(id).toBe(ID);
      expect(record).toMatchObject({ header: { secretHash: 'hash' } });
      expect(storage.calls).toEqual(['write', 'read fresh']);
      expect(storage.memory.size).toBe(1);
    });

    it('rejects with 409 when the random id exists too', async () => {
      const exists = async () => ({ written: false, reason: 'exists' }) as const;
      storage.onWrite.push(exists, exists);
      await expect(writer.create(ID, first, clock.now())).rejects.toThrow(
        new SessionConflictError('Cannot create session: its id exists already', { id: ID }),
      );
      expect(storage.memory.size).toBe(0);
    });
  });

  describe('rewrite()', () => {
    it('writes what follows the known record, without reading', async () => {
      const known = await create();
      const result = await rewrite(known);
      expect(result).toMatchObject({ outcome: 'written' });
      expect(storage.calls).toEqual(['write']);
      expect(await payload()).toBe('next');
      expect(onConflict).not.toHaveBeenCalled();
    });

    it('gives the record with the version it now has, so that the next one needs no read either', async () => {
      let known = await create();
      for (const content of ['a', 'b', 'c']) {
        const result = await rewrite(known, { next: to(content) });
        if (result.outcome !== 'written') throw new Error(result.outcome);
        known = result.record;
      }
      expect(storage.calls).toEqual(['write', 'write', 'write']);
      expect(await payload()).toBe('c');
    });

    it('reads a record that is not known, past every cache', async () => {
      await create();
      await rewrite(undefined);
      expect(storage.calls).toEqual(['read fresh', 'write']);
    });

    it('remembers the last four commits, newest first', async () => {
      let known = await create();
      const commits = [...known.header.commits];
      for (let i = 0; i < 5; i++) {
        const result = await rewrite(known);
        if (result.outcome !== 'written') throw new Error(result.outcome);
        known = result.record;
        commits.unshift(known.header.commits[0] as string);
      }
      expect(new Set(commits).size).toBe(6);
      expect(known.header.commits).toEqual(commits.slice(0, 4));
    });

    it('writes nothing when nothing needs to be written', async () => {
      const known = await create();
      expect(await rewrite(known, { next: () => undefined })).toEqual({ outcome: 'unchanged', record: known });
      expect(storage.calls).toEqual([]);
    });

    it('B1: makes the change again on what somebody else stored', async () => {
      const known = await create();
      await interfere('theirs');
      storage.calls.length = 0;
      const seen: string[] = [];
      const result = await rewrite(known, {
        next: (record) => {
          seen.push(Buffer.from(record.payload).toString());
          return { header: record.header, payload: Buffer.concat([record.payload, Buffer.from('+ours')]) };
        },
      });
      expect(result.outcome).toBe('written');
      expect(seen).toEqual(['first', 'theirs']);
      expect(await payload()).toBe('theirs+ours');
      expect(storage.calls).toEqual(['write', 'read fresh', 'write']);
      expect(onConflict).toHaveBeenCalledOnce();
    });

    it('D4: knows its own commit behind a lying `conflict`, and writes once', async () => {
      const known = await create();
      storage.onWrite.push(async (write) => (await write(), write()));
      const result = await rewrite(known);
      expect(result.outcome).toBe('written');
      expect(storage.calls).toEqual(['write', 'read fresh']);
      expect(await payload()).toBe('next');
    });

    it('D4: knows its own commit also behind later commits of others', async () => {
      const known = await create();
      storage.onWrite.push(async (write) => {
        await write();
        const ours = await records.read(ID, true);
        if (ours === undefined) throw new Error('not written');
        const header = { ...ours.header, commits: ['x', 'y', 'z', ...ours.header.commits].slice(0, 4) };
        await records.write(
          ID,
          { header, payload: Buffer.from('later') },
          {
            version: ours.version,
          },
        );
        return { written: false, reason: 'conflict' };
      });
      const result = await rewrite(known);
      expect(result).toMatchObject({ outcome: 'written' });
      expect(await payload()).toBe('later');
    });

    it('C1: ends with `missing` when the record is gone: nothing is revived', async () => {
      const known = await create();
      await storage.memory.invalidate(ID);
      expect(await rewrite(known)).toEqual({ outcome: 'missing' });
      expect(await rewrite(undefined)).toEqual({ outcome: 'missing' });
      expect(storage.memory.size).toBe(0);
    });

    it('C6: ends with `missing` when the record is over by its own deadlines, whatever the storage says', async () => {
      const known = await create();
      clock.advance(HOUR);
      expect(await rewrite(known)).toEqual({ outcome: 'missing' });
      expect(storage.calls).toEqual(['read fresh']);
    });

    it('looks again when only what it knew is over: others may have kept the session alive', async () => {
      const known = await create();
      await interfere('theirs', { idleDeadline: clock.now() + 2 * HOUR, absoluteDeadline: clock.now() + 3 * HOUR });
      clock.advance(HOUR);
      expect(await rewrite(known)).toMatchObject({ outcome: 'written' });
    });

    it('C4: ends with `foreign` when the secret is another, before anything is applied', async () => {
      const known = await create();
      await interfere('theirs', { secretHash: 'their hash' });
      const next = vi.fn(to('next'));
      expect(await rewrite(known, { next })).toEqual({ outcome: 'foreign' });
      expect(next).toHaveBeenCalledOnce();
      expect(await rewrite(undefined, { next })).toEqual({ outcome: 'foreign' });
      expect(next).toHaveBeenCalledOnce();
      expect(await payload()).toBe('theirs');
    });

    it('rejects with 409 instead of making the change again where that must not be', async () => {
      const known = await create();
      await interfere('theirs');
      await expect(rewrite(known, { merges: false })).rejects.toThrow(
        'Cannot store session: another request has changed it since its secret was replaced',
      );
      expect(await payload()).toBe('theirs');
    });

    it('D4: knows its own commit also where a change must not be made again', async () => {
      const known = await create();
      storage.onWrite.push(async (write) => (await write(), write()));
      expect(await rewrite(known, { merges: false })).toMatchObject({ outcome: 'written' });
    });

    it('D4: knows its own commit also when the time is up, and tells of no conflict', async () => {
      const known = await create();
      storage.onWrite.push(async (write) => {
        await write();
        clock.advance(STORAGE_TIMEOUT - 1);
        return write();
      });
      storage.onRead.push(async () => clock.advance(1));
      expect(await rewrite(known)).toMatchObject({ outcome: 'written' });
      expect(onConflict).not.toHaveBeenCalled();
    });

    it('tells of no conflict with a record that has ended', async () => {
      const known = await create();
      await storage.memory.invalidate(ID);
      await rewrite(known);
      expect(onConflict).not.toHaveBeenCalled();
    });

    it('B8: gives up with 409 when conflicts outlast the time limit, and writes nothing blindly', async () => {
      const known = await create();
      let writes = 0;
      const conflict = async () => {
        clock.advance(STORAGE_TIMEOUT / 4);
        writes++;
        return { written: false, reason: 'conflict' } as const;
      };
      storage.onWrite.push(...Array.from({ length: 20 }, () => conflict));
      const error = await rewrite(known).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionConflictError);
      expect(error).toMatchObject({
        message: 'Cannot store session: others change it all the time',
        id: ID,
        status: 409,
      });
      expect(writes).toBe(4);
      expect(await payload()).toBe('first');
    });

    it('writes no more after a failure: nobody knows whether it was written', async () => {
      const known = await create();
      storage.onWrite.push(() => Promise.reject(new Error('connection lost')));
      await expect(rewrite(known)).rejects.toThrow(SessionStorageError);
      expect(storage.calls).toEqual(['write']);
    });

    it('ends a record: nothing is left, under the same condition', async () => {
      const known = await create();
      const ends: Rewrite['next'] = ({ header }) => ({
        header: { ...header, idleDeadline: 0 },
        payload: new Uint8Array(),
      });
      await interfere('theirs');
      storage.calls.length = 0;
      expect(await rewrite(known, { next: ends })).toMatchObject({ outcome: 'written' });
      expect(storage.calls).toEqual(['end', 'read fresh', 'end']);
      expect(storage.memory.size).toBe(0);
    });

    it('throws what `next` throws, and stores nothing', async () => {
      const known = await create();
      const next = () => {
        throw new Error('of the change');
      };
      await expect(rewrite(known, { next })).rejects.toThrow('of the change');
      expect(storage.calls).toEqual([]);
    });
  });

  describe('touch()', () => {
    it('moves the idle deadline, and nothing else', async () => {
      const known = await create();
      const deadline = known.header.idleDeadline + 5000;
      const touched = await writer.touch(ID, known, deadline);
      expect(touched?.header).toEqual({ ...known.header, idleDeadline: deadline });
      expect((await storage.record(ID))?.header).toEqual(touched?.header);
      expect(await payload()).toBe('first');
    });

    it('C2, B7: writes nothing when somebody wrote meanwhile, or ended it', async () => {
      const known = await create();
      await interfere('theirs');
      expect(await writer.touch(ID, known, clock.now() + 2 * HOUR)).toBeUndefined();
      expect(await payload()).toBe('theirs');
      await storage.memory.invalidate(ID);
      expect(await writer.touch(ID, known, clock.now() + 2 * HOUR)).toBeUndefined();
      expect(storage.memory.size).toBe(0);
    });

    it('C2: does not even try when the record is over', async () => {
      const known = await create();
      clock.advance(HOUR);
      expect(await writer.touch(ID, known, clock.now() + HOUR)).toBeUndefined();
      expect(storage.calls).toEqual([]);
    });
  });
});
