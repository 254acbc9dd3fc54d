import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import type { TransformerChain } from '../../../src/transformer/transformer-chain.js';
import {
  IDLE,
  KEY,
  Lab,
  OTHER_KEY,
  signedBy,
  TOUCH_AFTER,
  valueOf,
  type Cart,
  type LabRequest,
} from './tracker-lab.js';

/** A client whose token the app has sealed under a key that is not its first any more. */
async function outdated(settings: ConstructorParameters<typeof Lab>[0] = {}) {
  const before = new Lab({ chain: signedBy(KEY) });
  const { id, value } = await before.client({ count: 1, coupon: 'X' });
  const tracker = before.another({ chain: signedBy(OTHER_KEY, KEY), ...settings });
  const request = async (presented = value): Promise<LabRequest> => {
    const { reply } = await before.request();
    const tracked = await tracker.load([presented], { request: undefined, reply });
    return { session: tracked.handle as Session<object> as Session<Cart>, tracked, reply };
  };
  return { lab: before, tracker, id, value, request };
}

/** The token in a value that the first key has sealed. */
const tokenIn = (value: string): string | undefined => {
  const opened = signedBy(OTHER_KEY).open(value);
  return opened && Buffer.from(opened.bytes).toString();
};

describe('RequestSession by id whose token was sealed under an old key', () => {
  it('F3: is touched though that is not due, the response waits, and the same token goes out under the first key', async () => {
    const { lab, id, value, request } = await outdated();
    const { session, tracked } = await request();
    expect(session.id).toBe(id);
    const touch = tracked.commit();
    expect(touch).toBeInstanceOf(Promise);
    expect(tracked.outgoing).toBeUndefined();
    await touch;
    expect(lab.storage.calls).toEqual(['read', 'write']);
    expect(tracked.outgoing).toMatchObject({ sending: 'once' });
    const token = Buffer.from(signedBy(KEY).open(value)?.bytes ?? []).toString();
    expect(tokenIn(valueOf(tracked))).toBe(token);
  });

  it('F3: is not touched when the response has begun: nothing could be sent', async () => {
    const { lab, request } = await outdated();
    const { tracked, reply } = await request();
    reply.state = 'begun';
    expect(tracked.commit()).toBeUndefined();
    expect(lab.storage.calls).toEqual(['read']);
  });

  it('F3: is not touched when the client presents the same token under the first key too', async () => {
    const { lab, tracker, value, request } = await outdated();
    const { tracked } = await request();
    await tracked.commit();
    const current = valueOf(tracked);
    lab.storage.calls.length = 0;
    for (const values of [
      [value, current],
      [current, value],
    ]) {
      const { reply } = await lab.request();
      expect((await tracker.load(values, { request: undefined, reply })).commit()).toBeUndefined();
    }
    expect(lab.storage.calls).toEqual(['read', 'read']);
  });

  it('stores neither a new session nor a new secret whose token cannot be sealed', async () => {
    const { lab, id, value } = await outdated();
    const sealing = signedBy(KEY);
    const chain = Object.assign(Object.create(sealing) as TransformerChain, {
      open: (text: string) => sealing.open(text),
      seal: () => {
        throw new Error('of the transformer');
      },
    });
    const broken = lab.another({ chain });
    const { reply } = await lab.request();
    const before = await lab.storage.record(id);
    lab.storage.calls.length = 0;
    const brought = await broken.load([value], { request: undefined, reply });
    await expect(brought.handle.regenerate()).rejects.toThrow('of the transformer');
    expect(await lab.storage.record(id)).toEqual(before);
    const fresh = await broken.load([], { request: undefined, reply });
    fresh.handle.data['count'] = 1;
    await expect(fresh.commit()).rejects.toThrow('of the transformer');
    expect(lab.storage.calls).toEqual(['read']);
  });

  it('F3: once: what went out is touched no more than any other', async () => {
    const { lab, request } = await outdated();
    const { tracked } = await request();
    await tracked.commit();
    lab.storage.calls.length = 0;
    const next = await request(valueOf(tracked));
    expect(next.tracked.commit()).toBeUndefined();
    expect(next.tracked.outgoing).toBeUndefined();
    expect(lab.storage.calls).toEqual(['read']);
  });

  it('F3: a change sends it too, and a later one in the same request does not', async () => {
    const { lab, request } = await outdated();
    const { session, tracked } = await request();
    session.data.count = 2;
    await tracked.commit();
    expect(tokenIn(valueOf(tracked))).toBeDefined();
    expect(lab.storage.calls).toEqual(['read', 'write']);
    expect(tracked.commit()).toBeUndefined();
    expect(lab.storage.calls).toEqual(['read', 'write']);
  });

  it('is not sent when the write fails: nobody knows whether it still lives', async () => {
    const { lab, request } = await outdated();
    const reader = await request();
    lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
    await expect(reader.tracked.commit()).resolves.toBeUndefined();
    expect(reader.tracked.outgoing).toBeUndefined();
    expect(reader.reply.outages).toBe(0);
    const writer = await request();
    writer.session.data.count = 2;
    lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
    await expect(writer.tracked.commit()).rejects.toThrow(SessionStorageError);
    expect(writer.tracked.outgoing).toBeUndefined();
  });

  it('is not sent by a touch for which somebody was faster', async () => {
    const { lab, request } = await outdated();
    const [slow, quick] = [await request(), await request()];
    quick.session.data.count = 2;
    await quick.tracked.commit();
    await slow.tracked.commit();
    expect(slow.tracked.outgoing).toBeUndefined();
    expect(lab.storage.calls).toEqual(['read', 'read', 'write', 'write']);
  });

  it('is not sent when the session has ended, or its secret was replaced, meanwhile', async () => {
    for (const end of ['destroy', 'regenerate'] as const) {
      for (const change of [false, true]) {
        const { request } = await outdated();
        const [slow, quick] = [await request(), await request()];
        await quick.session[end]();
        if (change) slow.session.data.count = 9;
        await Promise.resolve(slow.tracked.commit()).catch(() => undefined);
        expect(slow.tracked.outgoing).toBeUndefined();
      }
    }
  });

  it('is not sent for a read that stores nothing: update() without a change, take() of nothing, reload()', async () => {
    const { request } = await outdated();
    const { session, tracked } = await request();
    await session.update((data) => data.count);
    await session.take('nonce');
    await session.reload();
    expect(tracked.outgoing).toBeUndefined();
  });

  it('regenerate() sends the new token under the first key, and it stays owed', async () => {
    const { value, request } = await outdated();
    const { session, tracked } = await request();
    await session.regenerate();
    expect(tracked.outgoing).toMatchObject({ sending: 'always' });
    expect(tokenIn(valueOf(tracked))).not.toBe(Buffer.from(signedBy(KEY).open(value)?.bytes ?? []).toString());
    expect((await request(valueOf(tracked))).session.id).toBe(session.id);
  });

  it('is not waited for when the response has begun', async () => {
    const { request, tracker } = await outdated();
    const { tracked, reply } = await request();
    reply.state = 'begun';
    expect(tracked.commit()).toBeUndefined();
    await tracker.settled();
  });

  it('goes out again with each write where the client keeps it for a limited time, always under the first key', async () => {
    const { request } = await outdated({ refreshes: true });
    const { session, tracked } = await request();
    for (const count of [2, 3]) {
      session.data.count = count;
      await tracked.commit();
      expect(tokenIn(valueOf(tracked))).toBeDefined();
    }
  });
});

describe('RequestSession by id without an absolute timeout', () => {
  const timeouts = { idle: IDLE, absolute: Infinity, touchAfter: TOUCH_AFTER };

  it('lives as long as it is used, and not longer than the idle timeout', async () => {
    const lab = new Lab({ timeouts });
    const { id, value } = await lab.client();
    for (let use = 0; use < 20; use++) {
      lab.clock.advance(IDLE - 1);
      const { session, tracked } = await lab.request(value);
      expect(session.id).toBe(id);
      expect(session.expiresAt).toEqual(new Date(lab.clock.now() + 1));
      await tracked.commit();
      await lab.tracker.settled();
    }
    lab.clock.advance(IDLE);
    expect((await lab.request(value)).session.isNew).toBe(true);
  });

  it('is read back by a node that has one, as what it was stored as', async () => {
    const lab = new Lab({ timeouts });
    const { id, value } = await lab.client();
    const header = (await lab.storage.record(id))?.header;
    expect(new Date(header?.absoluteDeadline ?? NaN).getTime()).not.toBeNaN();
    const { reply } = await lab.request();
    expect((await new Lab().another({ storage: lab.storage }).load([value], { request: 0, reply })).handle.id).toBe(id);
  });

  it('regenerates', async () => {
    const lab = new Lab({ timeouts });
    const { value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    await session.regenerate();
    expect(session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
    expect((await lab.request(valueOf(tracked))).session.id).toBe(session.id);
  });

  it('shows when a new one would end', async () => {
    const lab = new Lab({ timeouts });
    expect((await lab.request()).session.expiresAt).toEqual(new Date(lab.clock.now() + IDLE));
  });
});
