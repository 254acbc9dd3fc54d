import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import { PrincipalLab } from './principal-lab.js';
import { Lab } from './tracker-lab.js';
import { ValueLab } from './value-lab.js';

const NO_INDEX = new TypeError(
  'Cannot use principal: the storage of "sid" keeps no index of principals, use one that does',
);
const BY_VALUE = new TypeError('Cannot use principal: "sid" lives at its clients, keep it by id');

describe('IdTracker, of principals', () => {
  it('invalidate() without one removes the entry with the session, also where nobody was asked whose it is', async () => {
    const lab = new PrincipalLab();
    const { id } = await lab.client('eva');
    expect(await lab.tracker.invalidate(id)).toBe(true);
    expect([lab.storage.calls, lab.index.calls]).toEqual([['read fresh', 'invalidate'], ['remove']]);
    expect(await lab.entries('eva')).toEqual([]);
    expect(lab.log).toEqual(['destroyed']);
  });

  it('invalidate() without one asks no index for a session that is nobody’s', async () => {
    const lab = new PrincipalLab();
    const { id } = await lab.client(undefined);
    await lab.tracker.invalidate(id);
    expect(lab.index.calls).toEqual([]);
  });

  it('invalidate() without one has ended the session when its entry cannot be removed, and tells of that', async () => {
    const lab = new PrincipalLab();
    const { id } = await lab.client('eva');
    void lab.index.next('remove', 'fails');
    expect(await lab.tracker.invalidate(id)).toBe(true);
    expect(lab.log).toEqual(['destroyed', 'storageFailed: Cannot use session storage: it failed, Error, ECONNRESET']);
    expect(await lab.list('eva')).toEqual([]);
  });

  it.each(['', '../x', 'a b', 'x'.repeat(256)])(
    'invalidate() of one finds nothing under %j, and asks nobody',
    async (id) => {
      const lab = new PrincipalLab();
      expect(await lab.tracker.invalidate(id, 'eva')).toBe(false);
      expect([lab.storage.calls, lab.index.calls]).toEqual([[], []]);
    },
  );

  it('invalidate() of one tells when the storage fails', async () => {
    const lab = new PrincipalLab();
    const { id } = await lab.client('eva');
    lab.storage.onRead.push(() => Promise.reject(new Error('down')));
    await expect(lab.tracker.invalidate(id, 'eva')).rejects.toThrow(SessionStorageError);
    expect(lab.events).toMatchObject([{ type: 'storageFailed', id }]);
  });

  it('knows nobody where the storage keeps no index, and says what to do', async () => {
    const { tracker, storage } = new Lab();
    await expect(tracker.invalidate('an-id', 'eva')).rejects.toThrow(NO_INDEX);
    await expect(tracker.invalidate('../x', 'eva')).rejects.toThrow(NO_INDEX);
    await expect(tracker.invalidateAll('eva')).rejects.toThrow(NO_INDEX);
    expect(() => tracker.list('eva')).toThrow(NO_INDEX);
    expect(storage.calls).toEqual([]);
  });

  it('keeps whose a record is that another instance has made theirs, where the storage keeps no index', async () => {
    const lab = new PrincipalLab();
    const { value, id } = await lab.client('eva', 'Firefox');
    const without = lab.lab.another();
    const { session, tracked } = await lab.requestOf(without, value);
    expect([session.principal, session.label]).toEqual(['eva', 'Firefox']);
    session.data.count = 7;
    await tracked.commit();
    expect(await lab.principalOf(id)).toBe('eva');
    expect(await lab.list('eva')).toEqual([id]);
  });
});

describe('ValueTracker, of principals', () => {
  it('knows nobody, and says what to do, whether or not it knows who has ended', async () => {
    for (const { tracker } of [new ValueLab(), ValueLab.revoking()]) {
      await expect(tracker.invalidate('A'.repeat(22), 'eva')).rejects.toThrow(BY_VALUE);
      await expect(tracker.invalidateAll()).rejects.toThrow(BY_VALUE);
      expect(() => tracker.list()).toThrow(BY_VALUE);
    }
  });

  it.each(['principal', 'label'] as const)('refuses a %s at once, and goes on without', async (mark) => {
    const lab = new ValueLab();
    const { session, tracked } = await lab.request();
    for (const value of ['eva', undefined]) {
      expect(() => void (session[mark] = value)).toThrow(
        new TypeError(`Cannot set ${mark} of session: "sid" lives at its clients, keep it by id`),
      );
    }
    expect(session[mark]).toBeUndefined();
    expect(tracked.commit()).toBeUndefined();
    session.data.count = 1;
    await tracked.commit();
    expect(tracked.outgoing).toMatchObject({ sending: 'once' });
  });
});
