import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionNotSerializableError, SessionStorageError } from '../../../src/errors.js';
import { Lab } from './tracker-lab.js';
import { ValueLab } from './value-lab.js';

describe('RequestSession, when regenerate() has failed', () => {
  it('D5: destroy() ends the session all the same, and clears its token', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
    await expect(session.regenerate()).rejects.toThrow(SessionStorageError);
    await session.destroy();
    expect(await lab.storage.record(id)).toBeUndefined();
    expect(tracked.outgoing).toBe('clear');
    session.data.count = 5;
    await tracked.commit();
    expect(session.id).not.toBe(id);
    expect(await lab.storage.data(session.id)).toMatchObject({ count: 5 });
  });

  it('D5: destroy() that fails too is no success', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    const down = (): Promise<never> => Promise.reject(new Error('down'));
    lab.storage.onWrite.push(down, down);
    await expect(session.regenerate()).rejects.toThrow(SessionStorageError);
    await expect(session.destroy()).rejects.toThrow(SessionStorageError);
    expect(await lab.storage.record(id)).toBeDefined();
    expect(tracked.outgoing).toBeUndefined();
  });

  it('C5: destroy() leaves alone what another login has taken over', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const [loser, winner] = [await lab.request(value), await lab.request(value)];
    await winner.session.regenerate();
    await expect(loser.session.regenerate()).rejects.toThrow(SessionConflictError);
    await loser.session.destroy();
    expect(await lab.storage.record(id)).toBeDefined();
    expect(loser.tracked.outgoing).toBeUndefined();
  });

  it('D5: destroy() of a session by value revokes it all the same', async () => {
    const lab = ValueLab.revoking();
    const { value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    session.data.items = [(() => 1) as unknown as string];
    await expect(session.regenerate()).rejects.toThrow(SessionNotSerializableError);
    await session.destroy();
    expect(tracked.outgoing).toBe('clear');
    expect((await lab.request(value)).session.isNew).toBe(true);
  });

  it('destroy() of one that was never stored lets it begin anew', async () => {
    const lab = new Lab();
    const { session, tracked } = await lab.request();
    session.data.items = [(() => 1) as unknown as string];
    await expect(session.regenerate({ keep: 'none' })).rejects.toThrow(SessionNotSerializableError);
    await session.destroy();
    session.data.count = 1;
    await tracked.commit();
    expect(await lab.storage.data(session.id)).toEqual({ items: [], count: 1 });
  });
});
