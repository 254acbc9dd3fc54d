import { describe, expect, it } from 'vitest';
import { SessionNotSerializableError } from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import { Lab, type Cart } from './tracker-lab.js';

const bad = [(() => 1) as unknown as string];

/** Begins a verb, and makes the data unserializable while it is being stored. */
async function meanwhile<R>(lab: Lab, session: Session<Cart>, verb: () => Promise<R>): Promise<R> {
  lab.storage.onWrite.push((write) => {
    session.data.items = bad;
    return write();
  });
  return verb();
}

describe('RequestSession, whose data stops to be serializable while a verb stores it', () => {
  it('update() has stored its change, and tells so; the late data is refused by the commit', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client({ count: 1 });
    const { session, tracked } = await lab.request(value);
    await meanwhile(lab, session, () => session.update((data) => void data.count++));
    expect(session.data).toMatchObject({ count: 2, items: bad });
    expect(lab.log).toEqual(['loaded', 'changed']);
    await expect(tracked.commit()).rejects.toThrow(SessionNotSerializableError);
    session.data.items = ['tea'];
    await tracked.commit();
    expect(await lab.storage.data(id)).toEqual({ count: 2, items: ['tea'] });
  });

  it('take() gives what it has taken', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client({ nonce: 'x' });
    const { session } = await lab.request(value);
    expect(await meanwhile(lab, session, () => session.take('nonce'))).toBe('x');
    expect(await lab.storage.data(id)).not.toHaveProperty('nonce');
  });

  it('regenerate() is told of, and hands out the new token', async () => {
    const lab = new Lab();
    const { value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    await meanwhile(lab, session, () => session.regenerate());
    expect(lab.log).toEqual(['loaded', 'regenerated']);
    expect(tracked.outgoing).toMatchObject({ sending: 'always' });
  });

  it('a first save() is told of, and hands out its token', async () => {
    const lab = new Lab();
    const { session, tracked } = await lab.request();
    session.data.count = 1;
    await meanwhile(lab, session, () => session.save());
    expect(lab.log).toEqual(['created']);
    expect(tracked.outgoing).toMatchObject({ sending: 'once' });
  });
});
