import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  SessionCommittedError,
  SessionConflictError,
  SessionEndedError,
  SessionNotSerializableError,
  SessionStorageError,
} from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import type { Reply } from '../../../src/tracker/tracked-session.js';
import { ABSOLUTE, Cart, IDLE, Lab, STORAGE_TIMEOUT, TOUCH_AFTER, valueOf, type LabRequest } from './tracker-lab.js';

type Verb = 'save' | 'reload' | 'regenerate' | 'destroy' | 'update' | 'take';
const verbs: Record<Verb, (session: Session<Cart>) => Promise<unknown>> = {
  save: (session) => session.save(),
  reload: (session) => session.reload(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
  update: (session) => session.update((data) => void data.count++),
  take: (session) => session.take('coupon'),
};

/** A request whose session has been ended by another one, and which knows it. */
async function ended(lab: Lab): Promise<LabRequest & { readonly id: string }> {
  const { id, value } = await lab.client({ count: 1, coupon: 'X' });
  const request = await lab.request(value);
  await lab.tracker.invalidate(id);
  await expect(request.session.reload()).rejects.toThrow(SessionEndedError);
  lab.events.length = lab.storage.calls.length = 0;
  return { ...request, id };
}

/** A request whose session's secret another one has replaced, not known to it yet. */
async function overtaken(lab: Lab) {
  const { id, value } = await lab.client({ count: 1, coupon: 'X' });
  const request = await lab.request(value);
  const login = await lab.request(value);
  login.session.data.count = 100;
  await login.session.regenerate();
  lab.events.length = lab.storage.calls.length = 0;
  return { ...request, id, current: valueOf(login.tracked) };
}

/** A request that presents two sessions. */
async function refused(lab: Lab): Promise<LabRequest & { readonly ids: readonly string[] }> {
  const [one, other] = [await lab.client({ count: 1, coupon: 'X' }), await lab.client({ count: 2 })];
  const request = await lab.request(one.value, other.value);
  lab.events.length = lab.storage.calls.length = 0;
  return { ...request, ids: [one.id, other.id] };
}

describe('RequestSession by id', () => {
  describe('that is new', () => {
    it('A3: is stored by its first change, and its token goes out', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.items.push('tea');
      await tracked.commit();
      expect(lab.storage.calls).toEqual(['write']);
      expect(lab.log).toEqual(['created']);
      expect(session.isNew).toBe(false);
      expect(valueOf(tracked)).toMatch(new RegExp(`^${session.id}\\.[A-Za-z0-9_-]{43}$`));
      expect(await lab.storage.data(session.id)).toEqual({ items: ['tea'], count: 0 });
      expect(tracked.presented).toBeUndefined();
    });

    it('stores the hash of its secret, and never the secret', async () => {
      const lab = new Lab();
      const { value, id } = await lab.client();
      const secret = value.slice(23);
      const stored = await lab.storage.memory.read(id, async ({ stream }) =>
        Buffer.from(stream.bytes ?? []).toString('latin1'),
      );
      expect(stored).not.toContain(secret);
      const [{ header } = {}] = [await lab.storage.record(id)];
      expect(header).toMatchObject({ name: 'sid', previous: undefined, createdAt: lab.clock.now() });
      expect(header).toMatchObject({
        idleDeadline: lab.clock.now() + IDLE,
        absoluteDeadline: lab.clock.now() + ABSOLUTE,
      });
    });

    it('has one id from the start, which it is stored under', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      const { id } = session;
      session.data.count = 1;
      await tracked.commit();
      expect(session.id).toBe(id);
      expect(await lab.storage.record(id)).toBeDefined();
    });

    it('names its id by `generateId`, once, with the request', async () => {
      const given: unknown[] = [];
      const lab = new Lab({ generateId: (request) => `user-${given.push(request)}` });
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await tracked.commit();
      expect(session.id).toBe('user-1');
      expect(given).toEqual([{ is: 'the request' }]);
      expect((await lab.request(valueOf(tracked))).session.id).toBe('user-1');
    });

    it('takes a random id where that of `generateId` exists', async () => {
      const lab = new Lab({ generateId: () => 'taken' });
      const first = await lab.client({ count: 1 });
      const second = await lab.client({ count: 2 });
      expect(first.id).toBe('taken');
      expect(second.id).not.toBe('taken');
      expect(second.value.startsWith(`${second.id}.`)).toBe(true);
      expect(await lab.storage.data('taken')).toMatchObject({ count: 1 });
    });

    it.each(['', 'a b', '../x', 'a'.repeat(256), 5])('refuses %j of `generateId` with a TypeError', async (id) => {
      const lab = new Lab({ generateId: () => id as string });
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await expect(tracked.commit()).rejects.toThrow(
        new TypeError('Cannot create session: generateId must return 1 to 255 characters of [A-Za-z0-9_-]'),
      );
      expect(lab.storage.memory.size).toBe(0);
    });

    it.each<[Verb, unknown]>([
      ['save', undefined],
      ['reload', undefined],
      ['regenerate', undefined],
      ['destroy', undefined],
      ['take', undefined],
    ])('A11: %s() without a change stores and sends nothing', async (verb, result) => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      expect(await verbs[verb](session)).toBe(result);
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
      expect(session.isNew).toBe(true);
    });

    it('save() stores a change and sends the token', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await session.save();
      expect(session.isNew).toBe(false);
      expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual(['write']);
    });

    it('reload() drops changes', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.count = 9;
      await session.reload();
      expect(session.data).toEqual(new Cart());
      expect(tracked.commit()).toBeUndefined();
    });

    it('regenerate() keeps changes, and by `keep` only some', async () => {
      const lab = new Lab();
      for (const [keep, data] of [
        ['all', { items: [], count: 9, coupon: 'X' }],
        ['none', { items: [], count: 0 }],
        [['coupon'], { items: [], count: 0, coupon: 'X' }],
      ] as const) {
        const { session, tracked } = await lab.request();
        Object.assign(session.data, { count: 9, coupon: 'X' });
        await session.regenerate({ keep });
        expect(session.data).toEqual(data);
        expect(lab.storage.calls).toEqual([]);
        expect(tracked.outgoing).toBeUndefined();
      }
    });

    it('A12: destroy() drops changes: nothing is stored, no cookie is left', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.count = 9;
      await session.destroy();
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('update() stores a change, on top of those made before', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.coupon = 'X';
      expect(await session.update((data) => void data.count++)).toBe(session.data);
      expect(await lab.storage.data(session.id)).toEqual({ items: [], count: 1, coupon: 'X' });
      expect(session.data).toEqual({ items: [], count: 1, coupon: 'X' });
      expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
    });

    it('update() that changes nothing stores nothing', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      await session.update((data) => data.count);
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('B9: update() whose function throws stores nothing, and leaves the data', async () => {
      const lab = new Lab();
      const { session } = await lab.request();
      const change = (data: Cart) => {
        data.count = 9;
        throw new Error('of the function');
      };
      await expect(session.update(change)).rejects.toThrow('of the function');
      expect(session.data.count).toBe(0);
      expect(lab.storage.calls).toEqual([]);
    });

    it('take() gives a key that was set, and not a default', async () => {
      const lab = new Lab();
      const { session } = await lab.request();
      session.data.coupon = 'X';
      expect(await session.take('count')).toBeUndefined();
      expect(await session.take('coupon')).toBe('X');
      expect(await session.take('coupon')).toBeUndefined();
      expect(session.data).toEqual(new Cart());
    });

    it('D3: tells nothing to the client when storing fails, and rejects with 503', async () => {
      const lab = new Lab();
      const { session, tracked, reply } = await lab.request();
      session.data.count = 1;
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(tracked.commit()).rejects.toThrow(SessionStorageError);
      expect(tracked.outgoing).toBeUndefined();
      expect(reply.outages).toBe(1);
      expect(lab.log).toEqual(['storageFailed: Cannot use session storage: it failed, Error']);
      expect(session.isNew).toBe(true);
    });

    it('D3: does not try again what failed, for the answer that says so; but tries what changed since', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(tracked.commit()).rejects.toThrow(SessionStorageError);
      expect(tracked.commit()).toBeUndefined();
      session.data.count = 2;
      await tracked.commit();
      expect(await lab.storage.data(session.id)).toMatchObject({ count: 2 });
      expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
    });

    it('D3: tries what fails once, however many commits wait for it, and tells all of them', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      lab.events.length = 0;
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      const commits = await Promise.allSettled([tracked.commit(), tracked.commit(), tracked.commit()]);
      const reason: unknown = expect.any(SessionStorageError);
      expect(commits).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason })));
      expect(lab.storage.calls).toEqual(['read', 'write']);
      expect(lab.log).toEqual(['storageFailed: Cannot use session storage: it failed, Error']);
    });

    it('C1: drops a change once, however many commits wait for it', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await lab.storage.memory.invalidate(id);
      lab.events.length = 0;
      await Promise.all([tracked.commit(), tracked.commit()]);
      expect(lab.log).toEqual(['refused: ended']);
    });

    it.each<[Reply['state'], 'rejects' | 'is dropped']>([
      ['begun', 'rejects'],
      ['gone', 'is dropped'],
    ])('D10: creates no record when the response has %s: the change %s', async (state, what) => {
      const lab = new Lab();
      const { session, tracked, reply } = await lab.request();
      session.data.count = 1;
      reply.state = state;
      if (what === 'rejects') await expect(tracked.commit()).rejects.toThrow(SessionCommittedError);
      else await tracked.commit();
      expect(lab.storage.memory.size).toBe(0);
      expect(lab.log).toEqual(what === 'rejects' ? [] : ['refused: too late']);
      expect(tracked.outgoing).toBeUndefined();
      await expect(session.save()).rejects.toThrow(SessionCommittedError);
      await expect(session.update((data) => void data.count++)).rejects.toThrow(SessionCommittedError);
      expect(lab.storage.memory.size).toBe(0);
    });

    it('A15: rejects a value that would not come back, stores nothing, and says so once', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      (session.data as unknown as Record<string, unknown>)['bad'] = new Map();
      await expect(tracked.commit()).rejects.toThrow(SessionNotSerializableError);
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      await expect(session.save()).rejects.toThrow(SessionNotSerializableError);
    });
  });

  describe('that is stored', () => {
    it('A4: keeps id and secret through a change, and nothing goes out', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await tracked.commit();
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual(['read', 'write']);
      expect(lab.log).toEqual(['loaded', 'changed']);
      expect((await lab.request(value)).session.id).toBe(id);
    });

    it('A4: hands the token out again with each change where the client keeps it for a limited time', async () => {
      const lab = new Lab({ refreshes: true });
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await tracked.commit();
      expect(valueOf(tracked)).toBe(value);
      const reader = await lab.request(value);
      expect(reader.tracked.commit()).toBeUndefined();
      expect(reader.tracked.outgoing).toBeUndefined();
    });

    it('moves the idle deadline with each change, and never the absolute one', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const created = lab.clock.now();
      lab.clock.advance(1000);
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await tracked.commit();
      expect((await lab.storage.record(id))?.header).toMatchObject({
        createdAt: created,
        idleDeadline: lab.clock.now() + IDLE,
        absoluteDeadline: created + ABSOLUTE,
      });
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
    });

    it('B1, B2, B3: merges with what others stored meanwhile, by key', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client({ count: 1, coupon: 'X', items: ['tea'] });
      const [a, b] = [await lab.request(value), await lab.request(value)];
      a.session.data.count = 2;
      delete a.session.data.coupon;
      b.session.data.items.push('milk');
      b.session.data.count = 3;
      await a.tracked.commit();
      await b.tracked.commit();
      expect(await lab.storage.data(id)).toEqual({ items: ['tea', 'milk'], count: 3 });
      expect(b.session.data).toEqual({ items: ['tea', 'milk'], count: 3 });
      expect(lab.log.filter((type) => type === 'conflict')).toHaveLength(1);
    });

    it('a change while its commit is in flight is stored by the next one, and nothing is lost', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      const commit = tracked.commit();
      session.data.items.push('late');
      await commit;
      expect(await lab.storage.data(id)).toMatchObject({ items: [], count: 2 });
      await tracked.commit();
      expect(await lab.storage.data(id)).toMatchObject({ items: ['late'], count: 2 });
      expect(tracked.commit()).toBeUndefined();
    });

    it('two commits of one request at once store one state', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await Promise.all([tracked.commit(), tracked.commit(), session.save()]);
      expect(lab.storage.calls).toEqual(['read', 'write']);
      expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
    });

    it('D4: a commit whose answer was lost and which the driver sent again is one commit', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client({ count: 1, nonce: 'N' });
      const twice = async <T>(write: () => Promise<T>): Promise<T> => (await write(), write());
      const { session, tracked } = await lab.request(value);
      lab.storage.onWrite.push(twice);
      await session.update((data) => void data.count++);
      expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
      lab.storage.onWrite.push(twice);
      expect(await session.take('nonce')).toBe('N');
      lab.storage.onWrite.push(twice);
      await session.regenerate();
      expect((await lab.request(valueOf(tracked))).session.id).toBe(id);
    });

    it('D3: keeps what was stored when storing fails, and hands nothing out', async () => {
      const lab = new Lab({ refreshes: true });
      const { id, value } = await lab.client({ count: 1 });
      const { session, tracked, reply } = await lab.request(value);
      session.data.count = 2;
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(tracked.commit()).rejects.toThrow(SessionStorageError);
      expect(reply.outages).toBe(1);
      expect(tracked.outgoing).toBeUndefined();
      expect(await lab.storage.data(id)).toMatchObject({ count: 1 });
    });

    it.each<Reply['state']>(['begun', 'gone'])(
      'D10: stores a change of a session that the client has, when the response has %s',
      async (state) => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked, reply } = await lab.request(value);
        reply.state = state;
        session.data.count = 2;
        await tracked.commit();
        expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
      },
    );

    it('A15: keeps what was stored when a value would not come back', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client({ count: 1 });
      const { session, tracked } = await lab.request(value);
      session.data.count = NaN;
      await expect(tracked.commit()).rejects.toThrow('data.count is NaN');
      expect(tracked.commit()).toBeUndefined();
      session.data.count = 2;
      await tracked.commit();
      expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
    });

    describe('save()', () => {
      it('stores nothing when nothing changed', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session } = await lab.request(value);
        await session.save();
        expect(lab.storage.calls).toEqual(['read']);
      });

      it('that failed is tried once more by the commit, if the handler goes on all the same', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        await expect(session.save()).rejects.toThrow(SessionStorageError);
        await tracked.commit();
        expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
      });

      it('that failed is not tried again for the answer that says so', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        const error = await session.save().catch((reason: unknown) => reason);
        tracked.answeredWith(error);
        expect(tracked.commit()).toBeUndefined();
        expect(await lab.storage.data(id)).toMatchObject({ count: 1 });
        session.data.count = 3;
        await tracked.commit();
        expect(await lab.storage.data(id)).toMatchObject({ count: 3 });
      });

      it('that failed is tried again when the answer tells of another error', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        await expect(session.save()).rejects.toThrow(SessionStorageError);
        tracked.answeredWith(new Error('of the handler'));
        await tracked.commit();
        expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
      });

      it('C1: rejects with 409 when the session ended meanwhile', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        await lab.tracker.invalidate(id);
        await expect(session.save()).rejects.toThrow(
          new SessionEndedError('Cannot use session: it has ended meanwhile', { id }),
        );
        expect(lab.storage.memory.size).toBe(0);
        expect(tracked.outgoing).toBeUndefined();
      });
    });

    it('C1: commit() drops its change with an event when the session ended meanwhile; no cookie is sent or cleared', async () => {
      const lab = new Lab({ refreshes: true });
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await lab.tracker.invalidate(id);
      lab.events.length = 0;
      await tracked.commit();
      expect(lab.log).toEqual(['refused: ended']);
      expect(lab.storage.memory.size).toBe(0);
      expect(tracked.outgoing).toBeUndefined();
      expect(tracked.commit()).toBeUndefined();
    });

    it('C6: an expiry between load and commit ends it', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      lab.clock.advance(IDLE);
      await tracked.commit();
      expect(lab.log).toContain('refused: ended');
      expect(await lab.storage.record(session.id)).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
    });

    describe('reload()', () => {
      it('drops changes and takes what is stored now, past every cache', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        await lab.storage.cache(id);
        const [slow, fast] = [await lab.request(value), await lab.request(value)];
        fast.session.data.count = 7;
        await fast.tracked.commit();
        const held = slow.session.data;
        held.coupon = 'dropped';
        await slow.session.reload();
        expect(slow.session.data).toBe(held);
        expect(held).toEqual({ items: [], count: 7 });
        expect(slow.tracked.commit()).toBeUndefined();
      });
    });

    describe('regenerate()', () => {
      it('gives a new secret and stores pending changes, in one write; the old secret is dead', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'X';
        await session.regenerate();
        expect(lab.storage.calls).toEqual(['read', 'write']);
        expect(session.id).toBe(id);
        expect(valueOf(tracked)).not.toBe(value);
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1, coupon: 'X' });
        expect(tracked.commit()).toBeUndefined();
        expect((await lab.request(value)).session.isNew).toBe(true);
        expect((await lab.request(valueOf(tracked))).session.id).toBe(id);
        expect(lab.log).toContain('regenerated');
      });

      it('C8: keeps what `keep` says, of what is stored and what was changed', async () => {
        for (const [keep, data] of [
          ['all', { items: ['tea'], count: 1, coupon: 'X' }],
          ['none', {}],
          [['items', 'coupon'], { items: ['tea'], coupon: 'X' }],
        ] as const) {
          const lab = new Lab();
          const { id, value } = await lab.client({ count: 1, items: ['tea'] });
          const { session } = await lab.request(value);
          session.data.coupon = 'X';
          await session.regenerate({ keep });
          expect(await lab.storage.data(id)).toEqual(data);
          expect(session.data).toEqual({ ...new Cart(), ...data });
        }
      });

      it('starts the absolute timeout anew unless told not to', async () => {
        for (const restart of [undefined, true, false]) {
          const lab = new Lab();
          const { id, value } = await lab.client();
          const created = lab.clock.now();
          lab.clock.advance(1000);
          const { session } = await lab.request(value);
          await session.regenerate(restart === undefined ? {} : { restart });
          const start = restart === false ? created : lab.clock.now();
          expect((await lab.storage.record(id))?.header).toMatchObject({
            createdAt: created,
            absoluteDeadline: start + ABSOLUTE,
          });
        }
      });

      it('C11: hands the new token out with whatever leaves, also when a later step fails', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        session.data.count = 9;
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        await expect(tracked.commit()).rejects.toThrow(SessionStorageError);
        expect((await lab.request(valueOf(tracked))).session.id).toBe(id);
      });

      it('twice in one request leaves one token, the last', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        const between = valueOf(tracked);
        await session.regenerate();
        expect(valueOf(tracked)).not.toBe(between);
        expect((await lab.request(valueOf(tracked))).session.id).toBe(id);
        expect((await lab.request(between)).session.isNew).toBe(true);
        await lab.request(value);
        expect(lab.log.at(-1)).toBe('refused: previous secret');
      });

      it('of a session that this request has made leaves no previous secret: no client knows it', async () => {
        const lab = new Lab();
        const { session, tracked } = await lab.request();
        session.data.count = 1;
        await session.save();
        await session.regenerate();
        expect((await lab.storage.record(session.id))?.header.previous).toBeUndefined();
        expect((await lab.request(valueOf(tracked))).session.id).toBe(session.id);
      });

      it('does not merge afterwards: a change of another request meanwhile makes its commit fail with 409', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        const other = await lab.request(valueOf(tracked));
        other.session.data.coupon = 'other';
        await other.tracked.commit();
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1, coupon: 'other' });
        expect(valueOf(tracked)).toBeDefined();
      });

      it('C5: of two that race one wins; the other rejects with 409, and its handle stays dead', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const [a, b] = [await lab.request(value), await lab.request(value)];
        const results = await Promise.allSettled([a.session.regenerate(), b.session.regenerate()]);
        expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        const [winner, loser] = results[0]?.status === 'fulfilled' ? [a, b] : [b, a];
        expect(loser.tracked.outgoing).toBeUndefined();
        loser.session.data.count = 9;
        await expect(loser.tracked.commit()).rejects.toThrow(SessionConflictError);
        await expect(loser.session.regenerate()).rejects.toThrow(SessionConflictError);
        expect(loser.tracked.outgoing).toBeUndefined();
        expect((await lab.request(valueOf(winner.tracked))).session.id).toBe(id);
        expect(await lab.storage.data(id)).toMatchObject({ count: 1 });
      });

      it('of a record that is gone becomes a new session with its own changes alone', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 7, items: ['tea'] });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'own';
        await lab.tracker.invalidate(id);
        await session.regenerate();
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
        expect(session.data).toEqual({ items: [], count: 0, coupon: 'own' });
        await tracked.commit();
        expect(await lab.storage.record(id)).toBeUndefined();
        expect(await lab.storage.data(session.id)).toEqual({ items: [], count: 0, coupon: 'own' });
        expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
      });

      it.each<Reply['state']>(['begun', 'gone'])(
        'rejects when the response has %s, and stores nothing',
        async (state) => {
          const lab = new Lab();
          const { id, value } = await lab.client();
          const before = await lab.storage.record(id);
          const { session, reply } = await lab.request(value);
          reply.state = state;
          await expect(session.regenerate()).rejects.toThrow(SessionCommittedError);
          expect(await lab.storage.record(id)).toEqual(before);
        },
      );
    });

    describe('destroy()', () => {
      it('ends it, and the cookie is cleared', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        session.data.count = 9;
        await session.destroy();
        expect(lab.storage.calls).toEqual(['read', 'end']);
        expect(lab.storage.memory.size).toBe(0);
        expect(tracked.outgoing).toBe('clear');
        expect(lab.log.at(-1)).toBe('destroyed');
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBe('clear');
      });

      it('A10: what is set afterwards is a new session, whose token goes out instead', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 7 });
        const { session, tracked } = await lab.request(value);
        await session.destroy();
        session.data.coupon = 'new';
        await tracked.commit();
        expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
        expect(valueOf(tracked).slice(23)).not.toBe(value.slice(23));
        expect(session.id).not.toBe(id);
        expect(await lab.storage.data(session.id)).toEqual({ items: [], count: 0, coupon: 'new' });
      });

      it('A12: `data = {}` afterwards stores nothing', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.destroy();
        session.data = {} as Cart;
        expect(tracked.commit()).toBeUndefined();
        expect(lab.storage.memory.size).toBe(0);
      });

      it('ends also what others changed meanwhile', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const [logout, other] = [await lab.request(value), await lab.request(value)];
        other.session.data.count = 9;
        await other.tracked.commit();
        await logout.session.destroy();
        expect(lab.storage.memory.size).toBe(0);
        expect(logout.tracked.outgoing).toBe('clear');
      });

      it('of a record that is gone neither clears nor sends', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await lab.tracker.invalidate(id);
        await session.destroy();
        expect(tracked.outgoing).toBeUndefined();
        expect(session.isNew).toBe(true);
      });

      it('D5: rejects when it fails, and the cookie stays', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session, tracked, reply } = await lab.request(value);
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        await expect(session.destroy()).rejects.toThrow(SessionStorageError);
        expect(tracked.outgoing).toBeUndefined();
        expect(reply.outages).toBe(1);
        expect(session.id).toBe(id);
        expect(session.isNew).toBe(false);
      });

      it('of one that this request has made sends nothing that is dead', async () => {
        const lab = new Lab();
        const { session, tracked } = await lab.request();
        session.data.count = 1;
        await session.save();
        await session.destroy();
        expect(tracked.outgoing).toBe('clear');
        expect(lab.storage.memory.size).toBe(0);
      });
    });

    describe('update()', () => {
      it('works on fresh data, with own changes, and stores in one conditional write', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const [a, b] = [await lab.request(value), await lab.request(value)];
        b.session.data.count = 10;
        await b.tracked.commit();
        a.session.data.coupon = 'own';
        lab.storage.calls.length = 0;
        const data = await a.session.update((data) => void (data.count += 1));
        expect(data).toBe(a.session.data);
        expect(data).toEqual({ items: [], count: 11, coupon: 'own' });
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 11, coupon: 'own' });
        expect(lab.storage.calls).toEqual(['read fresh', 'write']);
        expect(a.tracked.commit()).toBeUndefined();
      });

      it('that changes nothing writes nothing', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session } = await lab.request(value);
        await session.update((data) => data.count);
        expect(lab.storage.calls).toEqual(['read', 'read fresh']);
      });

      it('that changes nothing writes nothing, though a default was filled in', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session } = await lab.request(value);
        await session.regenerate({ keep: 'none' });
        lab.storage.calls.length = 0;
        await session.update((data) => data.count);
        expect(lab.storage.calls).toEqual(['read fresh']);
      });

      it('calls its function again after a conflict, on newer data', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session } = await lab.request(value);
        // As another process would, which is not in this one's line
        lab.storage.onWrite.push(async (write) => {
          const current = await lab.records.read(id, true);
          if (current === undefined) throw new Error('not stored');
          const payload = Buffer.from('{"items":[],"count":10}');
          const { header, version } = current;
          await lab.records.write(id, { header, payload }, { version });
          return write();
        });
        const seen: number[] = [];
        await session.update((data) => {
          seen.push(data.count);
          data.count++;
        });
        expect(seen).toEqual([1, 10]);
        expect(await lab.storage.data(id)).toMatchObject({ count: 11 });
        expect(session.data.count).toBe(11);
      });

      it('B4: of many in parallel, each counts once', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const requests = await Promise.all(Array.from({ length: 100 }, () => lab.request(value)));
        await Promise.all(requests.map(({ session }) => session.update((data) => void data.count++)));
        expect(await lab.storage.data(id)).toMatchObject({ count: 101 });
      });

      it('refuses a function that returns a promise, and stores nothing', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        const { session } = await lab.request(value);
        await expect(session.update(async (data) => void data.count++)).rejects.toThrow(TypeError);
        expect(await lab.storage.data(id)).toMatchObject({ count: 1 });
        expect(session.data.count).toBe(1);
      });

      it('C1: rejects with 409 when the session ended meanwhile, without calling its function', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        const { session } = await lab.request(value);
        await lab.tracker.invalidate(id);
        let called = false;
        await expect(session.update(() => (called = true))).rejects.toThrow(SessionEndedError);
        expect(called).toBe(false);
      });
    });

    describe('take()', () => {
      it('gives a stored key and removes it, at once', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1, nonce: 'N' });
        const { session } = await lab.request(value);
        expect(await session.take('nonce')).toBe('N');
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1 });
        expect(session.data.nonce).toBeUndefined();
        expect(await session.take('nonce')).toBeUndefined();
      });

      it('gives a key that this request has set', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        session.data.nonce = 'own';
        expect(await session.take('nonce')).toBe('own');
        expect(tracked.commit()).toBeUndefined();
      });

      it('stores changes made before with it; keeps them to be stored when there is nothing to take', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1, nonce: 'N' });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'X';
        expect(await session.take('nonce')).toBe('N');
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1, coupon: 'X' });
        session.data.coupon = 'Y';
        expect(await session.take('nonce')).toBeUndefined();
        expect(session.data.coupon).toBe('Y');
        await tracked.commit();
        expect(await lab.storage.data(id)).toMatchObject({ coupon: 'Y' });
      });

      it('B5: of many in parallel exactly one gets it', async () => {
        const lab = new Lab();
        const { value } = await lab.client({ nonce: 'N' });
        const requests = await Promise.all(Array.from({ length: 100 }, () => lab.request(value)));
        const taken = await Promise.all(requests.map(({ session }) => session.take('nonce')));
        expect(taken.filter((one) => one === 'N')).toHaveLength(1);
        expect(taken.filter((one) => one === undefined)).toHaveLength(99);
      });

      it('B5: gives undefined when another process takes it first, between the read and the write', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1, nonce: 'N' });
        const { session } = await lab.request(value);
        lab.storage.onWrite.push(async (write) => {
          const current = await lab.records.read(id, true);
          if (current === undefined) throw new Error('not stored');
          const payload = Buffer.from('{"items":[],"count":1}');
          const { header, version } = current;
          await lab.records.write(id, { header, payload }, { version });
          return write();
        });
        expect(await session.take('nonce')).toBeUndefined();
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1 });
      });

      it('gives undefined for a key that is not stored, though the class has a default', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session } = await lab.request(value);
        await session.regenerate({ keep: 'none' });
        lab.storage.calls.length = 0;
        expect(await session.take('count')).toBeUndefined();
        expect(lab.storage.calls).toEqual(['read fresh']);
      });

      it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
        'gives undefined for %s, which every object inherits, and writes nothing',
        async (key) => {
          const lab = new Lab();
          const { value } = await lab.client();
          const { session } = await lab.request(value);
          expect(await session.take(key as 'nonce')).toBeUndefined();
          expect(lab.storage.calls).toEqual(['read', 'read fresh']);
        },
      );

      it('gives null and other false values', async () => {
        const lab = new Lab();
        for (const stored of [null, 0, '', false]) {
          const { value } = await lab.client({ nonce: stored as unknown as string });
          const { session } = await lab.request(value);
          expect(await session.take('nonce')).toBe(stored);
        }
      });

      it('gives undefined when the session has ended', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ nonce: 'N' });
        const { session } = await lab.request(value);
        await lab.tracker.invalidate(id);
        expect(await session.take('nonce')).toBeUndefined();
      });
    });

    describe('touch', () => {
      it('E3: is due when the deadline is touchAfter old, and no sooner', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER - 1);
        expect((await lab.request(value)).tracked.commit()).toBeUndefined();
        expect(lab.storage.calls).toEqual(['read']);
        lab.clock.advance(1);
        expect((await lab.request(value)).tracked.commit()).toBeUndefined();
        await lab.tracker.settled();
        expect(lab.storage.calls).toEqual(['read', 'read', 'write']);
        expect((await lab.storage.record(id))?.header.idleDeadline).toBe(lab.clock.now() + IDLE);
        expect(lab.log).not.toContain('changed');
      });

      it('E3: is tried once a request', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        for (let i = 0; i < 3; i++) expect(tracked.commit()).toBeUndefined();
        await lab.tracker.settled();
        expect(lab.storage.calls).toEqual(['read', 'write']);
      });

      it('is not due where a change is stored, which moves the deadline too', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        await tracked.commit();
        expect(tracked.commit()).toBeUndefined();
        await lab.tracker.settled();
        expect(lab.storage.calls).toEqual(['read', 'write']);
      });

      it('keeps the data, and a change afterwards needs no read', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        lab.clock.advance(TOUCH_AFTER);
        const { session, tracked } = await lab.request(value);
        expect(tracked.commit()).toBeUndefined();
        await lab.tracker.settled();
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 1 });
        session.data.count = 2;
        await tracked.commit();
        expect(lab.storage.calls).toEqual(['read', 'write', 'write']);
      });

      it('does not delay the response', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked, reply } = await lab.request(value);
        lab.storage.onWrite.push(() => new Promise(() => undefined));
        expect(tracked.commit()).toBeUndefined();
        lab.clock.advance(STORAGE_TIMEOUT);
        await lab.tracker.settled();
        expect(lab.log.at(-1)).toMatch(/^storageFailed: /);
        expect(reply.outages).toBe(0);
      });

      it('is waited for where a refresh of the cookie hangs on it, and sends the same token', async () => {
        const lab = new Lab({ refreshes: true });
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        const touch = tracked.commit();
        expect(touch).toBeInstanceOf(Promise);
        await touch;
        expect(valueOf(tracked)).toBe(value);
      });

      it('never fails a response, also where a refresh hangs on it: the cookie is then not refreshed', async () => {
        const lab = new Lab({ refreshes: true });
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
        await expect(tracked.commit()).resolves.toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log.at(-1)).toMatch(/^storageFailed: /);
      });

      it('C2: creates nothing when the session ended meanwhile, and refreshes no cookie', async () => {
        const lab = new Lab({ refreshes: true });
        const { id, value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        await lab.tracker.invalidate(id);
        await tracked.commit();
        expect(lab.storage.memory.size).toBe(0);
        expect(tracked.outgoing).toBeUndefined();
      });

      it('is not waited for when the response has begun', async () => {
        const lab = new Lab({ refreshes: true });
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked, reply } = await lab.request(value);
        reply.state = 'begun';
        expect(tracked.commit()).toBeUndefined();
        await lab.tracker.settled();
        expect(lab.storage.calls).toEqual(['read', 'write']);
      });
    });
  });

  describe('that has ended meanwhile', () => {
    it('keeps its id and facts to look at, but is new: nothing of it is stored', async () => {
      const lab = new Lab();
      const { id, session } = await ended(lab);
      expect(session.id).toBe(id);
      expect(session.isNew).toBe(true);
      expect(session.createdAt).toEqual(new Date(lab.clock.now()));
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
    });

    it.each<Verb>(['reload', 'update', 'take', 'destroy', 'regenerate'])(
      'hands out no token that is dead, though this request has made it: by %s()',
      async (verb) => {
        const lab = new Lab();
        const { session, tracked } = await lab.request();
        session.data.count = 1;
        await session.save();
        await lab.tracker.invalidate(session.id);
        await verbs[verb](session).catch((error: unknown) => expect(error).toBeInstanceOf(SessionEndedError));
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it.each<Verb>(['reload', 'update'])('%s() rejects with 409, and asks nobody', async (verb) => {
      const lab = new Lab();
      const { session, tracked } = await ended(lab);
      await expect(verbs[verb](session)).rejects.toThrow(SessionEndedError);
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('save() rejects a change with 409, commit() drops it with an event', async () => {
      const lab = new Lab();
      const { session, tracked } = await ended(lab);
      session.data.count = 9;
      await expect(session.save()).rejects.toThrow(SessionEndedError);
      await tracked.commit();
      expect(lab.log).toEqual(['refused: ended']);
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('take() gives undefined', async () => {
      const lab = new Lab();
      const { session } = await ended(lab);
      expect(await session.take('coupon')).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
    });

    it.each<Verb>(['regenerate', 'destroy'])('%s() makes it a new session, which can be stored', async (verb) => {
      const lab = new Lab();
      const { id, session, tracked } = await ended(lab);
      await verbs[verb](session);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(session.data).toEqual(new Cart());
      expect(tracked.outgoing).toBeUndefined();
      session.data.count = 1;
      await tracked.commit();
      expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
      expect(await lab.storage.record(id)).toBeUndefined();
    });

    it('regenerate() keeps own changes, as `keep` says, and nothing that was loaded', async () => {
      const lab = new Lab();
      const { session } = await ended(lab);
      Object.assign(session.data, { count: 9, nonce: 'own' });
      await session.regenerate({ keep: ['nonce', 'coupon'] });
      expect(session.data).toEqual({ items: [], count: 0, nonce: 'own' });
    });
  });

  describe('whose secret was replaced meanwhile', () => {
    it.each<Verb>(['save', 'reload', 'regenerate', 'update', 'take'])(
      'C4: %s() rejects with 409, shows nothing of the new state and changes nothing of it',
      async (verb) => {
        const lab = new Lab({ refreshes: true });
        const { id, session, tracked } = await overtaken(lab);
        session.data.items = ['own'];
        await expect(verbs[verb](session)).rejects.toThrow(
          new SessionConflictError('Cannot use session: it was replaced meanwhile', { id }),
        );
        expect(session.data.count).toBe(1);
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 100, coupon: 'X' });
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it('C4: commit() rejects with 409 and sends nothing; afterwards the handle is dead', async () => {
      const lab = new Lab({ refreshes: true });
      const { id, session, tracked } = await overtaken(lab);
      session.data.items = ['own'];
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      expect(tracked.commit()).toBeUndefined();
      for (const verb of ['reload', 'regenerate', 'update', 'take'] as const) {
        lab.storage.calls.length = 0;
        await expect(verbs[verb](session)).rejects.toThrow(SessionConflictError);
        expect(lab.storage.calls).toEqual([]);
      }
      session.data.items = ['again'];
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      expect(await lab.storage.data(id)).toEqual({ items: [], count: 100, coupon: 'X' });
      expect(tracked.outgoing).toBeUndefined();
    });

    it('destroy() does nothing: the login stays, no cookie is cleared', async () => {
      const lab = new Lab();
      const { id, session, tracked, current } = await overtaken(lab);
      await session.destroy();
      expect(tracked.outgoing).toBeUndefined();
      expect((await lab.request(current)).session.id).toBe(id);
      await session.destroy();
      expect((await lab.request(current)).session.id).toBe(id);
    });

    it('touch does nothing', async () => {
      const lab = new Lab({ refreshes: true });
      const { id, tracked } = await overtaken(lab);
      const before = await lab.storage.record(id);
      lab.clock.advance(TOUCH_AFTER);
      await tracked.commit();
      expect(await lab.storage.record(id)).toEqual(before);
      expect(tracked.outgoing).toBeUndefined();
    });
  });

  describe('that is refused', () => {
    it.each<Verb>(['reload', 'regenerate', 'update'])('%s() rejects with 409, and asks nobody', async (verb) => {
      const lab = new Lab();
      const { session, tracked } = await refused(lab);
      await expect(verbs[verb](session)).rejects.toThrow(SessionConflictError);
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('take() gives undefined, as without a session', async () => {
      const lab = new Lab();
      const { session, tracked } = await refused(lab);
      expect(await session.take('coupon')).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('destroy() and a commit without a change do nothing', async () => {
      const lab = new Lab();
      const { session, tracked } = await refused(lab);
      await session.destroy();
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('takes no change after destroy() either', async () => {
      const lab = new Lab();
      const { session, tracked } = await refused(lab);
      await session.destroy();
      session.data.count = 9;
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      expect(lab.storage.memory.size).toBe(2);
    });

    it('save() and commit() reject a change with 409, the latter once', async () => {
      const lab = new Lab();
      const { session, tracked, ids } = await refused(lab);
      session.data.count = 9;
      await expect(session.save()).rejects.toThrow(SessionConflictError);
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      expect(tracked.commit()).toBeUndefined();
      expect(await Promise.all(ids.map((id) => lab.storage.data(id)))).toMatchObject([{ count: 1 }, { count: 2 }]);
      expect(lab.storage.memory.size).toBe(2);
    });
  });

  it('shows neither secret nor data to who looks at its handle, new or stored', async () => {
    const lab = new Lab();
    const { value } = await lab.client({ coupon: 'THE-DATA' });
    const made = await lab.request();
    made.session.data.coupon = 'THE-DATA';
    await made.tracked.commit();
    for (const [session, token] of [
      [(await lab.request(value)).session, value],
      [made.session, valueOf(made.tracked)],
    ] as const) {
      expect(session.data.coupon).toBe('THE-DATA');
      for (const options of [{}, { customInspect: false }]) {
        const seen = inspect(session, { depth: Infinity, showHidden: true, ...options }) + JSON.stringify(session);
        expect(seen).toContain(session.id);
        expect(seen).not.toContain('THE-DATA');
        expect(seen).not.toContain(token.slice(23));
      }
    }
  });
});
