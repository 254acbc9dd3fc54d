import { describe, expect, it } from 'vitest';
import { SessionTooLargeError } from '../../../src/errors.js';
import { appSession, type AppSession } from '../../../src/module/app-session.js';
import { defineSession } from '../../../src/module/session-definition.js';
import type { SessionOptions } from '../../../src/module/sessions-options.js';
import type { SessionStorage } from '../../../src/storage/session-storage.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { IdTracker } from '../../../src/tracker/id-tracker.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import type { TrackedSession } from '../../../src/tracker/tracked-session.js';
import { ValueTracker } from '../../../src/tracker/value-tracker.js';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { sign } from '../../../src/transformer/sign.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import { CookieTransport } from '../../../src/transport/cookie-transport.js';
import { HeaderTransport } from '../../../src/transport/header-transport.js';
import { TransportChain } from '../../../src/transport/transport-chain.js';

const KEY = 'k'.repeat(32);

class Cart {
  count = 0;
}

function bench() {
  const clock = new ManualClock();
  const events: SessionEvent[] = [];
  const storage = new SessionStorageMemory({ clock });
  const build = (options: SessionOptions, kept: SessionStorage | undefined = storage): AppSession =>
    appSession(defineSession(options, ''), kept, clock, (event) => events.push(event));
  /** A session by value, with nothing kept. */
  const byValue = (options: SessionOptions): AppSession =>
    appSession(defineSession({ clientSide: true, ...options }, ''), undefined, clock, (event) => events.push(event));
  return { clock, events, storage, build, byValue };
}

const load = ({ tracker }: AppSession, ...values: string[]): Promise<TrackedSession> =>
  tracker.load(values, { request: { is: 'the request' }, reply: { state: 'open', outage: () => undefined } });

/** What a client is handed that puts `data` into a session. */
async function handed(session: AppSession, data: object): Promise<string> {
  const tracked = await load(session);
  Object.assign(tracked.handle.data, data);
  await tracked.commit();
  if (typeof tracked.outgoing !== 'object') throw new Error('nothing goes out');
  return tracked.outgoing.value;
}

describe('appSession()', () => {
  it('keeps name, class and storage', () => {
    const { build, storage } = bench();
    expect(build({ name: 'cart', type: Cart })).toMatchObject({ name: 'cart', type: Cart, storage });
  });

  describe('by id', () => {
    it('keeps the data in the storage, and hands out a token', async () => {
      const { build, storage, events } = bench();
      const session = build({ type: Cart });
      expect(session.tracker).toBeInstanceOf(IdTracker);
      const value = await handed(session, { count: 3 });
      expect(value).toMatch(/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/);
      expect(storage.size).toBe(1);
      const { handle } = await load(session, value);
      expect(handle.data).toBeInstanceOf(Cart);
      expect(handle.data).toEqual({ count: 3 });
      expect(events.map(({ type }) => type)).toEqual(['created', 'loaded']);
    });

    it('F3: keeps to its derivation: tokens that are out stay good', async () => {
      const { build } = bench();
      const session = build({ name: 'cart', keys: [KEY] });
      const value = await handed(session, { count: 3 });
      const opened = new TransformerChain([sign([KEY])], 'token cart').open(value);
      expect(Buffer.from(opened?.bytes ?? []).toString()).toMatch(/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/);
      const same = build({ name: 'cart', transformers: [sign([KEY])] });
      expect((await load(same, value)).handle.isNew).toBe(false);
    });

    it('signs with a key of the session alone: the token of another says nothing', async () => {
      const { build, events } = bench();
      const value = await handed(build({ name: 'a', keys: [KEY] }), { count: 3 });
      expect((await load(build({ name: 'b', keys: [KEY] }), value)).handle.isNew).toBe(true);
      expect(events.at(-1)).toMatchObject({ session: 'b', reason: 'signature' });
    });

    it('names ids by `generateId`, with the request', async () => {
      const { build } = bench();
      const session = build({ generateId: (request) => `by-${Object.keys(request as object).join('-')}` });
      expect(await handed(session, { count: 1 })).toMatch(/^by-is\./);
    });

    it('hands its token out anew with each write where the cookie lasts for a limited time, and only there', async () => {
      for (const [cookie, refreshes] of [
        [{ maxAge: '1h' }, true],
        [{}, false],
      ] as const) {
        const { build } = bench();
        const session = build({ cookie });
        const value = await handed(session, { count: 1 });
        const tracked = await load(session, value);
        tracked.handle.data['count'] = 2;
        await tracked.commit();
        expect(tracked.outgoing).toEqual(refreshes ? { value, sending: 'once' } : undefined);
      }
    });

    it('waits for its storage as long as its options say', async () => {
      const { build, clock, storage } = bench();
      const session = build({ storageTimeout: 70 });
      const value = await handed(session, { count: 1 });
      storage.read = () => new Promise(() => undefined);
      const loading = load(session, value);
      clock.advance(70);
      await expect(loading).rejects.toThrow('no answer within 70 ms');
    });

    it('ends when its options say', async () => {
      const { build, clock } = bench();
      const session = build({ idleTimeout: 100, absoluteTimeout: false });
      const value = await handed(session, { count: 1 });
      clock.advance(99);
      expect((await load(session, value)).handle.isNew).toBe(false);
      clock.advance(1);
      expect((await load(session, value)).handle.isNew).toBe(true);
    });

    it('A20: refuses to be without a storage', () => {
      const { clock } = bench();
      expect(() => appSession(defineSession({ name: 'cart' }, ''), undefined, clock, () => undefined)).toThrow(
        new TypeError('Cannot start SessionsModule: session "cart" has no storage'),
      );
    });
  });

  describe('by value', () => {
    it('keeps nothing, and hands out the session itself', async () => {
      const { byValue, storage, events } = bench();
      const session = byValue({ type: Cart, keys: [KEY] });
      expect(session.tracker).toBeInstanceOf(ValueTracker);
      expect(session.storage).toBeUndefined();
      const value = await handed(session, { count: 3 });
      const { handle } = await load(session, value);
      expect(handle.data).toBeInstanceOf(Cart);
      expect(handle.data).toEqual({ count: 3 });
      expect(storage.size).toBe(0);
      expect(events.map(({ type }) => type)).toEqual(['created', 'loaded']);
    });

    it('F3: keeps to its derivation: values that are out stay good', async () => {
      const { byValue } = bench();
      const value = await handed(byValue({ name: 'cart', keys: [KEY] }), { count: 3 });
      expect(new TransformerChain([encrypt([KEY])], 'value cart').open(value)).toBeDefined();
    });

    it('seals with a key of the session alone, and of its kind: by value, by id', async () => {
      const { build, byValue } = bench();
      const transformers = [sign([KEY])];
      const value = await handed(byValue({ name: 'a', transformers }), { count: 3 });
      expect((await load(byValue({ name: 'a', transformers }), value)).handle.isNew).toBe(false);
      expect((await load(byValue({ name: 'b', transformers }), value)).handle.isNew).toBe(true);
      const token = await handed(build({ name: 'a', transformers }), { count: 3 });
      expect((await load(byValue({ name: 'a', transformers }), token)).handle.isNew).toBe(true);
      expect(new TransformerChain(transformers, 'value a').open(token)).toBeUndefined();
      expect(new TransformerChain(transformers, 'token a').open(value)).toBeUndefined();
    });

    it('keeps the ids of those that ended in the storage of its revocation', async () => {
      const { build, storage } = bench();
      const session = build({ clientSide: { revocation: storage }, keys: [KEY] });
      expect(session.storage).toBe(storage);
      const value = await handed(session, { count: 3 });
      expect(storage.size).toBe(0);
      await (await load(session, value)).handle.destroy();
      expect(storage.size).toBe(1);
      expect((await load(session, value)).handle.isNew).toBe(true);
    });

    it('is as large as its transport takes: of a cookie less than of a header, of both what both take', async () => {
      const { byValue } = bench();
      const large = { text: 'x'.repeat(4500) };
      const refused = async (options: SessionOptions): Promise<unknown> =>
        handed(byValue({ keys: [KEY], ...options }), large).then(
          () => 'handed out',
          (error: unknown) => (error instanceof SessionTooLargeError ? error.message : error),
        );
      const longer = `takes ${4096 - 'cart'.length} beside the name`;
      expect(await refused({ name: 'cart' })).toContain(longer);
      expect(await refused({ name: 'cart', cookie: {}, header: 'x-cart' })).toContain(longer);
      expect(await refused({ name: 'cart', header: 'x-cart' })).toBe('handed out');
    });

    it('serializes, and checks what comes, as its options say', async () => {
      const { byValue } = bench();
      const serializer = {
        serialize: (data: object) => Buffer.from(JSON.stringify(data)).toReversed(),
        deserialize: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes.toReversed()).toString()) as object,
      };
      const session = byValue({ keys: [KEY], serializer });
      const value = await handed(session, { count: 3 });
      expect((await load(session, value)).handle.data).toEqual({ count: 3 });
      expect((await load(byValue({ keys: [KEY] }), value)).handle.isNew).toBe(true);
    });
  });

  describe('its transport', () => {
    it('is the cookie of its name by default', () => {
      const { transport, header } = bench().build({ name: 'cart' });
      expect(transport).toBeInstanceOf(CookieTransport);
      expect(transport.receive({ cookie: 'sid=a; cart=b' })).toEqual(['b']);
      expect(header).toBeUndefined();
    });

    it('is a header alone where one is given', () => {
      const { transport, header } = bench().build({
        name: 'cart',
        header: { name: 'authorization', scheme: 'Bearer' },
      });
      expect(transport).toBeInstanceOf(HeaderTransport);
      expect(transport.receive({ cookie: 'cart=b', authorization: 'Bearer c' })).toEqual(['c']);
      expect(header).toEqual({ name: 'authorization', scheme: 'Bearer' });
    });

    it('is both where both are given, the cookie first', () => {
      const { transport, header } = bench().build({ name: 'cart', cookie: { maxAge: '1h' }, header: 'X-Cart' });
      expect(transport).toBeInstanceOf(TransportChain);
      expect(transport.vary).toEqual(['Cookie', 'X-Cart']);
      expect(transport.receive({ 'x-cart': 'c', cookie: 'cart=b' })).toEqual(['b', 'c']);
      expect(transport.refreshes).toBe(true);
      expect(header).toEqual({ name: 'X-Cart', scheme: undefined });
    });
  });
});
