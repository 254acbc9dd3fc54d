import { describe, expect, it } from 'vitest';
import {
  SessionConflictError,
  SessionEndedError,
  SessionStorageError,
  SessionTooLargeError,
} from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import type { Reply } from '../../../src/tracker/tracked-session.js';
import { GateStorage } from '../../../src/testing/gate-storage.js';
import { PlainStorage } from '../storage/plain-storage.js';
import {
  ABSOLUTE,
  Cart,
  IDLE,
  KEY,
  OTHER_KEY,
  STORAGE_TIMEOUT,
  TOUCH_AFTER,
  valueOf,
  type LabRequest,
} from './tracker-lab.js';
import { encryptedBy, MAX_LENGTH, ValueLab } from './value-lab.js';

type Verb = 'save' | 'reload' | 'regenerate' | 'destroy' | 'update' | 'take';
const verbs: Record<Verb, (session: Session<Cart>) => Promise<unknown>> = {
  save: (session) => session.save(),
  reload: (session) => session.reload(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
  update: (session) => session.update((data) => void data.count++),
  take: (session) => session.take('coupon'),
};

const down = (): Promise<never> => Promise.reject(new Error('down'));

/** A request in flight whose session another request ends, or replaces, meanwhile. */
async function overtaken(lab: ValueLab, by: 'destroy' | 'regenerate') {
  const { id, value } = await lab.client({ count: 1, coupon: 'X' });
  const request = await lab.request(value);
  const other = await lab.request(value);
  await verbs[by](other.session);
  lab.events.length = lab.storage.calls.length = 0;
  return { ...request, id, value, other };
}

/** Fails every call of a storage from now on. */
function failing(lab: ValueLab): void {
  for (let i = 0; i < 10; i++) {
    lab.storage.onRead.push(down);
    lab.storage.onWrite.push(down);
  }
}

describe('CarriedStanding where it is revocable', () => {
  it('makes a session without asking anybody', async () => {
    const lab = ValueLab.revoking();
    const { session, tracked } = await lab.request();
    session.data.count = 1;
    await session.save();
    session.data.count = 2;
    await tracked.commit();
    await session.update((data) => void data.count++);
    await session.reload();
    expect(await session.take('count')).toBe(3);
    expect(lab.storage.calls).toEqual([]);
    expect(lab.data(valueOf(tracked))).toEqual({ items: [] });
  });

  it('asks, fresh, before each state that goes out, and stores nothing', async () => {
    const lab = ValueLab.revoking();
    const { value } = await lab.client({ count: 1, nonce: 'N' });
    const { session, tracked } = await lab.request(value);
    session.data.count = 2;
    await tracked.commit();
    await session.update((data) => void data.count++);
    expect(await session.take('nonce')).toBe('N');
    await session.reload();
    expect(lab.storage.calls).toEqual(['read', 'read fresh', 'read fresh', 'read fresh', 'read fresh']);
    expect(lab.storage.memory.size).toBe(0);
    expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 3 });
  });

  describe('and was ended meanwhile', () => {
    it('C1: drops a change with an event, sends and clears nothing', async () => {
      const lab = ValueLab.revoking();
      const { session, tracked, reply } = await overtaken(lab, 'destroy');
      session.data.count = 9;
      await tracked.commit();
      expect(lab.log).toEqual(['refused: ended']);
      expect(tracked.outgoing).toBeUndefined();
      expect(reply.outages).toBe(0);
      expect(tracked.commit()).toBeUndefined();
    });

    it('C1: also past a cache that has not heard of it', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      const request = await lab.request(value);
      await lab.tracker.invalidate(id);
      request.session.data.count = 9;
      await request.tracked.commit();
      expect(lab.storage.calls.at(-1)).toBe('read fresh');
      expect(request.tracked.outgoing).toBeUndefined();
    });

    it.each<Verb>(['save', 'reload', 'update'])(
      'C1: %s() rejects with 409, and its handle stays dead',
      async (verb) => {
        const lab = ValueLab.revoking();
        const { id, session, tracked } = await overtaken(lab, 'destroy');
        session.data.count = 9;
        const error = new SessionEndedError('Cannot use session: it has ended meanwhile', { id });
        await expect(verbs[verb](session)).rejects.toThrow(error);
        lab.storage.calls.length = 0;
        await expect(verbs[verb](session)).rejects.toThrow(error);
        expect(lab.storage.calls).toEqual([]);
        expect(session.isNew).toBe(true);
        expect(session.id).toBe(id);
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it.each<['coupon' | 'nonce']>([['coupon'], ['nonce']])(
      'C1: take(%j) gives undefined, there or not',
      async (key) => {
        const lab = ValueLab.revoking();
        const { session, tracked } = await overtaken(lab, 'destroy');
        expect(await session.take(key)).toBeUndefined();
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it.each<Verb>(['regenerate', 'destroy'])('C1: %s() makes it a new session, and clears nothing', async (verb) => {
      const lab = ValueLab.revoking();
      const { id, session, tracked } = await overtaken(lab, 'destroy');
      await verbs[verb](session);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(session.data).toEqual(new Cart());
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual([]);
      session.data.count = 1;
      await tracked.commit();
      expect(lab.open(valueOf(tracked)).id).toBe(session.id);
    });

    it('C1: regenerate() keeps own changes alone, as `keep` says', async () => {
      const lab = ValueLab.revoking();
      const { session } = await overtaken(lab, 'destroy');
      Object.assign(session.data, { count: 9, nonce: 'own' });
      await session.regenerate({ keep: ['nonce', 'coupon'] });
      expect(session.data).toEqual({ items: [], count: 0, nonce: 'own' });
    });

    it('C2: is not touched', async () => {
      const lab = ValueLab.revoking();
      const { tracked } = await overtaken(lab, 'destroy');
      lab.clock.advance(TOUCH_AFTER);
      await tracked.commit();
      expect(lab.storage.calls).toEqual(['read fresh']);
      expect(tracked.outgoing).toBeUndefined();
    });
  });

  describe('and was replaced meanwhile', () => {
    it.each<Verb>(['save', 'reload', 'regenerate', 'update', 'take'])(
      'C4: %s() rejects with 409 and sends nothing; afterwards the handle is dead',
      async (verb) => {
        const lab = ValueLab.revoking();
        const { id, session, tracked } = await overtaken(lab, 'regenerate');
        session.data.items = ['own'];
        const error = new SessionConflictError('Cannot use session: it was replaced meanwhile', { id });
        await expect(verbs[verb](session)).rejects.toThrow(error);
        lab.storage.calls.length = 0;
        for (const again of ['reload', 'regenerate', 'update', 'take'] as const) {
          await expect(verbs[again](session)).rejects.toThrow(error);
        }
        expect(lab.storage.calls).toEqual([]);
        await expect(tracked.commit()).rejects.toThrow(error);
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it('C4: commit() rejects a change with 409, from 60 s on too', async () => {
      for (const later of [0, 60_000]) {
        const lab = ValueLab.revoking();
        const { session, tracked } = await overtaken(lab, 'regenerate');
        lab.clock.advance(later);
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      }
    });

    it('destroy() does nothing: the login stays, nothing is cleared', async () => {
      const lab = ValueLab.revoking();
      const { session, tracked, other } = await overtaken(lab, 'regenerate');
      await session.destroy();
      await session.destroy();
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual([]);
      expect((await lab.request(valueOf(other.tracked))).session.id).toBe(other.session.id);
    });

    it('touch sends nothing', async () => {
      const lab = ValueLab.revoking();
      const { tracked } = await overtaken(lab, 'regenerate');
      lab.clock.advance(TOUCH_AFTER);
      await tracked.commit();
      expect(tracked.outgoing).toBeUndefined();
    });
  });

  describe('regenerate()', () => {
    it('ends the old id in one write, until its absolute deadline, before the new one goes out', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client({ count: 1 });
      const until = lab.open(value).absoluteDeadline;
      lab.clock.advance(1000);
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      let outgoing: unknown = 'not written yet';
      lab.storage.onWrite.push((write) => ((outgoing = tracked.outgoing), write()));
      await session.regenerate();
      expect(outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual(['read', 'write']);
      expect((await lab.storage.record(id))?.header.absoluteDeadline).toBe(until);
      expect(tracked.outgoing).toMatchObject({ sending: 'always' });
      expect(lab.data(valueOf(tracked))).toMatchObject({ count: 2 });
      expect(lab.open(valueOf(tracked)).absoluteDeadline).toBe(lab.clock.now() + ABSOLUTE);
      expect((await lab.request(value)).session.isNew).toBe(true);
      expect((await lab.request(valueOf(tracked))).session.id).toBe(session.id);
    });

    it('C5: of two that race one wins; the other rejects with 409 and sends nothing', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const [a, b] = [await lab.request(value), await lab.request(value)];
      const results = await Promise.allSettled([a.session.regenerate(), b.session.regenerate()]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const [winner, loser] = results[0]?.status === 'fulfilled' ? [a, b] : [b, a];
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: expect.any(SessionConflictError),
      });
      expect(loser.tracked.outgoing).toBeUndefined();
      expect((await lab.request(valueOf(winner.tracked))).session.id).toBe(winner.session.id);
    });

    it('C5: of two that race on two nodes one wins', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const a = await lab.request(value);
      const b = await lab.request(value);
      lab.storage.onWrite.push(async (write) => {
        const other = await lab.another({ revocation: lab.storage.memory }).invalidate(a.session.id);
        expect(other).toBe(true);
        return write();
      });
      await a.session.regenerate();
      expect(a.session.isNew).toBe(true);
      expect(a.tracked.outgoing).toBeUndefined();
      b.session.data.count = 9;
      await b.tracked.commit();
      expect(b.tracked.outgoing).toBeUndefined();
    });

    it('D4: whose write the driver has sent twice is one, and goes out', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      lab.storage.onWrite.push(async (write) => (await write(), write()));
      await session.regenerate();
      expect((await lab.request(valueOf(tracked))).session.id).toBe(session.id);
    });

    it('of what is too large rejects before the old id is ended: its client keeps it', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client({ count: 1 });
      const { session, tracked } = await lab.request(value);
      session.data.coupon = 'x'.repeat(MAX_LENGTH);
      await expect(session.regenerate()).rejects.toThrow(SessionTooLargeError);
      expect(lab.storage.calls).toEqual(['read']);
      expect(tracked.outgoing).toBeUndefined();
      expect((await lab.request(value)).session.id).toBe(id);
    });

    it.each<Reply['state']>(['begun', 'gone'])(
      'ends nothing when the response has %s: the new one could not be sent',
      async (state) => {
        const lab = ValueLab.revoking();
        const { id, value } = await lab.client();
        const { session, reply } = await lab.request(value);
        reply.state = state;
        await expect(session.regenerate()).rejects.toMatchObject({ code: 'ERR_SESSION_COMMITTED' });
        expect(lab.storage.calls).toEqual(['read']);
        expect((await lab.request(value)).session.id).toBe(id);
      },
    );

    it('of a session that no client has ends no id: made, or regenerated, by this request', async () => {
      const lab = ValueLab.revoking();
      const made = await lab.request();
      made.session.data.count = 1;
      await made.session.save();
      await made.session.regenerate();
      expect(lab.storage.calls).toEqual([]);
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      await session.regenerate();
      lab.storage.calls.length = 0;
      await session.regenerate();
      session.data.count = 5;
      await tracked.commit();
      expect(lab.storage.calls).toEqual([]);
      expect((await lab.request(valueOf(tracked))).session.id).toBe(session.id);
    });

    it('of one that has expired asks nobody, and becomes a new session', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      const { session } = await lab.request(value);
      lab.clock.advance(IDLE);
      await session.regenerate();
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(lab.storage.calls).toEqual(['read']);
    });

    it('C11: commit() waits for one under way, so that it goes out', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      let go = (): void => undefined;
      const held = new Promise<void>((resolve) => (go = resolve));
      lab.storage.onWrite.push(async (write) => {
        await held;
        return write();
      });
      const verb = session.regenerate();
      const commit = tracked.commit();
      expect(commit).toBeInstanceOf(Promise);
      go();
      await commit;
      expect(lab.open(valueOf(tracked)).id).toBe(session.id);
      await verb;
    });
  });

  describe('destroy()', () => {
    it('ends its id until its absolute deadline, and the client forgets it', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      lab.clock.advance(1000);
      const { session, tracked } = await lab.request(value);
      session.data.count = 9;
      await session.destroy();
      expect(lab.storage.calls).toEqual(['read', 'write']);
      expect((await lab.storage.record(id))?.header.absoluteDeadline).toBe(lab.open(value).absoluteDeadline);
      expect(tracked.outgoing).toBe('clear');
      expect(lab.events.at(-1)).toEqual({ session: 'sid', type: 'destroyed', id });
      expect(tracked.commit()).toBeUndefined();
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it('C1: ends every state of it that a client may have kept', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const change = await lab.request(value);
      change.session.data.count = 2;
      await change.tracked.commit();
      await (await lab.request(valueOf(change.tracked))).session.destroy();
      for (const kept of [value, valueOf(change.tracked)]) {
        expect((await lab.request(kept)).session.isNew).toBe(true);
      }
    });

    it.each<Reply['state']>(['begun', 'gone'])('C1: ends it also when the response has %s', async (state) => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, reply } = await lab.request(value);
      reply.state = state;
      await session.destroy();
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it('of one that this request has made, or regenerated, ends nothing that nobody has', async () => {
      const lab = ValueLab.revoking();
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await session.save();
      await session.destroy();
      expect(tracked.outgoing).toBe('clear');
      expect(lab.storage.calls).toEqual([]);
    });

    it('after regenerate() leaves nothing of either', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      await session.regenerate();
      await session.destroy();
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBe('clear');
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it('of one that has expired asks nobody and clears nothing', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      lab.clock.advance(IDLE);
      await session.destroy();
      expect(lab.storage.calls).toEqual(['read']);
      expect(tracked.outgoing).toBeUndefined();
      expect(session.isNew).toBe(true);
    });
  });

  describe('touch', () => {
    it('asks, fresh, and the response waits for it', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      lab.clock.advance(TOUCH_AFTER);
      const { tracked } = await lab.request(value);
      const touch = tracked.commit();
      expect(touch).toBeInstanceOf(Promise);
      expect(tracked.outgoing).toBeUndefined();
      await touch;
      expect(lab.storage.calls).toEqual(['read', 'read fresh']);
      expect(lab.open(valueOf(tracked))).toMatchObject({ id, idleDeadline: lab.clock.now() + IDLE });
      expect(tracked.outgoing).toMatchObject({ sending: 'once' });
    });

    it('that is not due asks nobody', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      lab.clock.advance(TOUCH_AFTER - 1);
      const { tracked } = await lab.request(value);
      expect(tracked.commit()).toBeUndefined();
      expect(lab.storage.calls).toEqual(['read']);
    });

    it('does not undo a change that was faster', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client({ count: 1 });
      lab.clock.advance(TOUCH_AFTER);
      const { session, tracked } = await lab.request(value);
      let go = (): void => undefined;
      lab.storage.onRead.push(() => new Promise<void>((resolve) => (go = resolve)));
      const touch = tracked.commit();
      session.data.count = 2;
      await session.save();
      const sent = valueOf(tracked);
      go();
      await touch;
      expect(valueOf(tracked)).toBe(sent);
      expect(lab.data(sent)).toMatchObject({ count: 2 });
    });

    it('sends nothing when the response has begun meanwhile', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      lab.clock.advance(TOUCH_AFTER);
      const { tracked, reply } = await lab.request(value);
      let go = (): void => undefined;
      lab.storage.onRead.push(() => new Promise<void>((resolve) => (go = resolve)));
      const touch = tracked.commit();
      reply.state = 'begun';
      go();
      await touch;
      expect(tracked.outgoing).toBeUndefined();
    });

    it.each<[then: string, data: Partial<Cart> | undefined]>([
      ['and nothing else', undefined],
      ['and a new session after it', { count: 9 }],
    ])('whose question was answered before destroy() does not undo it: %s', async (_, data) => {
      const lab = new ValueLab();
      const gate = new GateStorage(lab.storage);
      const tracker = lab.another({ revocation: gate });
      const { value } = await lab.client({ count: 1 });
      lab.clock.advance(TOUCH_AFTER);
      const { session, tracked } = await lab.requestOf(tracker, value);
      const held = gate.hold('after read');
      const touch = tracked.commit();
      await held.reached;
      await session.destroy();
      if (data !== undefined) {
        Object.assign(session.data, data);
        await session.save();
      }
      const { outgoing } = tracked;
      held.release();
      await touch;
      expect(tracked.outgoing).toEqual(outgoing);
      if (data === undefined) expect(outgoing).toBe('clear');
      else expect(lab.data(valueOf(tracked))).toMatchObject(data);
    });

    it('never fails a response: when the storage fails, nothing goes out, an event tells', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      lab.clock.advance(TOUCH_AFTER);
      const { tracked, reply } = await lab.request(value);
      lab.storage.onRead.push(down);
      await expect(tracked.commit()).resolves.toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
      expect(reply.outages).toBe(0);
      expect(lab.log).toEqual(['loaded', 'storageFailed: Cannot use session storage: it failed, Error']);
      expect(tracked.commit()).toBeUndefined();
    });

    it('F3: sealed under an old key goes out under the first, when it has not ended', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      const rotated = lab.another({ chain: encryptedBy(OTHER_KEY, KEY) });
      const [user, victim] = [await lab.requestOf(rotated, value), await lab.requestOf(rotated, value)];
      await user.tracked.commit();
      expect(new ValueLab({ chain: encryptedBy(OTHER_KEY) }).open(valueOf(user.tracked)).id).toBe(id);
      await lab.tracker.invalidate(id);
      await victim.tracked.commit();
      expect(victim.tracked.outgoing).toBeUndefined();
    });
  });

  describe('when the storage fails', () => {
    it.each<Verb>(['save', 'reload', 'regenerate', 'destroy', 'update', 'take'])(
      'D1: %s() rejects with 503, tells of the outage, and sends and clears nothing',
      async (verb) => {
        const lab = ValueLab.revoking();
        const { id, value } = await lab.client({ count: 1, coupon: 'X' });
        const { session, tracked, reply } = await lab.request(value);
        session.data.nonce = 'own';
        failing(lab);
        const error = await verbs[verb](session).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(SessionStorageError);
        expect(reply.outages).toBe(1);
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log).toEqual(['loaded', 'storageFailed: Cannot use session storage: it failed, Error']);
        expect(session.id).toBe(id);
        tracked.answeredWith(error);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      },
    );

    it.each<[Verb, boolean]>([
      ['destroy', false],
      ['take', false],
      ['reload', false],
      ['regenerate', true],
    ])('D1: %s() leaves a session that can be used when it works again, or is refused: %s', async (verb, isRefused) => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client({ count: 1, coupon: 'X' });
      const { session, tracked } = await lab.request(value);
      failing(lab);
      await expect(verbs[verb](session)).rejects.toThrow(SessionStorageError);
      lab.storage.onRead.length = lab.storage.onWrite.length = 0;
      session.data.count = 2;
      if (isRefused) await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      else await tracked.commit();
      if (isRefused) expect(tracked.outgoing).toBeUndefined();
      else expect(lab.open(valueOf(tracked)).id).toBe(id);
    });

    it('D3: commit() rejects with 503, sends nothing, and does not try again for the answer that says so', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client({ count: 1 });
      const { session, tracked, reply } = await lab.request(value);
      session.data.count = 2;
      failing(lab);
      await expect(tracked.commit()).rejects.toThrow(SessionStorageError);
      expect(reply.outages).toBe(1);
      expect(tracked.outgoing).toBeUndefined();
      expect(tracked.commit()).toBeUndefined();
      expect((await new ValueLab().request(value)).session.data).toMatchObject({ count: 1 });
    });

    it('D2: a verb rejects with 503 when it hangs', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked, reply } = await lab.request(value);
      lab.storage.onWrite.push(() => new Promise(() => undefined));
      const failure = session.destroy();
      await new Promise((resolve) => setImmediate(resolve));
      lab.clock.advance(STORAGE_TIMEOUT);
      await expect(failure).rejects.toThrow('no answer within 5000 ms');
      expect(reply.outages).toBe(1);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('C11: still hands out what an earlier regenerate() has made', async () => {
      const lab = ValueLab.revoking();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      await session.regenerate();
      const current = valueOf(tracked);
      failing(lab);
      await session.regenerate();
      expect(valueOf(tracked)).not.toBe(current);
      session.data.count = 2;
      await tracked.commit();
      expect(tracked.outgoing).toMatchObject({ sending: 'always' });
    });

    it('a session that is new is made all the same: nobody is asked', async () => {
      const lab = ValueLab.revoking();
      failing(lab);
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await tracked.commit();
      expect(lab.data(valueOf(tracked))).toMatchObject({ count: 1 });
    });
  });

  it('D4: another session’s record under its id makes the end fail with 503, and nothing is cleared', async () => {
    const lab = ValueLab.revoking();
    const { id, value } = await lab.client();
    await lab.another({ name: 'other' }).invalidate(id);
    const { session, tracked, reply } = await lab.request(value);
    expect(session.isNew).toBe(false);
    await expect(session.destroy()).rejects.toThrow('Cannot end session: its storage does not take its id');
    expect(reply.outages).toBe(1);
    expect(tracked.outgoing).toBeUndefined();
  });

  it('works over a storage without conditional writes, as over any other', async () => {
    const lab = new ValueLab();
    const plain = new PlainStorage(lab.clock);
    const tracker = lab.another({ revocation: plain });
    const { value } = await lab.client();
    const [a, b]: LabRequest[] = [await lab.requestOf(tracker, value), await lab.requestOf(tracker, value)];
    const results = await Promise.allSettled([a?.session.regenerate(), b?.session.regenerate()]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(plain.calls.filter((call) => call.startsWith('write'))).toHaveLength(1);
    expect((await lab.requestOf(tracker, value)).session.isNew).toBe(true);
    const winner = a?.tracked.outgoing === undefined ? b : a;
    const logout = await lab.requestOf(tracker, valueOf((winner as LabRequest).tracked));
    await logout.session.destroy();
    expect(logout.tracked.outgoing).toBe('clear');
    const again = await lab.requestOf(tracker, valueOf((winner as LabRequest).tracked));
    expect(again.session.isNew).toBe(true);
  });
});
