import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { DataShape } from '../../../src/session/data-shape.js';
import { randomId } from '../../../src/tracker/token.js';
import { sign } from '../../../src/transformer/sign.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import { ABSOLUTE, Cart, IDLE, KEY, Lab, OTHER_KEY, STORAGE_TIMEOUT, TOUCH_AFTER, valueOf } from './tracker-lab.js';
import { encryptedBy, ValueLab } from './value-lab.js';

/** A value of the right form that nobody has sealed. */
const forged = (value: string): string => `${value.slice(0, 70)}${value[70] === 'A' ? 'B' : 'A'}${value.slice(71)}`;

describe('ValueTracker', () => {
  describe('load()', () => {
    it('A1, A2: without a value gives a new session, and tells the client nothing', async () => {
      const lab = ValueLab.revoking();
      const { session, tracked } = await lab.request();
      expect(session.isNew).toBe(true);
      expect(session.data).toEqual(new Cart());
      expect(tracked.presented).toBeUndefined();
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(lab.log).toEqual([]);
    });

    it('gives the session that its value holds, and asks nobody', async () => {
      const lab = new ValueLab();
      const { id, value } = await lab.client({ count: 5, items: ['tea'] });
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(false);
      expect(session.id).toBe(id);
      expect(session.data).toBeInstanceOf(Cart);
      expect(session.data).toEqual({ count: 5, items: ['tea'] });
      expect(session.createdAt).toEqual(new Date(lab.clock.now()));
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
      expect(tracked.presented).toBe(value);
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(lab.events).toEqual([{ session: 'sid', type: 'loaded', id }]);
    });

    it.each(['', 'x', `${randomId()}.${'A'.repeat(43)}`, 'A'.repeat(63), `${'A'.repeat(99)}=`, 'A'.repeat(8193)])(
      'A7: takes the malformed %j for no session, and clears it',
      async (value) => {
        const lab = ValueLab.revoking();
        const { session, tracked } = await lab.request(value);
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBe('clear');
        expect(lab.storage.calls).toEqual([]);
        expect(lab.log).toEqual(['refused: malformed']);
      },
    );

    it('A7: ignores malformed values beside one that is valid, and clears nothing', async () => {
      const lab = new ValueLab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request('', 'malformed', value, `${value}=`);
      expect(session.id).toBe(id);
      expect(tracked.outgoing).toBeUndefined();
    });

    it('takes what was tampered with, or sealed by another key, for another session or by a token, for none; clears nothing, asks nobody', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      const carried = lab.open(value);
      const others = [
        forged(value),
        value.slice(0, -2),
        (await new ValueLab({ chain: encryptedBy(OTHER_KEY) }).client()).value,
        new ValueLab({ chain: new TransformerChain([sign([KEY])], 'value sid') }).seal(carried),
        (await new Lab({ chain: new TransformerChain([sign([KEY])], 'token sid') }).client()).value,
      ];
      for (const other of others) {
        const { session, tracked } = await lab.request(other);
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.outgoing).toBeUndefined();
      }
      expect(lab.log).toEqual(others.map(() => 'refused: signature'));
      expect(lab.events.map((event) => event.id)).toEqual(others.map(() => undefined));
      expect(lab.storage.calls).toEqual([]);
    });

    it('takes what is authentic and of no format that it knows for none, and clears nothing', async () => {
      const lab = new ValueLab();
      const { tracked } = await lab.request(encryptedBy(KEY).seal(Buffer.from('{"v":2}'.padEnd(100))));
      expect(tracked.handle.isNew).toBe(true);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual(['refused: signature']);
    });

    it('E1: finds it until the idle deadline, and no more from that instant on; does not clear it', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      lab.clock.advance(IDLE - 1);
      expect((await lab.request(value)).session.isNew).toBe(false);
      lab.clock.advance(1);
      lab.storage.calls.length = lab.events.length = 0;
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.events).toEqual([{ session: 'sid', type: 'refused', id, reason: 'expired' }]);
      expect(lab.storage.calls).toEqual([]);
    });

    it('C7: ends it at its absolute deadline, whatever the use', async () => {
      const lab = new ValueLab();
      let { value } = await lab.client();
      for (let used = 0; used < ABSOLUTE; used += IDLE / 2) {
        const { session, tracked } = await lab.request(value);
        expect(session.isNew).toBe(false);
        session.data.count++;
        await tracked.commit();
        value = valueOf(tracked);
        lab.clock.advance(IDLE / 2);
      }
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it.each(['', '{', '[]', 'null'])(
      'A16: takes the payload %j for no session, and does not clear it',
      async (text) => {
        const lab = new ValueLab();
        const { id, value } = await lab.client();
        const { session, tracked } = await lab.request(lab.seal({ ...lab.open(value), payload: Buffer.from(text) }));
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.events).toEqual([{ session: 'sid', type: 'refused', id, reason: 'record' }]);
      },
    );

    it('fills in a default that the value lacks, and sends nothing for that', async () => {
      const lab = new ValueLab();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(lab.seal({ ...lab.open(value), payload: Buffer.from('{}') }));
      expect(session.data).toEqual(new Cart());
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
    });

    describe('with several values', () => {
      it('takes the one that is valid, beside one that is not', async () => {
        const lab = new ValueLab();
        const { id, value } = await lab.client();
        for (const values of [
          [value, forged(value)],
          [forged(value), value],
        ]) {
          const { session, tracked } = await lab.request(...values);
          expect(session.id).toBe(id);
          expect(tracked.presented).toBe(value);
          expect(tracked.outgoing).toBeUndefined();
        }
      });

      it('gives a session that takes no change when two are valid, and neither sets nor clears', async () => {
        const lab = new ValueLab();
        const [one, other] = [await lab.client(), await lab.client()];
        const { session, tracked } = await lab.request(one.value, other.value);
        expect(lab.log).toEqual(['refused: duplicates']);
        expect(session.isNew).toBe(true);
        expect([one.id, other.id]).not.toContain(session.id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.presented).toBeUndefined();
        expect(tracked.commit()).toBeUndefined();
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toMatchObject({
          status: 409,
          message: 'Cannot use session: the request presents two different ones',
        });
        expect(tracked.outgoing).toBeUndefined();
      });

      it.each([0, 1])('takes the later of two states of one session, %d ms apart; else the first', async (apart) => {
        const lab = new ValueLab();
        const { value } = await lab.client({ count: 1 });
        lab.clock.advance(apart);
        const change = await lab.request(value);
        change.session.data.count = 2;
        await change.tracked.commit();
        const later = valueOf(change.tracked);
        const counts: number[] = [];
        for (const values of [
          [value, later],
          [later, value],
        ]) {
          const { session } = await lab.request(...values);
          counts.push(session.data.count);
        }
        expect(counts).toEqual(apart === 0 ? [1, 2] : [2, 2]);
      });

      it('opens none of more than two, and gives a new session', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value, forged(value), forged(forged(value)).replace(/^./, 'B'));
        expect(lab.log).toEqual(['refused: duplicates']);
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
        session.data.count = 1;
        await tracked.commit();
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 1 });
      });

      it('gives a new session when neither of two is valid', async () => {
        const lab = new ValueLab();
        const { value } = await lab.client();
        lab.clock.advance(IDLE);
        const { session, tracked } = await lab.request(value, forged(value));
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log).toEqual(['refused: expired', 'refused: signature']);
        session.data.count = 1;
        await tracked.commit();
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 1 });
      });
    });

    describe('where it is revocable', () => {
      it('asks once whether it was, a cache allowed', async () => {
        const lab = ValueLab.revoking();
        const { value } = await lab.client();
        expect((await lab.request(value)).session.isNew).toBe(false);
        expect(lab.storage.calls).toEqual(['read']);
      });

      it('C1: takes one that was ended for none, does not clear it, and lets a new one begin', async () => {
        const lab = ValueLab.revoking();
        const { id, value } = await lab.client();
        const logout = await lab.request(value);
        await logout.session.destroy();
        lab.events.length = 0;
        const { session, tracked } = await lab.request(value);
        expect(lab.events).toEqual([{ session: 'sid', type: 'refused', id, reason: 'revoked' }]);
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.outgoing).toBeUndefined();
        session.data.count = 1;
        await tracked.commit();
        expect(lab.open(valueOf(tracked)).id).toBe(session.id);
      });

      it('C10: of one that was replaced gives a session that takes no change within 60 s, and sends nothing', async () => {
        const lab = ValueLab.revoking();
        const { value } = await lab.client();
        const login = await lab.request(value);
        await login.session.regenerate();
        lab.clock.advance(59_999);
        lab.events.length = 0;
        const { session, tracked } = await lab.request(value);
        expect(lab.log).toEqual(['refused: revoked']);
        expect(session.isNew).toBe(true);
        expect(session.data).toEqual(new Cart());
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toMatchObject({
          status: 409,
          message: 'Cannot use session: it was replaced a moment ago',
        });
        expect(tracked.outgoing).toBeUndefined();
      });

      it('C10: from 60 s on takes it for any that has ended', async () => {
        const lab = ValueLab.revoking();
        const { value } = await lab.client();
        await (await lab.request(value)).session.regenerate();
        lab.clock.advance(60_000);
        const { session, tracked } = await lab.request(value);
        session.data.count = 9;
        await tracked.commit();
        expect(lab.data(valueOf(tracked))).toMatchObject({ count: 9 });
      });

      it('takes the current value beside the one that it replaced, which the browser has twice', async () => {
        const lab = ValueLab.revoking();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        const both = await lab.request(value, valueOf(tracked));
        expect(both.session.id).toBe(session.id);
        both.session.data.count = 9;
        await both.tracked.commit();
        expect(lab.data(valueOf(both.tracked))).toMatchObject({ count: 9 });
      });

      it('D1: rejects with 503 when the storage fails, and tells of it: it may have ended', async () => {
        const lab = ValueLab.revoking();
        const { id, value } = await lab.client();
        lab.storage.onRead.push(() => Promise.reject(new Error('down')));
        await expect(lab.request(value)).rejects.toThrow(SessionStorageError);
        expect(lab.log).toEqual(['storageFailed: Cannot use session storage: it failed, Error']);
        expect(lab.events[0]?.id).toBe(id);
      });

      it('D2: rejects with 503 when the storage hangs', async () => {
        const lab = ValueLab.revoking();
        const { value } = await lab.client();
        lab.storage.onRead.push(() => new Promise(() => undefined));
        const failure = lab.request(value);
        lab.clock.advance(STORAGE_TIMEOUT);
        await expect(failure).rejects.toMatchObject({ status: 503 });
      });
    });
  });

  it('find() throws: the server does not have it', async () => {
    const lab = ValueLab.revoking();
    await expect(lab.tracker.find()).rejects.toThrow(
      new TypeError('Cannot find session: "sid" lives at its clients, and is read in their requests only'),
    );
  });

  describe('invalidate()', () => {
    it('throws where nothing could end it', async () => {
      const lab = new ValueLab();
      const { id } = await lab.client();
      await expect(lab.tracker.invalidate(id)).rejects.toThrow(
        new TypeError(
          'Cannot invalidate session: "sid" lives at its clients: give it clientSide: { revocation } to end it here',
        ),
      );
    });

    it('ends a session: its client is without it; tells whether this call did', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      expect(await lab.tracker.invalidate(id)).toBe(true);
      expect(lab.events).toEqual([{ session: 'sid', type: 'destroyed', id }]);
      expect((await lab.request(value)).session.isNew).toBe(true);
      lab.events.length = 0;
      expect(await lab.tracker.invalidate(id)).toBe(false);
      expect(lab.events).toEqual([]);
    });

    it('ends it for as long as its value could live', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      await lab.tracker.invalidate(id);
      lab.clock.advance(ABSOLUTE - 1);
      const kept = lab.seal({ ...lab.open(value), idleDeadline: Infinity });
      expect((await lab.request(kept)).session.isNew).toBe(true);
      expect(lab.log.at(-1)).toBe('refused: revoked');
      expect(lab.storage.memory.size).toBe(1);
      lab.clock.advance(1);
      expect(await lab.storage.record(id)).toBeUndefined();
    });

    it('says that it did not end one that was replaced', async () => {
      const lab = ValueLab.revoking();
      const { id, value } = await lab.client();
      await (await lab.request(value)).session.regenerate();
      expect(await lab.tracker.invalidate(id)).toBe(false);
    });

    it.each(['', '../x', 'a b', 'a'.repeat(256)])('tells that there was none for %j, and asks nobody', async (id) => {
      const lab = ValueLab.revoking();
      expect(await lab.tracker.invalidate(id)).toBe(false);
      expect(lab.storage.calls).toEqual([]);
    });

    it('D1: rejects with 503 when the storage fails, and tells of it', async () => {
      const lab = ValueLab.revoking();
      const { id } = await lab.client();
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(lab.tracker.invalidate(id)).rejects.toThrow(SessionStorageError);
      expect(lab.log).toEqual(['storageFailed: Cannot use session storage: it failed, Error']);
    });
  });

  it('D11: settled() waits for a verb under way', async () => {
    const lab = ValueLab.revoking();
    const { value } = await lab.client();
    const { session } = await lab.request(value);
    let go = (): void => undefined;
    lab.storage.onWrite.push(async (write) => {
      await new Promise<void>((resolve) => (go = resolve));
      return write();
    });
    const verb = session.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    let settled = false;
    const waiting = lab.tracker.settled().then(() => (settled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    go();
    await Promise.all([waiting, verb]);
  });

  it('is opened by every node that has the key, with nothing shared but that', async () => {
    const lab = new ValueLab();
    const { id, value } = await lab.client({ count: 3 });
    const node = lab.another({ shape: new DataShape(new JsonSerializer(), Cart), chain: encryptedBy(KEY) });
    lab.clock.advance(TOUCH_AFTER - 1);
    const { session } = await lab.requestOf(node, value);
    expect(session.id).toBe(id);
    expect(session.data.count).toBe(3);
  });
});
