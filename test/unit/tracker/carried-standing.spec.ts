import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  SessionCommittedError,
  SessionEndedError,
  SessionNotSerializableError,
  SessionTooLargeError,
} from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import type { Reply, TrackedSession } from '../../../src/tracker/tracked-session.js';
import type { SessionTransformer } from '../../../src/transformer/session-transformer.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import { ABSOLUTE, Cart, IDLE, KEY, OTHER_KEY, TOUCH_AFTER, valueOf } from './tracker-lab.js';
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

/** Text that makes a session too large for its transport. */
const TOO_MUCH = 'x'.repeat(MAX_LENGTH);

/** How a value goes out. */
const sendingOf = ({ outgoing }: TrackedSession): unknown =>
  typeof outgoing === 'object' ? outgoing.sending : outgoing;

describe('CarriedStanding', () => {
  describe('of a session that is new', () => {
    it('A3: goes out with its first change, and is found under what went out', async () => {
      const lab = new ValueLab();
      const { session, tracked } = await lab.request();
      const { id } = session;
      session.data.items.push('tea');
      await tracked.commit();
      expect(lab.log).toEqual(['created']);
      expect(session.isNew).toBe(false);
      expect(session.id).toBe(id);
      expect(sendingOf(tracked)).toBe('once');
      expect(tracked.presented).toBeUndefined();
      const now = lab.clock.now();
      expect(lab.open(valueOf(tracked))).toMatchObject({
        id,
        createdAt: now,
        idleDeadline: now + IDLE,
        absoluteDeadline: now + ABSOLUTE,
      });
      const next = await lab.request(valueOf(tracked));
      expect(next.session.id).toBe(id);
      expect(next.session.data).toEqual({ items: ['tea'], count: 0 });
    });

    it('never names its id by the request', async () => {
      const lab = new ValueLab();
      const ids = new Set<string>();
      for (let i = 0; i < 3; i++) ids.add((await lab.client()).id);
      expect(ids.size).toBe(3);
      for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    });

    it.each<Verb>(['save', 'reload', 'regenerate', 'destroy', 'take'])(
      'A11: %s() without a change sends nothing',
      async (verb) => {
        const lab = new ValueLab();
        const { session, tracked } = await lab.request();
        expect(await verbs[verb](session)).toBeUndefined();
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(session.isNew).toBe(true);
      },
    );

    it('is one session through save() and a later change, of which the last state goes out', async () => {
      const lab = new ValueLab();
      const { session, tracked } = await lab.request();
      session.data.count = 1;
      await session.save();
      session.data.count = 2;
      await tracked.commit();
      expect(lab.data(valueOf(tracked))).toMatchObject({ count: 2 });
      expect(lab.open(valueOf(tracked)).id).toBe(session.id);
      expect(lab.log).toEqual(['created', 'changed']);
    });

    it('is refused with both sizes when it is too large, sends nothing, and says so once', async () => {
      const lab = new ValueLab();
      const { session, tracked } = await lab.request();
      session.data.coupon = TOO_MUCH;
      const error = await Promise.resolve(tracked.commit()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionTooLargeError);
      expect(error).toMatchObject({
        message: expect.stringMatching(
          /^Cannot send session: its value is \d{4} bytes, its transport takes 4093 beside the name$/,
        ),
        id: session.id,
        status: 500,
      });
      expect(tracked.outgoing).toBeUndefined();
      expect(session.isNew).toBe(true);
      expect(lab.log).toEqual([]);
      expect(tracked.commit()).toBeUndefined();
      delete session.data.coupon;
      session.data.count = 1;
      await tracked.commit();
      expect(lab.data(valueOf(tracked))).toMatchObject({ count: 1 });
    });

    it('takes as much as its transport, and not one character more', async () => {
      const size = (await new ValueLab().client()).value.length;
      const { session, tracked } = await new ValueLab({ maxLength: size }).request();
      session.data.count = 1;
      await tracked.commit();
      expect(valueOf(tracked)).toHaveLength(size);
      const narrow = await new ValueLab({ maxLength: size - 1 }).request();
      narrow.session.data.count = 1;
      await expect(narrow.tracked.commit()).rejects.toThrow(
        `Cannot send session: its value is ${size} bytes, its transport takes ${size - 1} beside the name`,
      );
    });

    it.each<[Reply['state'], 'rejects' | 'is dropped']>([
      ['begun', 'rejects'],
      ['gone', 'is dropped'],
    ])('D10: is not made when the response has %s: the change %s', async (state, what) => {
      const lab = new ValueLab();
      const { session, tracked, reply } = await lab.request();
      session.data.count = 1;
      reply.state = state;
      if (what === 'rejects') await expect(tracked.commit()).rejects.toThrow(SessionCommittedError);
      else await tracked.commit();
      expect(lab.log).toEqual(what === 'rejects' ? [] : ['refused: too late']);
      expect(tracked.outgoing).toBeUndefined();
      expect(session.isNew).toBe(true);
    });

    it('A15: rejects a value that would not come back, and sends nothing', async () => {
      const lab = new ValueLab();
      const { session, tracked } = await lab.request();
      (session.data as unknown as Record<string, unknown>)['bad'] = new Map();
      await expect(tracked.commit()).rejects.toThrow(SessionNotSerializableError);
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
    });
  });

  describe('of a session that the client brought', () => {
    it('A4: keeps its id through a change; the new state goes out, once with a good answer', async () => {
      const lab = new ValueLab();
      const { id, value } = await lab.client({ count: 1 });
      const created = lab.clock.now();
      lab.clock.advance(1000);
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      await tracked.commit();
      expect(sendingOf(tracked)).toBe('once');
      expect(valueOf(tracked)).not.toBe(value);
      expect(lab.open(valueOf(tracked))).toMatchObject({
        id,
        createdAt: created,
        idleDeadline: lab.clock.now() + IDLE,
        absoluteDeadline: created + ABSOLUTE,
      });
      expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 2 });
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
      expect(lab.log).toEqual(['loaded', 'changed']);
      expect(tracked.commit()).toBeUndefined();
    });

    it('of two requests at once the client keeps what arrives last: neither sees the other', async () => {
      const lab = new ValueLab();
      const { value } = await lab.client({ count: 1 });
      const [a, b] = [await lab.request(value), await lab.request(value)];
      a.session.data.count = 2;
      b.session.data.coupon = 'X';
      await a.tracked.commit();
      await b.tracked.commit();
      expect(lab.data(valueOf(a.tracked))).toEqual({ items: [], count: 2 });
      expect(lab.data(valueOf(b.tracked))).toEqual({ items: [], count: 1, coupon: 'X' });
    });

    it('stores no more than a client can be handed: a larger state is refused, and the client keeps its value', async () => {
      const lab = new ValueLab();
      const { value } = await lab.client({ count: 1 });
      const { session, tracked } = await lab.request(value);
      session.data.coupon = TOO_MUCH;
      await expect(tracked.commit()).rejects.toThrow(SessionTooLargeError);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual(['loaded']);
      expect(tracked.commit()).toBeUndefined();
      expect((await lab.request(value)).session.data).toEqual({ items: [], count: 1 });
      await session.reload();
      expect(session.data).toEqual({ items: [], count: 1 });
    });

    it('C6: drops a change when it expires between load and commit, sends and clears nothing', async () => {
      const lab = new ValueLab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      lab.clock.advance(IDLE);
      await tracked.commit();
      expect(lab.log).toEqual(['loaded', 'refused: ended']);
      expect(tracked.outgoing).toBeUndefined();
      expect(session.id).toBe(id);
      expect(session.isNew).toBe(true);
      await expect(session.save()).rejects.toThrow(
        new SessionEndedError('Cannot use session: it has ended meanwhile', { id }),
      );
    });

    it.each<Verb>(['save', 'reload', 'update'])('C6: %s() rejects with 409 when it has expired', async (verb) => {
      const lab = new ValueLab();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 2;
      lab.clock.advance(IDLE);
      await expect(verbs[verb](session)).rejects.toThrow(SessionEndedError);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('C6: take() gives undefined when it has expired, also for a key that this request has set', async () => {
      const lab = new ValueLab();
      const { value } = await lab.client({ coupon: 'X' });
      const { session, tracked } = await lab.request(value);
      session.data.nonce = 'own';
      lab.clock.advance(IDLE);
      expect(await session.take('coupon')).toBeUndefined();
      expect(await session.take('nonce')).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
    });

    it.each<Verb>(['regenerate', 'destroy'])('C6: %s() makes it a new session when it has expired', async (verb) => {
      const lab = new ValueLab();
      const { id, value } = await lab.client({ count: 7 });
      const { session, tracked } = await lab.request(value);
      lab.clock.advance(IDLE);
      await verbs[verb](session);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(session.data).toEqual(new Cart());
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual(['loaded']);
      session.data.count = 1;
      await tracked.commit();
      expect(lab.open(valueOf(tracked)).id).toBe(session.id);
    });

    it('C6: regenerate() of one that has expired keeps own changes alone, as `keep` says', async () => {
      const lab = new ValueLab();
      const { value } = await lab.client({ count: 7, items: ['tea'] });
      const { session } = await lab.request(value);
      Object.assign(session.data, { coupon: 'own', nonce: 'own' });
      lab.clock.advance(IDLE);
      await session.regenerate({ keep: ['coupon', 'items'] });
      expect(session.data).toEqual({ items: [], count: 0, coupon: 'own' });
    });

    it.each<[Reply['state'], 'rejects' | 'is dropped']>([
      ['begun', 'rejects'],
      ['gone', 'is dropped'],
    ])('D10: when the response has %s, a change %s', async (state, what) => {
      const lab = new ValueLab();
      const { id, value } = await lab.client();
      const { session, tracked, reply } = await lab.request(value);
      session.data.count = 2;
      reply.state = state;
      const error = new SessionCommittedError(
        'Cannot store session: the response has begun or its client has gone, and it lives at its client',
        { id },
      );
      if (what === 'rejects') await expect(tracked.commit()).rejects.toThrow(error);
      else await tracked.commit();
      expect(lab.log).toEqual(what === 'rejects' ? ['loaded'] : ['loaded', 'refused: too late']);
      expect(tracked.outgoing).toBeUndefined();
      for (const verb of ['save', 'destroy', 'update', 'regenerate'] as const) {
        await expect(verbs[verb](session)).rejects.toThrow(SessionCommittedError);
      }
      expect(tracked.outgoing).toBeUndefined();
      expect(session.id).toBe(id);
    });

    it.each<Reply['state']>(['begun', 'gone'])('take() gives no key away when the response has %s', async (state) => {
      const lab = new ValueLab();
      const { value } = await lab.client({ nonce: 'N' });
      const { session, reply } = await lab.request(value);
      reply.state = state;
      await expect(session.take('nonce')).rejects.toThrow(SessionCommittedError);
      expect(session.data.nonce).toBe('N');
      expect(await session.take('coupon')).toBeUndefined();
    });

    describe('touch', () => {
      it("fails the response when a transformer fails: that is the app's mistake", async () => {
        const sealing = encryptedBy(KEY);
        let broken = false;
        const chain = Object.assign(Object.create(sealing) as TransformerChain, {
          open: (text: string) => sealing.open(text),
          seal: (bytes: Uint8Array) => {
            if (broken) throw new Error('of the transformer');
            return sealing.seal(bytes);
          },
        });
        const lab = new ValueLab({ chain });
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        broken = true;
        const { tracked } = await lab.request(value);
        await expect(tracked.commit()).rejects.toThrow('of the transformer');
        expect(tracked.outgoing).toBeUndefined();
      });

      it('E3: sends the same session anew when its deadline is touchAfter old, and no sooner', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client({ count: 3 });
        lab.clock.advance(TOUCH_AFTER - 1);
        const early = await lab.request(value);
        expect(early.tracked.commit()).toBeUndefined();
        expect(early.tracked.outgoing).toBeUndefined();
        lab.clock.advance(1);
        const { session, tracked } = await lab.request(value);
        await tracked.commit();
        expect(sendingOf(tracked)).toBe('once');
        expect(lab.open(valueOf(tracked))).toMatchObject({ id, idleDeadline: lab.clock.now() + IDLE });
        expect(lab.open(valueOf(tracked)).absoluteDeadline).toBe(lab.open(value).absoluteDeadline);
        expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 3 });
        expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
        expect(lab.log).not.toContain('changed');
      });

      it('E3: is made once a request', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        await tracked.commit();
        const sent = valueOf(tracked);
        lab.clock.advance(TOUCH_AFTER);
        expect(tracked.commit()).toBeUndefined();
        expect(valueOf(tracked)).toBe(sent);
      });

      it('is not made where a change goes out, which moves the deadline too', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        await tracked.commit();
        const sent = valueOf(tracked);
        expect(tracked.commit()).toBeUndefined();
        expect(valueOf(tracked)).toBe(sent);
        expect(lab.data(sent)).toMatchObject({ count: 2 });
      });

      it.each<Reply['state']>(['begun', 'gone'])('is not made when the response has %s', async (state) => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { session, tracked, reply } = await lab.request(value);
        const { expiresAt } = session;
        reply.state = state;
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(session.expiresAt).toEqual(expiresAt);
      });

      it('C2: revives nothing that has expired meanwhile', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { tracked } = await lab.request(value);
        lab.clock.advance(IDLE);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      });

      it('is not made when the absolute deadline comes first anyway', async () => {
        const lab = new ValueLab({ timeouts: { idle: IDLE, absolute: IDLE, touchAfter: 0 } });
        const { value } = await lab.client();
        lab.clock.advance(TOUCH_AFTER);
        const { tracked } = await lab.request(value);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      });

      it('never fails a response: where the transport takes less than when it was sent, nothing goes out', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const narrow = lab.another({ maxLength: value.length - 1 });
        lab.clock.advance(TOUCH_AFTER);
        const { tracked, session } = await lab.requestOf(narrow, value);
        expect(session.isNew).toBe(false);
        await expect(Promise.resolve(tracked.commit())).resolves.toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log).toEqual(['loaded']);
      });
    });

    describe('sealed under a key that is no longer the first', () => {
      it('F3: goes out under the first key, at once and once', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client({ count: 3 });
        const rotated = lab.another({ chain: encryptedBy(OTHER_KEY, KEY) });
        const { tracked } = await lab.requestOf(rotated, value);
        await tracked.commit();
        expect(sendingOf(tracked)).toBe('once');
        const retired = new ValueLab({ chain: encryptedBy(OTHER_KEY) });
        expect(retired.open(valueOf(tracked))).toMatchObject({ id, idleDeadline: lab.clock.now() + IDLE });
        expect(retired.data(valueOf(tracked))).toEqual({ items: [], count: 3 });
        const next = await lab.requestOf(rotated, valueOf(tracked));
        expect(next.tracked.commit()).toBeUndefined();
        expect(next.tracked.outgoing).toBeUndefined();
      });

      it('F3: a change goes out under the first key, and nothing after it', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.requestOf(lab.another({ chain: encryptedBy(OTHER_KEY, KEY) }), value);
        session.data.count = 2;
        await tracked.commit();
        const sent = valueOf(tracked);
        expect(new ValueLab({ chain: encryptedBy(OTHER_KEY) }).data(sent)).toMatchObject({ count: 2 });
        expect(tracked.commit()).toBeUndefined();
        expect(valueOf(tracked)).toBe(sent);
      });
    });

    describe('reload()', () => {
      it('drops changes and takes what the client sent', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        const held = session.data;
        held.coupon = 'dropped';
        await session.reload();
        expect(session.data).toBe(held);
        expect(held).toEqual({ items: [], count: 1 });
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      });

      it('takes what this request has sent since', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.count = 2;
        await session.save();
        session.data.count = 3;
        await session.reload();
        expect(session.data.count).toBe(2);
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 2 });
      });
    });

    describe('regenerate()', () => {
      it('C8: gives a new id and keeps what `keep` says, of what came and what was changed', async () => {
        for (const [keep, data] of [
          [undefined, { items: ['tea'], count: 1, coupon: 'X' }],
          ['all', { items: ['tea'], count: 1, coupon: 'X' }],
          ['none', {}],
          [['items', 'coupon'], { items: ['tea'], coupon: 'X' }],
        ] as const) {
          const lab = new ValueLab();
          const { id, value } = await lab.client({ count: 1, items: ['tea'] });
          const { session, tracked } = await lab.request(value);
          session.data.coupon = 'X';
          await session.regenerate(keep === undefined ? {} : { keep });
          expect(session.id).not.toBe(id);
          expect(session.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
          expect(session.isNew).toBe(false);
          expect(lab.open(valueOf(tracked)).id).toBe(session.id);
          expect(lab.data(valueOf(tracked))).toEqual(data);
          expect(session.data).toEqual({ ...new Cart(), ...data });
          expect(tracked.commit()).toBeUndefined();
          expect(lab.events.at(-1)).toEqual({ session: 'sid', type: 'regenerated', id: session.id });
        }
      });

      it('starts the absolute timeout anew unless told not to', async () => {
        for (const restart of [undefined, true, false]) {
          const lab = new ValueLab();
          const { value } = await lab.client();
          const created = lab.clock.now();
          lab.clock.advance(1000);
          const { session, tracked } = await lab.request(value);
          await session.regenerate(restart === undefined ? {} : { restart });
          expect(lab.open(valueOf(tracked))).toMatchObject({
            createdAt: created,
            idleDeadline: lab.clock.now() + IDLE,
            absoluteDeadline: (restart === false ? created : lab.clock.now()) + ABSOLUTE,
          });
        }
      });

      it('C11: goes out with whatever leaves, and so does every later state', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        expect(sendingOf(tracked)).toBe('always');
        const regenerated = valueOf(tracked);
        session.data.coupon = TOO_MUCH;
        await expect(tracked.commit()).rejects.toThrow(SessionTooLargeError);
        expect(tracked.outgoing).toEqual({ value: regenerated, sending: 'always' });
        delete session.data.coupon;
        session.data.count = 9;
        await tracked.commit();
        expect(sendingOf(tracked)).toBe('always');
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 9 });
      });

      it('twice in one request leaves one value, the last', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        const between = session.id;
        await session.regenerate();
        expect(session.id).not.toBe(between);
        expect(lab.open(valueOf(tracked)).id).toBe(session.id);
      });

      it('rejects when the session is too large, and lets no change of it pass under the old id', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = TOO_MUCH;
        await expect(session.regenerate()).rejects.toThrow(SessionTooLargeError);
        expect(tracked.outgoing).toBeUndefined();
        delete session.data.coupon;
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toMatchObject({
          status: 409,
          message: 'Cannot use session: its secret could not be replaced',
        });
        expect(tracked.outgoing).toBeUndefined();
      });

      it('without revocation ends nothing: the old value lives on until its deadlines', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client();
        await (await lab.request(value)).session.regenerate();
        lab.clock.advance(IDLE - 1);
        expect((await lab.request(value)).session.id).toBe(id);
      });
    });

    describe('destroy()', () => {
      it('makes the client forget it, drops what was set before, and is new afterwards', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        session.data.count = 9;
        await session.destroy();
        expect(tracked.outgoing).toBe('clear');
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBe('clear');
        expect(lab.events.at(-1)).toEqual({ session: 'sid', type: 'destroyed', id });
      });

      it('of a session that this request has made, or changed, sends nothing of it', async () => {
        const lab = new ValueLab();
        const made = await lab.request();
        made.session.data.count = 1;
        await made.session.save();
        await made.session.destroy();
        expect(made.tracked.outgoing).toBe('clear');
        const { value } = await lab.client();
        const changed = await lab.request(value);
        changed.session.data.count = 2;
        await changed.session.save();
        await changed.session.regenerate();
        await changed.session.destroy();
        expect(changed.tracked.commit()).toBeUndefined();
        expect(changed.tracked.outgoing).toBe('clear');
      });

      it('A10: what is set afterwards is a new session, which goes out instead', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client({ count: 7 });
        const { session, tracked } = await lab.request(value);
        await session.destroy();
        session.data.coupon = 'new';
        await tracked.commit();
        expect(lab.open(valueOf(tracked)).id).toBe(session.id);
        expect(session.id).not.toBe(id);
        expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 0, coupon: 'new' });
      });

      it('A12: `data = {}` afterwards sends nothing', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.destroy();
        session.data = {} as Cart;
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBe('clear');
      });
    });

    describe('update()', () => {
      it('changes what the client sent, with own changes, and sends it', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'own';
        const data = await session.update((data) => void (data.count += 1));
        expect(data).toBe(session.data);
        expect(data).toEqual({ items: [], count: 2, coupon: 'own' });
        expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 2, coupon: 'own' });
        expect(tracked.commit()).toBeUndefined();
        expect(lab.log).toEqual(['loaded', 'changed']);
      });

      it('that changes nothing sends nothing, though a default was filled in', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(
          lab.seal({ ...lab.open(value), payload: Buffer.from('{"count":1}') }),
        );
        await session.update((data) => data.count);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log).toEqual(['loaded']);
      });

      it('that changes nothing itself sends what was changed before', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'own';
        await session.update((data) => data.count);
        expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 1, coupon: 'own' });
      });

      it('refuses a function that returns a promise, or throws, and sends nothing', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        await expect(session.update(async (data) => void data.count++)).rejects.toThrow(TypeError);
        const thrower = (data: Cart) => {
          data.count = 9;
          throw new Error('of the function');
        };
        await expect(session.update(thrower)).rejects.toThrow('of the function');
        expect(session.data.count).toBe(1);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
      });

      it('of several in one request each counts once', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        await Promise.all(Array.from({ length: 10 }, () => session.update((data) => void data.count++)));
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 11 });
      });
    });

    describe('take()', () => {
      it('gives a key and removes it, with changes made before', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1, nonce: 'N' });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'X';
        expect(await session.take('nonce')).toBe('N');
        expect(lab.data(valueOf(tracked))).toEqual({ items: [], count: 1, coupon: 'X' });
        expect(session.data.nonce).toBeUndefined();
        expect(await session.take('nonce')).toBeUndefined();
        expect(tracked.commit()).toBeUndefined();
      });

      it('of several in one request exactly one gets it', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ nonce: 'N' });
        const { session } = await lab.request(value);
        const taken = await Promise.all([session.take('nonce'), session.take('nonce'), session.take('nonce')]);
        expect(taken.filter((one) => one === 'N')).toHaveLength(1);
      });

      it('sends nothing when there is nothing to take, and keeps changes to be sent', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        const { session, tracked } = await lab.request(value);
        session.data.coupon = 'Y';
        expect(await session.take('nonce')).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        await tracked.commit();
        expect(lab.data(valueOf(tracked))).toMatchObject({ coupon: 'Y' });
      });

      it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'count'])(
        'gives undefined for %s, which is not in the value, and sends nothing',
        async (key) => {
          const lab = new ValueLab();
          const { value } = await lab.client();
          const { session, tracked } = await lab.request(
            lab.seal({ ...lab.open(value), payload: Buffer.from('{"items":[]}') }),
          );
          expect(await session.take(key as 'nonce')).toBeUndefined();
          expect(tracked.outgoing).toBeUndefined();
        },
      );

      it('gives null and other false values', async () => {
        for (const kept of [null, 0, '', false]) {
          const lab = new ValueLab();
          const { value } = await lab.client({ nonce: kept as unknown as string });
          const { session } = await lab.request(value);
          expect(await session.take('nonce')).toBe(kept);
        }
      });
    });
  });

  describe('without an absolute timeout', () => {
    const forever = { idle: IDLE, absolute: Infinity, touchAfter: TOUCH_AFTER };

    it('lives as long as it is used, and not longer than the idle timeout', async () => {
      const lab = new ValueLab({ timeouts: forever });
      let { value } = await lab.client();
      for (let use = 0; use < 20; use++) {
        lab.clock.advance(IDLE - 1);
        const { session, tracked } = await lab.request(value);
        expect(session.isNew).toBe(false);
        expect(session.expiresAt).toEqual(new Date(lab.open(value).idleDeadline));
        await tracked.commit();
        value = valueOf(tracked);
      }
      lab.clock.advance(IDLE);
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it('regenerates and shows dates that are dates', async () => {
      const lab = new ValueLab({ timeouts: forever });
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      await session.regenerate();
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
      expect(new Date(lab.open(valueOf(tracked)).absoluteDeadline).getTime()).not.toBeNaN();
    });
  });

  it('shows neither id nor data to who looks at its value', async () => {
    const lab = new ValueLab();
    const { id, value } = await lab.client({ coupon: 'THE-DATA' });
    const bytes = Buffer.from(value, 'base64url');
    expect(bytes.includes('THE-DATA')).toBe(false);
    expect(bytes.includes(Buffer.from(id, 'base64url'))).toBe(false);
  });

  it('shows neither value nor data to who looks at its handle', async () => {
    const lab = new ValueLab();
    const { value } = await lab.client({ coupon: 'THE-DATA' });
    const { session } = await lab.request(value);
    expect(session.data.coupon).toBe('THE-DATA');
    for (const options of [{}, { customInspect: false }]) {
      const seen = inspect(session, { depth: Infinity, showHidden: true, ...options }) + JSON.stringify(session);
      expect(seen).toContain(session.id);
      expect(seen).not.toContain('THE-DATA');
      expect(seen).not.toContain(value);
    }
  });

  it('touches only what was opened: a transformer that calls nothing outdated is believed', async () => {
    let outdated = true;
    const telling: SessionTransformer = {
      authenticates: true,
      seal: (bytes) => Uint8Array.from(bytes),
      open: (bytes) => ({ bytes: Uint8Array.from(bytes), ...(outdated && { outdated }) }),
    };
    const lab = new ValueLab({ chain: new TransformerChain([telling], 'value sid') });
    const { value } = await lab.client({ items: ['a'.repeat(50)] });
    const first = await lab.request(value);
    await first.tracked.commit();
    expect(valueOf(first.tracked)).toBeDefined();
    outdated = false;
    const second = await lab.request(value);
    await second.tracked.commit();
    expect(second.tracked.outgoing).toBeUndefined();
  });
});
