import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../src/errors.js';
import { encodeRecord } from '../../../src/record/record.js';
import { DataShape } from '../../../src/session/data-shape.js';
import type { SessionSerializer } from '../../../src/record/session-serializer.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { formatToken, parseToken, randomId, randomSecret } from '../../../src/tracker/token.js';
import type { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import { PlainStorage } from '../storage/plain-storage.js';
import {
  ABSOLUTE,
  Cart,
  IDLE,
  KEY,
  Lab,
  OTHER_KEY,
  signedBy,
  STORAGE_TIMEOUT,
  TOUCH_AFTER,
  valueOf,
} from './tracker-lab.js';

const token = (): string => formatToken({ id: randomId(), secret: randomSecret() });
const withOtherSecret = (value: string): string => formatToken({ id: value.slice(0, 22), secret: randomSecret() });

/** Puts bytes under an id, past everything. */
const plant = (lab: Lab, id: string, bytes: Uint8Array) =>
  lab.storage.memory.write(id, streamOf(bytes), { expiresAt: lab.clock.now() + ABSOLUTE });

describe('IdTracker', () => {
  describe('load()', () => {
    it('A1, A2: without a value gives a new session, and asks nobody', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request();
      expect(session.isNew).toBe(true);
      expect(session.data).toEqual(new Cart());
      expect(tracked.presented).toBeUndefined();
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual([]);
      expect(lab.log).toEqual([]);
    });

    it('gives the stored session of its value, with one read', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client({ count: 5, items: ['tea'] });
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(false);
      expect(session.id).toBe(id);
      expect(session.data).toBeInstanceOf(Cart);
      expect(session.data).toEqual({ count: 5, items: ['tea'] });
      expect(session.createdAt).toEqual(new Date(lab.clock.now()));
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
      expect(tracked.presented).toBe(value);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.storage.calls).toEqual(['read']);
      expect(lab.log).toEqual(['loaded']);
    });

    it.each([
      '',
      'x',
      '../../etc/passwd',
      '%2e%2e',
      '%zz',
      '"quoted"',
      'a\u0000b',
      'x\r\nSet-Cookie: a=b',
      'A'.repeat(2 ** 20),
    ])('A7: takes the malformed %j for no session, asks nobody, and clears it', async (value) => {
      const lab = new Lab();
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(tracked.outgoing).toBe('clear');
      expect(lab.storage.calls).toEqual([]);
      expect(lab.log).toEqual(['refused: malformed']);
      expect(lab.events[0]?.id).toBeUndefined();
    });

    it('A7: sends a new token instead of clearing when the session is then used', async () => {
      const lab = new Lab();
      const { session, tracked } = await lab.request('malformed');
      session.data.count = 1;
      await tracked.commit();
      expect(parseToken(valueOf(tracked), false)?.id).toBe(session.id);
    });

    it('A7: ignores malformed values beside a well-formed one, and clears nothing', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request('', 'malformed', value, value.slice(1));
      expect(session.id).toBe(id);
      expect(tracked.outgoing).toBeUndefined();
      const unknown = await lab.request('malformed', token());
      expect(unknown.tracked.outgoing).toBeUndefined();
    });

    it('A5: never adopts the id of an unknown token, stores nothing for it and does not clear it', async () => {
      const lab = new Lab();
      const value = token();
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(value.slice(0, 22));
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual(['refused: unknown']);
      session.data.count = 1;
      await tracked.commit();
      expect(await lab.storage.record(value.slice(0, 22))).toBeUndefined();
      expect(lab.storage.memory.size).toBe(1);
      expect(valueOf(tracked).slice(0, 22)).toBe(session.id);
    });

    it('A8: takes the right id with a wrong secret for unknown, and moves no deadline', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const before = await lab.storage.record(id);
      lab.clock.advance(2 * TOUCH_AFTER);
      const { session, tracked } = await lab.request(withOtherSecret(value));
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(session.data).toEqual(new Cart());
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.outgoing).toBeUndefined();
      expect(await lab.storage.record(id)).toEqual(before);
      expect(lab.log).toEqual(['refused: secret']);
    });

    it('E1: finds it until the idle deadline, and no more from that instant on, though the storage still has it', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const record = await lab.storage.record(id);
      if (record === undefined) throw new Error('not stored');
      await lab.storage.memory.write(id, streamOf(encodeRecord(record)), { expiresAt: Number.MAX_SAFE_INTEGER });
      lab.clock.advance(IDLE - 1);
      expect((await lab.request(value)).session.isNew).toBe(false);
      lab.clock.advance(1);
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(session.id).not.toBe(id);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log.at(-1)).toBe('refused: expired');
    });

    it('C7: ends it at its absolute deadline, whatever the use', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      for (let used = 0; used < ABSOLUTE - TOUCH_AFTER; used += IDLE / 2) {
        const { session, tracked } = await lab.request(value);
        expect(session.isNew).toBe(false);
        session.data.count++;
        await tracked.commit();
        lab.clock.advance(IDLE / 2);
      }
      expect((await lab.request(value)).session.isNew).toBe(true);
    });

    it('finds no session of another name in the same storage', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      const other = lab.another({ name: 'other' });
      const tracked = await other.load([value], { request: undefined, reply: (await lab.request()).reply });
      expect(tracked.handle.isNew).toBe(true);
      expect(lab.log).toEqual(['refused: other session']);
    });

    it.each<[string, Uint8Array]>([
      ['random bytes', Uint8Array.from({ length: 100 }, (_, index) => index * 7)],
      ['nothing', new Uint8Array()],
      ['another version', Buffer.from('{"v":2}\n{}')],
    ])('A16: takes %s in the storage for no session, with one event and no clearing', async (_, bytes) => {
      const lab = new Lab();
      const value = token();
      await plant(lab, value.slice(0, 22), bytes);
      const { session, tracked } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(tracked.outgoing).toBeUndefined();
      expect(lab.log).toEqual(['refused: record']);
    });

    it.each(['', '{', '[]', 'null'])('A16: takes a record with the payload %j for no session', async (payload) => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const record = await lab.storage.record(id);
      if (record === undefined) throw new Error('not stored');
      await plant(lab, id, encodeRecord({ ...record, payload: Buffer.from(payload) }));
      const { session } = await lab.request(value);
      expect(session.isNew).toBe(true);
      expect(lab.log).toEqual(['refused: record']);
    });

    it('A16: takes a payload that the serializer of an app cannot read for no session, whatever it throws', async () => {
      class Strict implements SessionSerializer {
        readonly #json = new JsonSerializer();
        serialize(data: object): Uint8Array {
          return this.#json.serialize(data);
        }
        deserialize(): object {
          throw new RangeError('not mine');
        }
      }
      const lab = new Lab();
      const { value } = await lab.client();
      const tracker = lab.another({ shape: new DataShape<Cart>(new Strict(), Cart) });
      const tracked = await tracker.load([value], { request: undefined, reply: (await lab.request()).reply });
      expect(tracked.handle.isNew).toBe(true);
      expect(lab.log).toEqual(['refused: record']);
    });

    describe('with several values', () => {
      it('takes the one that is valid, beside one that is not', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        for (const values of [
          [value, token()],
          [token(), value],
          [withOtherSecret(value), value],
        ]) {
          const { session, tracked } = await lab.request(...values);
          expect(session.id).toBe(id);
          expect(tracked.outgoing).toBeUndefined();
        }
      });

      it('gives a session that takes no change when two are valid, and neither sets nor clears a cookie', async () => {
        const lab = new Lab();
        const [one, other] = [await lab.client(), await lab.client()];
        const { session, tracked } = await lab.request(one.value, other.value);
        expect(lab.log).toEqual(['refused: duplicates']);
        expect(session.isNew).toBe(true);
        expect([one.id, other.id]).not.toContain(session.id);
        expect(session.data).toEqual(new Cart());
        expect(tracked.commit()).toBeUndefined();
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toMatchObject({
          status: 409,
          message: 'Cannot use session: the request presents two different ones',
        });
        expect(tracked.outgoing).toBeUndefined();
        expect(await lab.storage.data(one.id)).toEqual({ items: [], count: 1 });
        expect(lab.storage.memory.size).toBe(2);
      });

      it('looks up none of more than two, and gives a new session', async () => {
        const lab = new Lab();
        const { value } = await lab.client();
        const { session, tracked } = await lab.request(value, token(), token());
        expect(lab.storage.calls).toEqual([]);
        expect(lab.log).toEqual(['refused: duplicates']);
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
      });

      it('gives a new session when neither of two is valid', async () => {
        const lab = new Lab();
        const { session, tracked } = await lab.request(token(), token());
        expect(session.isNew).toBe(true);
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.log).toEqual(['refused: unknown', 'refused: unknown']);
      });
    });

    describe('with the secret before the last', () => {
      async function replaced() {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 5 });
        const { session, tracked } = await lab.request(value);
        await session.regenerate();
        lab.events.length = 0;
        return { lab, id, old: value, current: valueOf(tracked) };
      }

      it('C10: gives a session that takes no change within 60 s, and no cookie', async () => {
        const { lab, id, old } = await replaced();
        lab.clock.advance(59_999);
        const { session, tracked } = await lab.request(old);
        expect(lab.log).toEqual(['refused: previous secret']);
        expect(session.isNew).toBe(true);
        expect(session.data).toEqual(new Cart());
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toMatchObject({
          status: 409,
          message: 'Cannot use session: its secret was replaced a moment ago',
        });
        expect(tracked.outgoing).toBeUndefined();
        expect(await lab.storage.data(id)).toEqual({ items: [], count: 5 });
      });

      it('C10: from 60 s on takes it for any wrong secret', async () => {
        const { lab, id, old } = await replaced();
        lab.clock.advance(60_000);
        const { session } = await lab.request(old);
        expect(lab.log).toEqual(['refused: secret']);
        expect(session.isNew).toBe(true);
        expect(session.id).not.toBe(id);
      });

      it('takes the current secret beside it, which the browser has twice', async () => {
        const { lab, id, old, current } = await replaced();
        const { session } = await lab.request(old, current);
        expect(session.id).toBe(id);
      });
    });

    describe('from a cache', () => {
      it('believes it when the record fits: one read', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        await lab.storage.cache(id);
        const { session } = await lab.request(value);
        expect(session.isNew).toBe(false);
        expect(lab.storage.calls).toEqual(['read']);
      });

      it('C9: reads again, fresh, before it refuses a secret that another node may have set', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client({ count: 1 });
        await lab.storage.cache(id);
        const login = await lab.request(value);
        login.session.data.count = 2;
        await login.session.regenerate();
        lab.storage.calls.length = 0;
        const { session } = await lab.request(valueOf(login.tracked));
        expect(lab.storage.calls).toEqual(['read', 'read fresh']);
        expect(session.id).toBe(id);
        expect(session.data.count).toBe(2);
      });

      it('reads again, fresh, before it refuses what seems expired: another node may have touched it', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        await lab.storage.cache(id);
        lab.clock.advance(IDLE - 1);
        const use = await lab.request(value);
        use.session.data.count = 2;
        await use.tracked.commit();
        lab.clock.advance(1);
        lab.storage.calls.length = 0;
        const { session } = await lab.request(value);
        expect(lab.storage.calls).toEqual(['read', 'read fresh']);
        expect(session.isNew).toBe(false);
      });

      it('reads again once, and then refuses', async () => {
        const lab = new Lab();
        const { id, value } = await lab.client();
        await lab.storage.cache(id);
        const { session } = await lab.request(withOtherSecret(value));
        expect(lab.storage.calls).toEqual(['read', 'read fresh']);
        expect(session.isNew).toBe(true);
        expect(lab.log).toEqual(['refused: secret']);
      });
    });

    describe('with keys', () => {
      const sealed = (chain: TransformerChain, text: string): string => chain.seal(Buffer.from(text));
      const bytesOf = (value: string): Buffer => Buffer.from(value, 'base64url');

      it('hands out a token that a stranger cannot make, and takes it back', async () => {
        const lab = new Lab({ chain: signedBy(KEY) });
        const { id, value } = await lab.client({ count: 5 });
        expect(value).toMatch(/^[A-Za-z0-9_-]+$/);
        const { session, tracked } = await lab.request(value);
        expect(session.id).toBe(id);
        expect(session.data.count).toBe(5);
        expect(tracked.presented).toBe(value);
        expect(tracked.commit()).toBeUndefined();
        expect(tracked.outgoing).toBeUndefined();
        expect(lab.storage.calls).toEqual(['read']);
      });

      it('refuses a forged token without asking the storage, and does not clear it', async () => {
        const lab = new Lab({ chain: signedBy(KEY) });
        const { value } = await lab.client();
        const other = token();
        const forged = [
          `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`,
          Buffer.concat([Buffer.from(other), bytesOf(value).subarray(other.length)]).toString('base64url'),
          bytesOf(value).subarray(0, other.length).toString(),
          bytesOf(value).subarray(0, other.length).toString('base64url'),
          sealed(signedBy(OTHER_KEY), token()),
        ];
        for (const value of forged) {
          const { session, tracked } = await lab.request(value);
          expect(session.isNew).toBe(true);
          expect(tracked.outgoing).toBeUndefined();
        }
        expect(lab.storage.calls).toEqual([]);
        expect(lab.log).toEqual(forged.map(() => 'refused: signature'));
        expect(lab.events.map(({ id }) => id)).toEqual(forged.map(() => undefined));
      });

      it('refuses what its own key has signed and what is no token', async () => {
        const lab = new Lab({ chain: signedBy(KEY) });
        for (const text of ['', 'x'.repeat(66), `../${token()}`]) {
          const { session, tracked } = await lab.request(sealed(signedBy(KEY), text.padEnd(20, '!')));
          expect(session.isNew).toBe(true);
          expect(tracked.outgoing).toBeUndefined();
        }
        expect(lab.storage.calls).toEqual([]);
        expect(lab.log).toEqual(['refused: signature', 'refused: signature', 'refused: signature']);
      });

      it('F3: accepts the old key second in the list', async () => {
        const lab = new Lab({ chain: signedBy(KEY) });
        const { id, value } = await lab.client();
        const rotated = lab.another({ chain: signedBy(OTHER_KEY, KEY) });
        const reply = (await lab.request()).reply;
        expect((await rotated.load([value], { request: undefined, reply })).handle.id).toBe(id);
        const retired = lab.another({ chain: signedBy(OTHER_KEY) });
        expect((await retired.load([value], { request: undefined, reply })).handle.isNew).toBe(true);
      });

      it('takes one token under two keys for one session, not for two, with one read', async () => {
        const lab = new Lab({ chain: signedBy(KEY, OTHER_KEY) });
        const { id, value } = await lab.client();
        const text = bytesOf(value).subarray(0, token().length).toString();
        for (const keys of [[KEY, OTHER_KEY] as const, [OTHER_KEY, KEY] as const]) {
          lab.storage.calls.length = 0;
          const [one, two] = keys.map((key) => sealed(signedBy(key), text)) as [string, string];
          const { session } = await lab.request(one, two);
          expect(session.id).toBe(id);
          expect(lab.storage.calls).toEqual(['read']);
        }
      });

      it('gives a session that takes no change when two tokens are valid', async () => {
        const lab = new Lab({ chain: signedBy(KEY, OTHER_KEY) });
        const [one, other] = [await lab.client(), await lab.client()];
        const { session, tracked } = await lab.request(one.value, other.value);
        session.data.count = 9;
        await expect(tracked.commit()).rejects.toThrow('the request presents two different ones');
        expect(tracked.outgoing).toBeUndefined();
      });

      it('does not clear a signed token where there are no keys, nor an unsigned one where there are', async () => {
        const unsigned = new Lab();
        expect((await unsigned.request(sealed(signedBy(KEY), token()))).tracked.outgoing).toBeUndefined();
        const signed = new Lab({ chain: signedBy(KEY) });
        expect((await signed.request(token())).tracked.outgoing).toBeUndefined();
        expect([...unsigned.storage.calls, ...signed.storage.calls]).toEqual([]);
      });

      it('A7: clears what is neither a token nor base64url as it seals', async () => {
        const lab = new Lab({ chain: signedBy(KEY) });
        const { value } = await lab.client();
        const malformed = [
          `${token()}.${'A'.repeat(43)}`,
          `${token()}!${'A'.repeat(43)}`,
          `${value}=`,
          `${value}\u0000`,
          `${value.slice(0, -1)}+`,
          value.slice(0, 63),
          'A'.repeat(8193),
        ];
        for (const value of malformed) {
          const { tracked } = await lab.request(value);
          expect(tracked.outgoing).toBe('clear');
        }
        expect(lab.storage.calls).toEqual([]);
      });
    });

    it('D1: rejects with 503 when the storage fails, and tells of it', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      lab.storage.onRead.push(() => Promise.reject(new Error('down')));
      await expect(lab.request(value)).rejects.toThrow(SessionStorageError);
      expect(lab.log).toEqual(['storageFailed: Cannot use session storage: it failed, Error']);
    });

    it('D2: rejects with 503 when the storage hangs', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      lab.storage.onRead.push(() => new Promise(() => undefined));
      const failure = lab.request(value);
      lab.clock.advance(STORAGE_TIMEOUT);
      await expect(failure).rejects.toMatchObject({ status: 503 });
    });
  });

  describe('find()', () => {
    it('gives facts and data of a session, past every cache, without its secret', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client({ count: 5 });
      const found = await lab.tracker.find(id);
      expect(found).toEqual({
        id,
        createdAt: new Date(lab.clock.now()),
        expiresAt: new Date(lab.clock.now() + IDLE),
        data: { items: [], count: 5 },
      });
      expect(found?.data).toBeInstanceOf(Cart);
      expect(JSON.stringify(found)).not.toContain(value.slice(23));
      expect(lab.storage.calls).toEqual(['read fresh']);
    });

    it('gives a snapshot: changing it changes nothing', async () => {
      const lab = new Lab();
      const { id } = await lab.client({ count: 5 });
      const found = await lab.tracker.find(id);
      found?.data.items.push('x');
      expect((await lab.tracker.find(id))?.data.items).toEqual([]);
    });

    it.each(['', '../x', 'a b', 'a'.repeat(256), 'unknown'])('gives undefined for %j', async (id) => {
      const lab = new Lab();
      expect(await lab.tracker.find(id)).toBeUndefined();
    });

    it('gives undefined for one of another name, and from the instant on at which it expires', async () => {
      const lab = new Lab();
      const { id } = await lab.client();
      expect(await lab.another({ name: 'other' }).find(id)).toBeUndefined();
      lab.clock.advance(IDLE - 1);
      expect(await lab.tracker.find(id)).toBeDefined();
      lab.clock.advance(1);
      expect(await lab.tracker.find(id)).toBeUndefined();
    });

    it('A16: gives undefined for what is no record', async () => {
      const lab = new Lab();
      await plant(lab, 'an-id', Buffer.from('random'));
      expect(await lab.tracker.find('an-id')).toBeUndefined();
    });

    it("A16: gives undefined for a record whose payload is not the serializer's", async () => {
      const lab = new Lab();
      const { id } = await lab.client();
      const record = await lab.storage.record(id);
      if (record === undefined) throw new Error('not stored');
      await plant(lab, id, encodeRecord({ ...record, payload: Buffer.from('{') }));
      expect(await lab.tracker.find(id)).toBeUndefined();
    });
  });

  describe('invalidate()', () => {
    it('ends a session: its client is without it', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      expect(await lab.tracker.invalidate(id)).toBe(true);
      expect(lab.log).toEqual(['destroyed']);
      expect(lab.storage.memory.size).toBe(0);
      expect((await lab.request(value)).session.isNew).toBe(true);
      expect(await lab.tracker.invalidate(id)).toBe(false);
    });

    it.each(['', '../x', 'unknown'])('tells that there was none for %j', async (id) => {
      expect(await new Lab().tracker.invalidate(id)).toBe(false);
    });

    it('leaves one of another name alone', async () => {
      const lab = new Lab();
      const { id } = await lab.client();
      expect(await lab.another({ name: 'other' }).invalidate(id)).toBe(false);
      expect(lab.storage.memory.size).toBe(1);
    });

    it('C1: a request in flight does not bring it back', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      session.data.count = 9;
      await lab.tracker.invalidate(id);
      await tracked.commit();
      expect(lab.storage.memory.size).toBe(0);
      expect(tracked.outgoing).toBeUndefined();
    });
  });

  describe('over a storage without conditional writes', () => {
    it('stores, merges and ends as over any other', async () => {
      const lab = new Lab();
      const plain = new PlainStorage(lab.clock);
      const tracker = lab.another({ storage: plain });
      const { reply } = await lab.request();
      const request = async (...values: string[]) => {
        const tracked = await tracker.load(values, { request: undefined, reply });
        return { tracked, session: tracked.handle };
      };
      const created = await request();
      created.session.data['count'] = 1;
      await created.tracked.commit();
      const value = valueOf(created.tracked);
      const [a, b] = [await request(value), await request(value)];
      a.session.data['a'] = 1;
      b.session.data['b'] = 2;
      await Promise.all([a.tracked.commit(), b.tracked.commit()]);
      const stored = await request(value);
      expect(stored.session.data).toMatchObject({ count: 1, a: 1, b: 2 });
      const logout = await request(value);
      stored.session.data['count'] = 9;
      await logout.session.destroy();
      await stored.tracked.commit();
      expect((await request(value)).session.isNew).toBe(true);
      expect(plain.calls.at(-2)).not.toMatch(/write/);
    });
  });

  describe('settled()', () => {
    it('D11: resolves when no touch is under way', async () => {
      const lab = new Lab();
      const { id, value } = await lab.client();
      lab.clock.advance(TOUCH_AFTER);
      const { tracked } = await lab.request(value);
      let go = (): void => undefined;
      lab.storage.onWrite.push(async (write) => {
        await new Promise<void>((resolve) => (go = resolve));
        return write();
      });
      expect(tracked.commit()).toBeUndefined();
      let settled = false;
      const waiting = lab.tracker.settled().then(() => (settled = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(settled).toBe(false);
      go();
      await waiting;
      expect((await lab.storage.record(id))?.header.idleDeadline).toBe(lab.clock.now() + IDLE);
      await lab.tracker.settled();
    });
  });
});
