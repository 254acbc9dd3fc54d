import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import type { PrincipalSession } from '../../../src/session/session.js';
import { deferred } from '../../../src/testing/deferred.js';
import { PrincipalLab } from './principal-lab.js';
import { ABSOLUTE, IDLE, STORAGE_TIMEOUT } from './tracker-lab.js';

const MINUTE = 60_000;

async function told(lab: PrincipalLab, tracker = lab.tracker): Promise<readonly PrincipalSession[]> {
  const sessions: PrincipalSession[] = [];
  for await (const session of tracker.list('eva')) sessions.push(session);
  return sessions;
}

/** Sessions of a principal, each a millisecond after the other. */
async function sessionsOf(lab: PrincipalLab, principal: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    ids.push((await lab.client(principal)).id);
    lab.clock.advance(1);
  }
  lab.forget();
  return ids;
}

describe('PrincipalSessions', () => {
  describe('list()', () => {
    it('tells public facts of each session, in the order in which they were added', async () => {
      const lab = new PrincipalLab();
      const now = lab.clock.now();
      const first = await lab.client('eva', 'Firefox');
      lab.clock.advance(1);
      const second = await lab.client('eva');
      await lab.client('adam');
      expect(await told(lab)).toEqual([
        {
          id: first.id,
          createdAt: new Date(now),
          lastUsedAt: new Date(now),
          expiresAt: new Date(now + IDLE),
          label: 'Firefox',
        },
        {
          id: second.id,
          createdAt: new Date(now + 1),
          lastUsedAt: new Date(now + 1),
          expiresAt: new Date(now + 1 + IDLE),
          label: undefined,
        },
      ]);
    });

    it('tells when one was used last, and when it ends at the latest', async () => {
      const lab = new PrincipalLab({ timeouts: { idle: ABSOLUTE, absolute: ABSOLUTE, touchAfter: MINUTE } });
      const now = lab.clock.now();
      const { value } = await lab.client('eva');
      lab.clock.advance(10 * MINUTE);
      const { tracked } = await lab.request(value);
      tracked.handle.data['count'] = 2;
      await tracked.commit();
      expect(await told(lab)).toMatchObject([
        { createdAt: new Date(now), lastUsedAt: new Date(now + 10 * MINUTE), expiresAt: new Date(now + ABSOLUTE) },
      ]);
    });

    it('tells of no use before the beginning, nor of one that lies ahead, when the idle timeout was another', async () => {
      const lab = new PrincipalLab();
      const now = lab.clock.now();
      await lab.client('eva');
      lab.clock.advance(MINUTE);
      for (const [idle, usedAt] of [
        [2 * IDLE, now],
        [IDLE / 2, now + MINUTE],
      ] as const) {
        const tracker = lab.another({ timeouts: { idle, absolute: ABSOLUTE, touchAfter: 1 } });
        expect(await told(lab, tracker)).toMatchObject([{ lastUsedAt: new Date(usedAt) }]);
      }
    });

    it('reads the index once and each record past every cache, one after the other, and no more than are asked for', async () => {
      const lab = new PrincipalLab();
      const [first] = await sessionsOf(lab, 'eva', 3);
      const list = lab.tracker.list('eva');
      expect(lab.index.calls).toEqual([]);
      expect(await list.next()).toMatchObject({ value: { id: first } });
      expect(lab.storage.calls).toEqual(['read fresh']);
      await list.return();
      expect([lab.storage.calls, lab.index.calls]).toEqual([['read fresh'], ['entries']]);
    });

    it('leaves out what has no record, and removes its entry when it will get none', async () => {
      const lab = new PrincipalLab();
      const { id } = await lab.client('eva');
      await lab.keyed().add('eva', 'about-to', { expiresAt: Infinity, begunAgo: 0 });
      expect(await lab.list('eva')).toEqual([id]);
      lab.clock.advance(MINUTE);
      expect(await lab.list('eva')).toEqual([id]);
      expect(await lab.entries('eva')).toEqual([id, 'about-to']);
      lab.clock.advance(1);
      expect(await lab.list('eva')).toEqual([id]);
      expect(await lab.entries('eva')).toEqual([id]);
    });

    it('is nothing for who has none', async () => {
      expect(await told(new PrincipalLab())).toEqual([]);
    });

    it.each(['fails', 'hangs'] as const)('rejects when the index %s', async (fault) => {
      const lab = new PrincipalLab();
      await lab.client('eva');
      const met = lab.index.next('entries', fault);
      const listed = told(lab).catch((reason: unknown) => reason);
      await met;
      lab.clock.advance(STORAGE_TIMEOUT);
      expect(await listed).toBeInstanceOf(SessionStorageError);
    });

    it('rejects when a record cannot be read: what is not known is not left out', async () => {
      const lab = new PrincipalLab();
      await lab.client('eva');
      lab.storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(told(lab)).rejects.toThrow(SessionStorageError);
    });
  });

  describe('invalidate()', () => {
    it('ends a session that is theirs, then removes its entry, and tells of it once', async () => {
      const lab = new PrincipalLab();
      const { id } = await lab.client('eva');
      expect(await lab.tracker.invalidate(id, 'eva')).toBe(true);
      expect([lab.storage.calls, lab.index.calls]).toEqual([['read fresh', 'end'], ['remove']]);
      expect(lab.events).toEqual([{ type: 'destroyed', session: 'sid', id }]);
      expect(await lab.tracker.invalidate(id, 'eva')).toBe(false);
      expect(lab.events).toHaveLength(1);
    });

    it('leaves another’s alone, and its entry', async () => {
      const lab = new PrincipalLab();
      const { id } = await lab.client('eva');
      const anybodys = await lab.client(undefined);
      expect(await lab.tracker.invalidate(id, 'adam')).toBe(false);
      expect(await lab.tracker.invalidate(anybodys.id, 'adam')).toBe(false);
      expect(await lab.list('eva')).toEqual([id]);
      expect(lab.events).toEqual([]);
    });

    it('has ended it when its entry cannot be removed, rejects, and its entry goes later', async () => {
      const lab = new PrincipalLab();
      const { id, value } = await lab.client('eva');
      void lab.index.next('remove', 'fails');
      await expect(lab.tracker.invalidate(id, 'eva')).rejects.toThrow(SessionStorageError);
      expect(lab.log).toEqual(['destroyed', expect.stringMatching(/^storageFailed: .*ECONNRESET$/)]);
      expect((await lab.request(value)).session.isNew).toBe(true);
      expect(await lab.list('eva')).toEqual([]);
      lab.clock.advance(MINUTE + 1);
      await lab.list('eva');
      expect(await lab.entries('eva')).toEqual([]);
    });
  });

  describe('invalidateAll()', () => {
    it('ends all but one, in one look at the index, and says how many', async () => {
      const lab = new PrincipalLab();
      const [first, second, third] = await sessionsOf(lab, 'eva', 3);
      await lab.client('adam');
      expect(await lab.tracker.invalidateAll('eva', second)).toBe(2);
      expect(lab.index.calls).toEqual(['raiseEpoch', 'remove', 'remove']);
      expect(await lab.list('eva')).toEqual([second]);
      expect(await lab.list('adam')).toHaveLength(1);
      expect(lab.events.map(({ type, id }) => [type, id])).toEqual([
        ['destroyed', first],
        ['destroyed', third],
      ]);
    });

    it.each(['', '../x', 'not an id', 'x'.repeat(256)])('excepts nobody for %j, which is no id', async (except) => {
      const lab = new PrincipalLab();
      await lab.client('eva');
      expect(await lab.tracker.invalidateAll('eva', except)).toBe(1);
    });

    it('counts none that was ended by somebody else meanwhile, or has no record', async () => {
      const lab = new PrincipalLab();
      const [first] = await sessionsOf(lab, 'eva', 2);
      await lab.storage.memory.invalidate(first ?? '');
      await lab.keyed().add('eva', 'about-to', { expiresAt: Infinity, begunAgo: 0 });
      expect(await lab.tracker.invalidateAll('eva')).toBe(1);
    });

    it('ends sixteen at a time', async () => {
      const lab = new PrincipalLab();
      await sessionsOf(lab, 'eva', 40);
      const held = deferred();
      let underway = 0;
      lab.storage.onRead.push(...Array.from({ length: 16 }, () => () => (underway++, held.promise)));
      const all = lab.tracker.invalidateAll('eva');
      await new Promise((resolve) => setImmediate(resolve));
      expect([underway, lab.storage.calls.length]).toEqual([16, 16]);
      held.resolve();
      expect(await all).toBe(40);
      expect(lab.storage.memory.size).toBe(0);
      expect(await lab.entries('eva')).toEqual([]);
    });

    it('ends what it can when one cannot be ended, and rejects: called again, it ends that', async () => {
      const lab = new PrincipalLab();
      const [first, ...more] = await sessionsOf(lab, 'eva', 20);
      lab.storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(lab.tracker.invalidateAll('eva')).rejects.toThrow(SessionStorageError);
      expect(lab.events.map(({ id = '' }) => id).toSorted()).toEqual(more.toSorted());
      expect(await lab.list('eva')).toEqual([first]);
      expect(await lab.tracker.invalidateAll('eva')).toBe(1);
    });

    it('rejects with 409 when one is changed all the time', async () => {
      const lab = new PrincipalLab();
      await lab.client('eva');
      const conflict = async () => {
        lab.clock.advance(STORAGE_TIMEOUT / 2);
        return { written: false, reason: 'conflict' } as const;
      };
      lab.storage.onWrite.push(conflict, conflict, conflict);
      await expect(lab.tracker.invalidateAll('eva')).rejects.toThrow(SessionConflictError);
    });

    it.each(['fails', 'fails after effect', 'hangs', 'hangs after effect'] as const)(
      'rejects when the index %s; called again, it ends all',
      async (fault) => {
        const lab = new PrincipalLab();
        const { value } = await lab.client('eva');
        const met = lab.index.next('raiseEpoch', fault);
        const ended = lab.tracker.invalidateAll('eva').catch((reason: unknown) => reason);
        await met;
        lab.clock.advance(STORAGE_TIMEOUT);
        expect(await ended).toBeInstanceOf(SessionStorageError);
        expect((await lab.request(value)).session.principal).toBe('eva');
        expect(await lab.tracker.invalidateAll('eva')).toBe(1);
        expect((await lab.request(value)).session.principal).toBeUndefined();
      },
    );

    it.each(['remove', 'end'] as const)('has raised the epoch when it fails to %s: nobody slips in', async (what) => {
      const lab = new PrincipalLab();
      await lab.client('eva');
      const { session, tracked } = await lab.request();
      lab.clock.advance(1);
      if (what === 'remove') void lab.index.next('remove', 'fails');
      else lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(lab.tracker.invalidateAll('eva')).rejects.toThrow(SessionStorageError);
      session.principal = 'eva';
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
    });
  });
});
