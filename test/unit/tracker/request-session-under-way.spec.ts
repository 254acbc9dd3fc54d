import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import { IDLE, Lab, TOUCH_AFTER, valueOf, type LabRequest } from './tracker-lab.js';

/** Lets the next write wait until it is told to go on. */
function holdWrite(lab: Lab): () => void {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  lab.storage.onWrite.push(async (write) => {
    await held;
    return write();
  });
  return goOn;
}

describe('RequestSession by id whose verbs meet other things', () => {
  it('C1: ends a session that others kept alive past the deadline that this request knows', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const slow = await lab.request(value);
    lab.clock.advance(0.6 * IDLE);
    const quick = await lab.request(value);
    quick.session.data.count = 2;
    await quick.tracked.commit();
    lab.clock.advance(0.6 * IDLE);
    await slow.session.destroy();
    expect(slow.tracked.outgoing).toBe('clear');
    expect(await lab.storage.record(id)).toBeUndefined();
  });

  describe('when regenerate() failed', () => {
    async function failed(lab: Lab): Promise<LabRequest & { readonly id: string; readonly error: unknown }> {
      const { id, value } = await lab.client({ count: 1 });
      const request = await lab.request(value);
      request.session.data.coupon = 'admin';
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      const error = await request.session.regenerate().catch((reason: unknown) => reason);
      return { ...request, id, error };
    }

    it('stores the change under the old secret for nobody, and says so', async () => {
      const lab = new Lab();
      const { id, error, session, tracked } = await failed(lab);
      expect(error).toBeInstanceOf(SessionStorageError);
      await expect(tracked.commit()).rejects.toThrow(SessionConflictError);
      await expect(session.save()).rejects.toThrow(SessionConflictError);
      expect(await lab.storage.data(id)).not.toHaveProperty('coupon');
      expect(tracked.outgoing).toBeUndefined();
    });

    it('lets the answer that tells of it pass', async () => {
      const lab = new Lab();
      const { error, tracked } = await failed(lab);
      tracked.answeredWith(error);
      expect(tracked.commit()).toBeUndefined();
    });

    it('C11: still hands out the token of one that was stored before', async () => {
      const lab = new Lab();
      const { value } = await lab.client();
      const { session, tracked } = await lab.request(value);
      await session.regenerate();
      const current = valueOf(tracked);
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(session.regenerate()).rejects.toThrow(SessionStorageError);
      expect(valueOf(tracked)).toBe(current);
    });
  });

  it('C11: commit() waits for a regenerate() under way, so that its token goes out', async () => {
    const lab = new Lab();
    const { value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    const goOn = holdWrite(lab);
    const verb = session.regenerate();
    const commit = tracked.commit();
    expect(commit).toBeInstanceOf(Promise);
    expect(tracked.outgoing).toBeUndefined();
    goOn();
    await commit;
    expect(valueOf(tracked)).not.toBe(value);
    await verb;
  });

  it('C11: a regenerate() that is stored sends its token, whatever was put into the data meanwhile', async () => {
    const lab = new Lab();
    const { value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    session.data.count = 2;
    const goOn = holdWrite(lab);
    const verb = session.regenerate();
    Object.assign(session.data, { coupon: () => 'no data' });
    goOn();
    await verb.catch(() => undefined);
    expect((await lab.request(valueOf(tracked))).session.isNew).toBe(false);
  });

  it.each<[then: string, isNew: boolean]>([
    ['and nothing else', false],
    ['and a new session after it', true],
  ])('C1: a touch whose answer is late does not undo destroy(): %s', async (_, isNew) => {
    const lab = new Lab({ refreshes: true });
    const { value } = await lab.client();
    lab.clock.advance(TOUCH_AFTER);
    const { session, tracked } = await lab.request(value);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    lab.storage.onWrite.push(async (write) => {
      const result = await write();
      await held;
      return result;
    });
    const touch = tracked.commit();
    await session.destroy();
    if (isNew) {
      session.data.count = 9;
      await session.save();
    }
    const { outgoing } = tracked;
    goOn();
    await touch;
    expect(tracked.outgoing).toEqual(outgoing);
    if (isNew) expect((await lab.request(valueOf(tracked))).session.data.count).toBe(9);
    else expect(outgoing).toBe('clear');
  });

  it.each<[string, (request: LabRequest) => Promise<unknown>]>([
    ['take()', ({ session }) => session.take('nonce')],
    ['update()', ({ session }) => session.update((data) => (data.coupon = 'new'))],
  ])('%s leaves the parts of the data that a handler holds and nobody changed', async (_, verb) => {
    const lab = new Lab();
    const { id, value } = await lab.client({ items: ['tea'], nonce: 'once' });
    const request = await lab.request(value);
    const { items } = request.session.data;
    await verb(request);
    items.push('cake');
    await request.tracked.commit();
    expect(await lab.storage.data(id)).toMatchObject({ items: ['tea', 'cake'] });
  });

  it('D11: settled() waits for a commit that nobody waits for', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client({ count: 1 });
    const { session, tracked } = await lab.request(value);
    session.data.count = 2;
    const goOn = holdWrite(lab);
    const commit = tracked.commit();
    let settled = false;
    const end = lab.tracker.settled().then(() => (settled = true));
    await Promise.resolve();
    expect(settled).toBe(false);
    goOn();
    await end;
    expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
    await commit;
  });
});
