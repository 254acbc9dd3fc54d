import { beforeEach, describe, expect, it } from 'vitest';
import { SessionConflictError, SessionLimitError, SessionStorageError } from '../../../src/errors.js';
import type { RecordHeader } from '../../../src/record/record-header.js';
import { deferred } from '../../../src/testing/deferred.js';
import { PrincipalRecords } from '../../../src/tracker/principal-records.js';
import { Principals, type OwnedWrite, type PrincipalLimit } from '../../../src/tracker/principals.js';
import { PrincipalLab } from './principal-lab.js';
import { STORAGE_TIMEOUT } from './tracker-lab.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ID = 'an-id';

describe('Principals', () => {
  let lab: PrincipalLab;
  let ended: string[];
  let unheard: { readonly error: unknown; readonly id: string }[];
  let header: RecordHeader;

  beforeEach(() => {
    lab = new PrincipalLab();
    ended = [];
    unheard = [];
    const now = lab.clock.now();
    header = {
      name: 'sid',
      secretHash: 'hash',
      previous: undefined,
      createdAt: now,
      idleDeadline: now + HOUR,
      absoluteDeadline: now + 12 * HOUR,
      commits: [],
    };
  });

  const principals = (limit?: PrincipalLimit): Principals => {
    const { clock } = lab;
    const settings = { name: 'sid', clock, storageTimeout: STORAGE_TIMEOUT };
    const observe = ({ id }: { readonly id?: string }): void => void ended.push(id ?? '');
    const index = lab.keyed();
    return new Principals(index, new PrincipalRecords(index, lab.lab.records, { ...settings, observe }), {
      ...settings,
      limit,
      noticeFailure: (error, id) => unheard.push({ error, id }),
    });
  };
  const write = (from: Partial<RecordHeader> | undefined, to: Partial<RecordHeader>, id = ID): OwnedWrite => ({
    id,
    from: from && { ...header, ...from },
    to: { ...header, ...to },
    begunAt: lab.clock.now(),
  });
  const evicting = (perPrincipal: number): PrincipalLimit => ({ perPrincipal, onExceeded: 'evictOldest' });
  const rejecting = (perPrincipal: number): PrincipalLimit => ({ perPrincipal, onExceeded: 'reject' });
  /** Stores a record under an id, or makes it another's. */
  const store = async (change: Partial<RecordHeader>, id = ID): Promise<void> => {
    const record = await lab.lab.records.read(id, true);
    await lab.lab.records.write(
      id,
      { header: { ...(record?.header ?? header), ...change }, payload: Buffer.from('{}') },
      record === undefined ? 'absent' : { version: record.version },
    );
  };

  describe('claim()', () => {
    it.each<[what: string, from: Partial<RecordHeader> | undefined, to: Partial<RecordHeader>]>([
      ['begins, and is nobody’s', undefined, {}],
      ['is nobody’s', {}, { label: 'x', absoluteDeadline: 1 }],
      ['stays theirs, for as long', { principal: 'eva' }, { principal: 'eva', label: 'x', idleDeadline: 1 }],
    ])('has nothing to do with what %s: not even a promise', (_, from, to) => {
      expect(principals(evicting(1)).claim(write(from, to))).toBeUndefined();
      expect(lab.index.calls).toEqual([]);
    });

    it.each<[what: string, from: Partial<RecordHeader> | undefined, to: Partial<RecordHeader>]>([
      ['begins as theirs', undefined, { principal: 'eva' }],
      ['becomes theirs', {}, { principal: 'eva' }],
      ['stays theirs, until another deadline', { principal: 'eva', absoluteDeadline: 1 }, { principal: 'eva' }],
    ])('adds what %s before the write, and asks for it after', async (_, from, to) => {
      const claim = await principals().claim(write(from, to));
      expect(await lab.entries('eva')).toEqual([ID]);
      expect(lab.index.added).toEqual([{ expiresAt: header.absoluteDeadline, begunAgo: 0, limit: undefined }]);
      await store({ principal: 'eva' });
      await claim?.settle();
      expect(lab.index.calls).toEqual(['add', 'holds']);
      expect(await lab.principalOf(ID)).toBe('eva');
    });

    it('adds what becomes another’s, and then removes the entry that it had', async () => {
      await lab.keyed().add('eva', ID, { expiresAt: Infinity, begunAgo: 0 });
      lab.forget();
      const claim = await principals().claim(write({ principal: 'eva' }, { principal: 'adam' }));
      expect(await lab.entries('eva')).toEqual([ID]);
      await store({ principal: 'adam' });
      await claim?.settle();
      expect(lab.index.calls).toEqual(['add', 'holds', 'remove']);
      expect([await lab.entries('eva'), await lab.entries('adam')]).toEqual([[], [ID]]);
    });

    it('removes the entry of what becomes nobody’s, when that is written', async () => {
      await lab.keyed().add('eva', ID, { expiresAt: Infinity, begunAgo: 0 });
      lab.forget();
      const claim = await principals().claim(write({ principal: 'eva' }, {}));
      expect(await lab.entries('eva')).toEqual([ID]);
      await store({});
      await claim?.settle();
      expect(lab.index.calls).toEqual(['remove']);
      expect(await lab.entries('eva')).toEqual([]);
      expect(lab.storage.calls.at(-1)).toBe('read fresh');
    });

    it('removes the entry of what ends, and need not look for it', async () => {
      await lab.keyed().add('eva', ID, { expiresAt: Infinity, begunAgo: 0 });
      const claim = await principals().claim(write({ principal: 'eva' }, { idleDeadline: 0 }));
      await claim?.settle();
      expect(await lab.entries('eva')).toEqual([]);
      expect(lab.storage.calls).toEqual([]);
    });

    it('ends what another request has made theirs again before its entry was removed', async () => {
      const claim = await principals().claim(write({ principal: 'eva' }, {}));
      await store({ principal: 'eva' });
      await claim?.settle();
      expect(lab.storage.memory.size).toBe(0);
      expect(ended).toEqual([ID]);
    });
  });

  describe('settle()', () => {
    /** Whether a promise is kept after all that can be done by now. */
    const isKept = async (promise: Promise<unknown> | undefined): Promise<boolean> => {
      let kept = false;
      promise?.then(
        () => (kept = true),
        () => (kept = true),
      );
      await new Promise((resolve) => setImmediate(resolve));
      return kept;
    };

    it.each<
      [what: string, from: Partial<RecordHeader> | undefined, to: Partial<RecordHeader>, verb: 'holds' | 'remove']
    >([
      ['it is known whether the entry stands', undefined, { principal: 'eva' }, 'holds'],
      ['the entry has gone of who had it before', { principal: 'adam' }, { principal: 'eva' }, 'remove'],
      ['the entry has gone of what is nobody’s', { principal: 'adam' }, {}, 'remove'],
      ['the entry has gone of what has ended', { principal: 'adam' }, { idleDeadline: 0 }, 'remove'],
    ])('is done when %s, and not before', async (_, from, to, verb) => {
      const claim = await principals().claim(write(from, to));
      const held = deferred();
      lab.index.on.set(verb, [() => held.promise]);
      const settled = claim?.settle();
      expect(await isKept(settled)).toBe(false);
      held.resolve();
      await settled;
    });

    it('refuses when what it refuses has ended, and its entry has gone, and not before', async () => {
      const claim = await principals().claim(write(undefined, { principal: 'eva' }));
      await store({ principal: 'eva' });
      await lab.keyed().raiseEpoch('eva');
      const held = deferred();
      lab.index.on.set('remove', [() => held.promise]);
      const settled = claim?.settle();
      expect(await isKept(settled)).toBe(false);
      expect(lab.storage.memory.size).toBe(0);
      held.resolve();
      await expect(settled).rejects.toThrow(SessionConflictError);
    });
  });

  describe('the epoch', () => {
    it('refuses a request that has begun before it was raised, and adds nothing', async () => {
      const late = write(undefined, { principal: 'eva' });
      lab.clock.advance(MINUTE);
      await lab.keyed().raiseEpoch('eva');
      lab.clock.advance(MINUTE);
      await expect(principals().claim(late)).rejects.toThrow(
        new SessionConflictError(
          'Cannot store session: all sessions of its principal were ended since its request began, or another took its place',
          { id: ID },
        ),
      );
      expect(lab.index.added).toMatchObject([{ begunAgo: 2 * MINUTE }]);
      expect(await lab.entries('eva')).toEqual([]);
      lab.clock.advance(1);
      await expect(principals().claim(write(undefined, { principal: 'eva' }))).resolves.toBeDefined();
    });

    it('refuses it also when it was raised while the index was on its way to be asked', async () => {
      const begun = write(undefined, { principal: 'eva' });
      lab.clock.advance(10);
      // The index takes it for one that has begun when it comes: after that
      lab.index.on.set('add', [
        async () => {
          lab.clock.advance(100);
          await lab.keyed().raiseEpoch('eva');
          lab.clock.advance(20);
        },
      ]);
      const claim = await principals().claim(begun);
      await store({ principal: 'eva' });
      await expect(claim?.settle()).rejects.toThrow(SessionConflictError);
      expect(lab.storage.memory.size).toBe(0);
      expect(await lab.entries('eva')).toEqual([]);
    });

    it('is looked for since the request cannot have begun before: the way to the index and back is counted', async () => {
      lab.index.way = [30, 20];
      const begun = lab.clock.now();
      const late = write(undefined, { principal: 'eva' });
      lab.clock.advance(10);
      const claim = await principals().claim(late);
      lab.index.way = [0, 0];
      await claim?.settle();
      expect(lab.index.added).toMatchObject([{ begunAgo: 10 }]);
      // The index has said that it was added at +40, and that was known 60 after the beginning
      expect(lab.index.since).toEqual([begun - 20]);
    });

    it('ends what was written, removes its entry, and tells of no end of what nobody was told of', async () => {
      const claim = await principals().claim(write(undefined, { principal: 'eva' }));
      await store({ principal: 'eva' });
      await lab.keyed().raiseEpoch('eva');
      await expect(claim?.settle()).rejects.toThrow(SessionConflictError);
      expect(lab.storage.memory.size).toBe(0);
      expect(await lab.entries('eva')).toEqual([]);
      expect(ended).toEqual([]);
    });

    it('tells of the end of a session that was there before', async () => {
      await store({});
      const claim = await principals().claim(write({}, { principal: 'eva' }));
      await store({ principal: 'eva' });
      await lab.keyed().raiseEpoch('eva');
      await expect(claim?.settle()).rejects.toThrow(SessionConflictError);
      expect(ended).toEqual([ID]);
    });

    it('ends it also when another request has changed it meanwhile', async () => {
      await store({});
      const claim = await principals().claim(write({}, { principal: 'eva' }));
      await store({ principal: 'eva' });
      await lab.keyed().raiseEpoch('eva');
      await store({ label: 'of another request' });
      await expect(claim?.settle()).rejects.toThrow(SessionConflictError);
      expect(lab.storage.memory.size).toBe(0);
    });

    it('leaves alone what is another’s by then', async () => {
      await store({});
      const claim = await principals().claim(write({}, { principal: 'eva' }));
      await store({ principal: 'adam' });
      await lab.keyed().raiseEpoch('eva');
      await expect(claim?.settle()).rejects.toThrow(SessionConflictError);
      expect(await lab.principalOf(ID)).toBe('adam');
      expect(await lab.entries('eva')).toEqual([]);
    });

    it('is not to be known when the index fails: what was written is ended, and its entry removed', async () => {
      const claim = await principals().claim(write(undefined, { principal: 'eva' }));
      await store({ principal: 'eva' });
      void lab.index.next('holds', 'fails');
      await expect(claim?.settle()).rejects.toThrow(SessionStorageError);
      expect(lab.storage.memory.size).toBe(0);
      expect(await lab.entries('eva')).toEqual([]);
      expect(unheard).toEqual([]);
    });

    it('is not to be known when all fails: that is told, and the entry stays with the record', async () => {
      const claim = await principals().claim(write(undefined, { principal: 'eva' }));
      await store({ principal: 'eva' });
      void lab.index.next('holds', 'fails');
      lab.storage.onRead.push(() => Promise.reject(new Error('down too')));
      await expect(claim?.settle()).rejects.toThrow(SessionStorageError);
      expect(unheard).toMatchObject([{ id: ID, error: { cause: { message: 'down too' } } }]);
      expect([await lab.principalOf(ID), await lab.entries('eva')]).toEqual(['eva', [ID]]);
    });
  });

  describe('the limit', () => {
    const others = async (count: number): Promise<readonly string[]> => {
      const ids: string[] = [];
      for (let at = 0; at < count; at++) {
        ids.push((await lab.client('eva')).id);
        lab.clock.advance(1);
      }
      lab.forget();
      return ids;
    };
    const refusal = new SessionLimitError('Cannot store session: its principal has as many as they may', { id: ID });

    it('is told the index', async () => {
      await principals(evicting(7)).claim(write(undefined, { principal: 'eva' }));
      expect(lab.index.added).toMatchObject([{ limit: 7 }]);
    });

    it('ends the oldest, as many as are too many, before the new one is added', async () => {
      const [first, second, third] = await others(3);
      await principals(evicting(2)).claim(write(undefined, { principal: 'eva' }));
      expect(lab.index.calls).toEqual(['add', 'remove', 'add', 'remove', 'add']);
      expect(ended).toEqual([first, second]);
      expect(await lab.entries('eva')).toEqual([third, ID]);
      expect([await lab.principalOf(first ?? ''), await lab.principalOf(third ?? '')]).toEqual([undefined, 'eva']);
    });

    it('refuses the new one, where it is to reject', async () => {
      const ids = await others(2);
      await expect(principals(rejecting(2)).claim(write(undefined, { principal: 'eva' }))).rejects.toThrow(refusal);
      expect(lab.index.calls).toEqual(['add']);
      expect(await lab.entries('eva')).toEqual(ids);
      expect(ended).toEqual([]);
      await expect(principals(rejecting(3)).claim(write(undefined, { principal: 'eva' }))).resolves.toBeDefined();
    });

    it.each([evicting(2), rejecting(2)])('%o: gives the place of a session that has ended first', async (limit) => {
      const [first, second] = await others(2);
      const record = await lab.lab.records.read(second ?? '', true);
      await lab.lab.records.write(
        second ?? '',
        { header: { ...header, ...record?.header, idleDeadline: 0 }, payload: Buffer.from('') },
        { version: record?.version ?? '' },
      );
      // Until then it may be one that is about to be written
      lab.clock.advance(MINUTE);
      lab.forget();
      await principals(limit).claim(write(undefined, { principal: 'eva' }));
      expect(lab.index.calls).toEqual(['add', 'remove', 'add']);
      expect(await lab.entries('eva')).toEqual([first, ID]);
      expect(ended).toEqual([]);
    });

    it.each<[what: string, age: number]>([
      ['that has no record', MINUTE + 1],
      ['that has one', 0],
    ])('asks for a place when that of an entry %s is free, and not before', async (_, age) => {
      if (age > 0) await lab.keyed().add('eva', 'other', { expiresAt: Infinity, begunAgo: 0 });
      else await others(1);
      lab.clock.advance(age);
      lab.forget();
      const held = deferred();
      lab.index.on.set('remove', [() => held.promise]);
      const claim = principals(evicting(1)).claim(write(undefined, { principal: 'eva' }));
      await new Promise((resolve) => setImmediate(resolve));
      expect(lab.index.calls).toEqual(['add', 'remove']);
      held.resolve();
      await claim;
      expect(lab.index.calls).toEqual(['add', 'remove', 'add']);
    });

    it('waits for one that is about to be written, where it is to reject: it may come', async () => {
      await lab.keyed().add('eva', 'about-to', { expiresAt: Infinity, begunAgo: 0 });
      lab.clock.advance(MINUTE);
      const claim = () => principals(rejecting(1)).claim(write(undefined, { principal: 'eva' }));
      await expect(claim()).rejects.toThrow(refusal);
      lab.clock.advance(1);
      await expect(claim()).resolves.toBeDefined();
      expect(await lab.entries('eva')).toEqual([ID]);
    });

    it('takes the place of one that is about to be written, which ends itself when it was', async () => {
      const other = await principals(evicting(1)).claim(write(undefined, { principal: 'eva' }, 'other'));
      await principals(evicting(1)).claim(write(undefined, { principal: 'eva' }));
      await store({ principal: 'eva' }, 'other');
      await expect(other?.settle()).rejects.toThrow(SessionConflictError);
      expect(lab.storage.memory.size).toBe(0);
      expect(await lab.entries('eva')).toEqual([ID]);
    });

    it('takes the place of one that is written just then, which is ended', async () => {
      const other = await principals(evicting(1)).claim(write(undefined, { principal: 'eva' }, 'other'));
      lab.index.on.set('remove', [
        async () => {
          await store({ principal: 'eva' }, 'other');
          await other?.settle();
        },
      ]);
      await principals(evicting(1)).claim(write(undefined, { principal: 'eva' }));
      expect(lab.storage.memory.size).toBe(0);
      expect(ended).toEqual(['other']);
      expect(await lab.entries('eva')).toEqual([ID]);
    });

    it('ends one that has a place again, where it is to be taken for one without a record', async () => {
      await lab.keyed().add('eva', 'other', { expiresAt: Infinity, begunAgo: 0 });
      lab.clock.advance(MINUTE + 1);
      lab.index.on.set('remove', [() => store({ principal: 'eva' }, 'other')]);
      await principals(evicting(1)).claim(write(undefined, { principal: 'eva' }));
      expect(lab.storage.memory.size).toBe(0);
      expect(ended).toEqual(['other']);
    });

    it('gives up with 409 when others take each place for as long as the time limit', async () => {
      let count = 0;
      const other = async (): Promise<void> => {
        await lab.keyed().add('eva', `other-${count++}`, { expiresAt: Infinity, begunAgo: 0 });
        lab.clock.advance(STORAGE_TIMEOUT / 4);
      };
      await other();
      lab.index.on.set(
        'add',
        Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? other : () => {})),
      );
      const claim = principals(evicting(1)).claim(write(undefined, { principal: 'eva' }));
      await expect(claim).rejects.toThrow(
        new SessionConflictError('Cannot store session: others of its principal begin all the time', { id: ID }),
      );
    });

    it('rejects when it is not to be known who has a place', async () => {
      await others(1);
      lab.storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(principals(evicting(1)).claim(write(undefined, { principal: 'eva' }))).rejects.toThrow(
        SessionStorageError,
      );
      expect(ended).toEqual([]);
    });
  });

  describe('leave()', () => {
    it('removes an entry; that it fails is told, and is no failure', async () => {
      await lab.keyed().add('eva', ID, { expiresAt: Infinity, begunAgo: 0 });
      void lab.index.next('remove', 'fails');
      await principals().leave('eva', ID);
      expect(unheard).toMatchObject([{ id: ID, error: { status: 503, cause: { code: 'ECONNRESET' } } }]);
      await principals().leave('eva', ID);
      expect(await lab.entries('eva')).toEqual([]);
    });
  });

  it('hides no mistake that is not the storage’s', async () => {
    const settings = { name: 'sid', clock: lab.clock, storageTimeout: STORAGE_TIMEOUT };
    const observe = (): void => {
      throw new RangeError('of an observer');
    };
    const owned = new PrincipalRecords(lab.keyed(), lab.lab.records, { ...settings, observe });
    const more = { ...settings, limit: undefined, noticeFailure: () => {} };
    const claim = await new Principals(lab.keyed(), owned, more).claim(write({ principal: 'eva' }, {}));
    await store({ principal: 'eva' });
    await expect(claim?.settle()).rejects.toThrow('of an observer');
  });

  it('tells when the record could not be dropped that is nobody’s any more, and that is no failure', async () => {
    const claim = await principals().claim(write({ principal: 'eva' }, {}));
    void lab.index.next('remove', 'fails after effect');
    await claim?.settle();
    expect(unheard).toMatchObject([{ id: ID }]);
  });
});
