import { beforeEach, describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../src/errors.js';
import { OrderedStorage } from '../../../src/storage/ordered-storage.js';
import type { SessionStorage, WriteResult } from '../../../src/storage/session-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { Records } from '../../../src/tracker/records.js';
import { Revocations } from '../../../src/tracker/revocations.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import { PlainStorage } from '../storage/plain-storage.js';
import { LabStorage, STORAGE_TIMEOUT } from './tracker-lab.js';

const ID = 'an-id';
const HOUR = 3_600_000;
const ENDED = { how: 'ended', isRecent: false };

describe('Revocations', () => {
  let clock: ManualClock;
  let storage: LabStorage;
  let revocations: Revocations;

  beforeEach(() => {
    clock = new ManualClock();
    storage = new LabStorage(clock);
    revocations = over(storage);
  });

  const over = (storage: SessionStorage, name = 'sid'): Revocations =>
    new Revocations(new Records(storage, new TimeLimit(clock, STORAGE_TIMEOUT)), name, clock);
  const plant = (text: string): Promise<WriteResult> =>
    storage.memory.write(ID, streamOf(Buffer.from(text)), { expiresAt: clock.now() + HOUR });

  describe('find()', () => {
    it('gives undefined for an id that nobody has revoked', async () => {
      expect(await revocations.find(ID, false)).toBeUndefined();
    });

    it.each([true, false])('passes a cache if asked to: %s', async (fresh) => {
      await revocations.find(ID, fresh);
      expect(storage.calls).toEqual([fresh ? 'read fresh' : 'read']);
    });

    it('tells how it ended, and that it was replaced a moment ago for 60 s', async () => {
      const until = clock.now() + HOUR;
      expect(await revocations.revoke('ended', 'ended', until)).toBeUndefined();
      expect(await revocations.revoke('replaced', 'replaced', until)).toBeUndefined();
      expect(await revocations.find('ended', false)).toEqual(ENDED);
      expect(await revocations.find('replaced', false)).toEqual({ how: 'replaced', isRecent: true });
      clock.advance(59_999);
      expect(await revocations.find('replaced', false)).toEqual({ how: 'replaced', isRecent: true });
      clock.advance(1);
      expect(await revocations.find('replaced', false)).toEqual({ how: 'replaced', isRecent: false });
    });

    it("does not take another session's record for one of its own", async () => {
      await over(storage, 'other').revoke(ID, 'ended', clock.now() + HOUR);
      expect(await revocations.find(ID, false)).toBeUndefined();
    });

    it.each(['', 'random', '{"v":2}\n', '{"v":1}\n'])(
      'A16: takes %j, which it cannot read, for the end: it may say so',
      async (text) => {
        await plant(text);
        expect(await revocations.find(ID, false)).toEqual(ENDED);
      },
    );

    it('D1: rejects when that cannot be known', async () => {
      storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(revocations.find(ID, true)).rejects.toThrow(SessionStorageError);
    });
  });

  describe('revoke()', () => {
    it('keeps name and time until the deadline, and neither data nor secret: no token fits', async () => {
      const until = clock.now() + HOUR;
      await revocations.revoke(ID, 'ended', until);
      expect(storage.calls).toEqual(['write']);
      const record = await storage.record(ID);
      expect(record?.payload).toHaveLength(0);
      expect(record?.header).toMatchObject({
        name: 'sid',
        secretHash: '',
        previous: undefined,
        createdAt: clock.now(),
        idleDeadline: until,
        absoluteDeadline: until,
      });
      clock.advance(HOUR - 1);
      expect(await revocations.find(ID, false)).toEqual(ENDED);
      clock.advance(1);
      expect(await revocations.find(ID, false)).toBeUndefined();
    });

    it('leaves to who is faster: the second is told how it ended, and changes nothing', async () => {
      const until = clock.now() + HOUR;
      expect(await revocations.revoke(ID, 'replaced', until)).toBeUndefined();
      const before = await storage.record(ID);
      storage.calls.length = 0;
      expect(await revocations.revoke(ID, 'ended', until)).toEqual({ how: 'replaced', isRecent: true });
      expect(storage.calls).toEqual(['write', 'read fresh']);
      expect(await storage.record(ID)).toEqual(before);
    });

    it('of two at the same time one is first', async () => {
      const until = clock.now() + HOUR;
      const results = await Promise.all([
        revocations.revoke(ID, 'replaced', until),
        over(storage).revoke(ID, 'replaced', until),
      ]);
      expect(results.filter((earlier) => earlier === undefined)).toHaveLength(1);
      expect(results).toContainEqual({ how: 'replaced', isRecent: true });
    });

    it('D4: takes its own write for a success, which the driver has sent twice', async () => {
      storage.onWrite.push(async (write) => (await write(), write()));
      expect(await revocations.revoke(ID, 'replaced', clock.now() + HOUR)).toBeUndefined();
      expect(await revocations.find(ID, true)).toMatchObject({ how: 'replaced' });
    });

    it("D4: does not take another's write for its own, though it says the same", async () => {
      storage.onWrite.push(async (write) => {
        await over(storage).revoke(ID, 'ended', clock.now() + HOUR);
        return write();
      });
      expect(await revocations.revoke(ID, 'ended', clock.now() + HOUR)).toEqual(ENDED);
    });

    it("rejects when another session's record is under the id, and leaves it", async () => {
      await over(storage, 'other').revoke(ID, 'ended', clock.now() + HOUR);
      const before = await storage.record(ID);
      await expect(revocations.revoke(ID, 'ended', clock.now() + HOUR)).rejects.toThrow(
        new SessionStorageError('Cannot end session: its storage does not take its id', { id: ID }),
      );
      expect(await storage.record(ID)).toEqual(before);
    });

    it('rejects when nobody can tell what hindered it: the storage contradicts itself', async () => {
      storage.onWrite.push(async () => ({ written: false, reason: 'exists' }));
      await expect(revocations.revoke(ID, 'ended', clock.now() + HOUR)).rejects.toThrow(SessionStorageError);
    });

    it('A16: takes what it cannot read for the end', async () => {
      await plant('random');
      expect(await revocations.revoke(ID, 'ended', clock.now() + HOUR)).toEqual(ENDED);
    });

    it('D1: rejects when the storage fails', async () => {
      storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(revocations.revoke(ID, 'ended', clock.now() + HOUR)).rejects.toThrow(SessionStorageError);
      expect(await revocations.find(ID, true)).toBeUndefined();
    });

    it('D2: rejects when the storage hangs', async () => {
      storage.onWrite.push(() => new Promise(() => undefined));
      const failure = revocations.revoke(ID, 'ended', clock.now() + HOUR);
      clock.advance(STORAGE_TIMEOUT);
      await expect(failure).rejects.toMatchObject({ status: 503 });
    });
  });

  it('works over a storage without conditional writes, put in order: of two one is first', async () => {
    const plain = new OrderedStorage(new PlainStorage(clock));
    const until = clock.now() + HOUR;
    const results = await Promise.all([
      over(plain).revoke(ID, 'replaced', until),
      over(plain).revoke(ID, 'ended', until),
    ]);
    expect(results).toEqual([undefined, { how: 'replaced', isRecent: true }]);
    expect(await over(plain).find(ID, true)).toMatchObject({ how: 'replaced' });
  });
});
