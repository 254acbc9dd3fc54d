import { beforeEach, describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import type { RecordHeader } from '../../../src/record/record-header.js';
import { encodeRecord } from '../../../src/record/record.js';
import { PrincipalRecords } from '../../../src/tracker/principal-records.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import { PrincipalLab } from './principal-lab.js';
import { IDLE, STORAGE_TIMEOUT } from './tracker-lab.js';

const MINUTE = 60_000;

describe('PrincipalRecords', () => {
  let lab: PrincipalLab;
  let owned: PrincipalRecords;
  let told: Pick<SessionEvent, 'type' | 'id'>[];

  beforeEach(() => {
    lab = new PrincipalLab();
    told = [];
    owned = new PrincipalRecords(lab.keyed(), lab.lab.records, {
      name: 'sid',
      clock: lab.clock,
      storageTimeout: STORAGE_TIMEOUT,
      observe: (event) => told.push(event),
    });
  });

  /** Writes a record of a session past the library, as another would. */
  const rewrite = async (id: string, change: Partial<RecordHeader>): Promise<void> => {
    const record = await lab.storage.record(id);
    if (record === undefined) throw new Error('not stored');
    const bytes = encodeRecord({ ...record, header: { ...record.header, ...change } });
    await lab.storage.memory.write(id, streamOf(bytes), { expiresAt: Infinity });
  };

  describe('of()', () => {
    it('gives the record of an entry, read past every cache', async () => {
      const { id } = await lab.client('eva', 'Firefox');
      await lab.storage.cache(id);
      await rewrite(id, { label: 'Safari' });
      expect(await owned.of({ id, age: 0 }, 'eva')).toMatchObject({ header: { principal: 'eva', label: 'Safari' } });
      expect(await owned.of({ id, age: 10 * MINUTE }, 'eva')).toMatchObject({ header: { principal: 'eva' } });
    });

    it('gives `missing` for a minute where there is none that is theirs, since it may come; then `phantom`', async () => {
      const [adams, others] = [await lab.client('adam'), await lab.client('eva')];
      await rewrite(others.id, { name: 'other' });
      const junk = await lab.client('eva');
      await lab.storage.memory.write(junk.id, streamOf(Buffer.from('no record')), { expiresAt: Infinity });
      for (const id of ['nothing-there', adams.id, others.id, junk.id]) {
        expect(await owned.of({ id, age: MINUTE }, 'eva')).toBe('missing');
        expect(await owned.of({ id, age: MINUTE + 1 }, 'eva')).toBe('phantom');
      }
    });

    it('gives `phantom` from the instant in which it is over, also of a storage that has not forgotten it', async () => {
      const { id } = await lab.client('eva');
      await rewrite(id, {});
      lab.clock.advance(IDLE - 1);
      expect(await owned.of({ id, age: 0 }, 'eva')).toMatchObject({ header: { principal: 'eva' } });
      lab.clock.advance(1);
      expect(await owned.of({ id, age: 0 }, 'eva')).toBe('phantom');
    });

    it('rejects when the storage fails: what is not known is no phantom', async () => {
      const { id } = await lab.client('eva');
      lab.storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(owned.of({ id, age: 10 * MINUTE }, 'eva')).rejects.toThrow(SessionStorageError);
    });
  });

  describe('end()', () => {
    it('ends a record, tells of it, and leaves its entry', async () => {
      const { id } = await lab.client('eva');
      expect(await owned.end('eva', id)).toBe(true);
      expect(lab.storage.memory.size).toBe(0);
      expect(told).toEqual([{ type: 'destroyed', id }]);
      expect(await lab.entries('eva')).toEqual([id]);
    });

    it('ends nothing that is not theirs, not of this name, over, or no record', async () => {
      const [adams, others, over, junk] = [
        await lab.client('adam'),
        await lab.client('eva'),
        await lab.client('eva'),
        await lab.client('eva'),
      ];
      await rewrite(others.id, { name: 'other' });
      await rewrite(over.id, { idleDeadline: lab.clock.now() });
      await lab.storage.memory.write(junk.id, streamOf(Buffer.from('no record')), { expiresAt: Infinity });
      for (const id of [adams.id, others.id, over.id, junk.id, 'nothing-there']) {
        expect(await owned.end('eva', id)).toBe(false);
      }
      expect(lab.storage.memory.size).toBe(4);
      expect(told).toEqual([]);
    });

    it('ends what another has changed meanwhile, unless it is no longer theirs', async () => {
      const [changed, left] = [await lab.client('eva'), await lab.client('eva')];
      lab.storage.onWrite.push(async (write) => (await rewrite(changed.id, { label: 'x' }), write()));
      expect(await owned.end('eva', changed.id)).toBe(true);
      expect(lab.storage.calls).toEqual(['read fresh', 'end', 'read fresh', 'end']);
      lab.storage.onWrite.push(async (write) => (await rewrite(left.id, { principal: 'adam' }), write()));
      expect(await owned.end('eva', left.id)).toBe(false);
      expect(await lab.principalOf(left.id)).toBe('adam');
      expect(told).toEqual([{ type: 'destroyed', id: changed.id }]);
    });

    it('is told once of two who end it at the same time', async () => {
      const { id } = await lab.client('eva');
      const ended = await Promise.all([owned.end('eva', id), owned.end('eva', id)]);
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(told).toHaveLength(1);
    });

    it('gives up with 409 when others change it for as long as the time limit', async () => {
      const { id } = await lab.client('eva');
      const conflict = async () => {
        lab.clock.advance(STORAGE_TIMEOUT / 4);
        return { written: false, reason: 'conflict' } as const;
      };
      lab.storage.onWrite.push(...Array.from({ length: 20 }, () => conflict));
      await expect(owned.end('eva', id)).rejects.toThrow(
        new SessionConflictError('Cannot end session: others change it all the time', { id }),
      );
      expect(lab.storage.calls.filter((call) => call === 'end')).toHaveLength(4);
      expect(told).toEqual([]);
    });
  });

  describe('remove()', () => {
    it('ends a record, and removes its entry when that is done', async () => {
      const { id } = await lab.client('eva');
      lab.index.on.set('remove', [() => expect(lab.storage.memory.size).toBe(0)]);
      await owned.remove('eva', id, true);
      expect(lab.index.calls).toEqual(['remove']);
      expect(await lab.entries('eva')).toEqual([]);
      expect(lab.storage.calls).toEqual(['read fresh', 'end']);
      expect(told).toEqual([{ type: 'destroyed', id }]);
    });

    it('tells of no end of a session that nobody was told of', async () => {
      const { id } = await lab.client('eva');
      await owned.remove('eva', id, false);
      expect(lab.storage.memory.size).toBe(0);
      expect(told).toEqual([]);
    });

    it('removes the entry where there is no record, and ends one that was written just before that', async () => {
      const { id } = await lab.client(undefined);
      await lab.keyed().add('eva', id, { expiresAt: Infinity, begunAgo: 0 });
      lab.index.on.set('remove', [() => rewrite(id, { principal: 'eva' })]);
      await owned.remove('eva', id, true);
      expect(await lab.entries('eva')).toEqual([]);
      expect(lab.storage.memory.size).toBe(0);
      expect(told).toEqual([{ type: 'destroyed', id }]);
    });
  });

  describe('drop()', () => {
    it('removes the entry of a record that is another’s, and leaves that alone', async () => {
      const { id } = await lab.client('adam');
      await lab.keyed().add('eva', id, { expiresAt: Infinity, begunAgo: 0 });
      await owned.drop('eva', id);
      expect(await lab.entries('eva')).toEqual([]);
      expect(await lab.principalOf(id)).toBe('adam');
      expect(told).toEqual([]);
    });

    it('ends one that is theirs after all: no record lives without an entry', async () => {
      const { id } = await lab.client('eva');
      await owned.drop('eva', id);
      expect(lab.storage.memory.size).toBe(0);
      expect(told).toEqual([{ type: 'destroyed', id }]);
    });

    it('ends nothing when the entry could not be removed', async () => {
      const { id } = await lab.client('eva');
      void lab.index.next('remove', 'fails');
      await expect(owned.drop('eva', id)).rejects.toThrow(SessionStorageError);
      expect(await lab.principalOf(id)).toBe('eva');
    });
  });
});
