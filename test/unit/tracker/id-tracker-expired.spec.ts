import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../src/errors.js';
import { encodeRecord } from '../../../src/record/record.js';
import { formatToken, randomSecret } from '../../../src/tracker/token.js';
import { ABSOLUTE, IDLE, Lab, valueOf } from './tracker-lab.js';

/** Stores a session's record once more, as it is, so that its storage does not forget it. */
async function keep(lab: Lab, id: string, idleDeadline?: number): Promise<void> {
  const record = await lab.storage.record(id);
  if (record === undefined) throw new Error('not stored');
  const header = { ...record.header, ...(idleDeadline !== undefined && { idleDeadline }) };
  await lab.storage.memory.write(id, streamOf(encodeRecord({ ...record, header })), { expiresAt: Infinity });
}

/** A session that is over, in a storage that has not forgotten it. */
async function over(lab: Lab): Promise<{ readonly id: string; readonly value: string }> {
  const client = await lab.client();
  await keep(lab, client.id);
  lab.clock.advance(IDLE);
  return client;
}

describe('IdTracker, a record that is over, in a storage that has not forgotten it', () => {
  it('is ended by the request that comes with its token, on the condition that nobody has changed it', async () => {
    const lab = new Lab();
    const { id, value } = await over(lab);
    const { session } = await lab.request(value);
    await lab.tracker.settled();
    expect(session.isNew).toBe(true);
    expect(lab.storage.calls).toEqual(['read', 'end']);
    expect(lab.storage.memory.size).toBe(0);
    expect(lab.events).toEqual([
      { type: 'refused', session: 'sid', id, reason: 'expired' },
      { type: 'expired', session: 'sid', id },
    ]);
  });

  it('keeps no request waiting until it has ended; settled() does', async () => {
    const lab = new Lab();
    const { value } = await over(lab);
    let go = (): void => undefined;
    lab.storage.onWrite.push(async (write) => {
      await new Promise<void>((resolve) => (go = resolve));
      return write();
    });
    const { tracked } = await lab.request(value);
    expect(tracked.commit()).toBeUndefined();
    expect(lab.log).toEqual(['refused: expired']);
    const settled = lab.tracker.settled();
    go();
    await settled;
    expect(lab.log).toEqual(['refused: expired', 'expired']);
  });

  it('is told of once, however many requests come at the same time', async () => {
    const lab = new Lab();
    const { value } = await over(lab);
    await Promise.all([lab.request(value), lab.request(value), lab.request(value)]);
    await lab.tracker.settled();
    expect(lab.log.filter((line) => line === 'expired')).toHaveLength(1);
  });

  it('A8: stays where the secret is wrong', async () => {
    const lab = new Lab();
    const { id } = await over(lab);
    await lab.request(formatToken({ id, secret: randomSecret() }));
    await lab.tracker.settled();
    expect(lab.storage.calls).toEqual(['read']);
    expect(lab.log).toEqual(['refused: expired']);
  });

  it('stays where another node has renewed it between the read and the write', async () => {
    const lab = new Lab();
    const { id, value } = await over(lab);
    lab.storage.onWrite.push(async (write) => {
      await keep(lab, id, lab.clock.now() + IDLE);
      return write();
    });
    await lab.request(value);
    await lab.tracker.settled();
    expect(lab.log).toEqual(['refused: expired']);
    expect((await lab.request(value)).session.id).toBe(id);
  });

  it('is read past the cache before it is ended', async () => {
    const lab = new Lab();
    const { id, value } = await over(lab);
    await lab.storage.cache(id);
    // As after a change on another node
    await keep(lab, id);
    await lab.request(value);
    await lab.tracker.settled();
    expect(lab.storage.calls).toEqual(['read', 'read fresh', 'end']);
    expect(lab.log).toEqual(['refused: expired', 'expired']);
  });

  it('stays where the storage fails, which is told and disturbs nobody', async () => {
    const lab = new Lab();
    const { id, value } = await over(lab);
    lab.storage.onWrite.push(() => Promise.reject(new SessionStorageError('it is down')));
    const { session, tracked } = await lab.request(value);
    await lab.tracker.settled();
    expect(lab.log).toEqual(['refused: expired', 'storageFailed: it is down']);
    expect(await lab.storage.record(id)).toBeDefined();
    session.data.count = 2;
    await tracked.commit();
    expect((await lab.request(valueOf(tracked))).session.data.count).toBe(2);
  });

  it('C7: is ended at the absolute deadline too', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    await keep(lab, id, lab.clock.now() + 2 * ABSOLUTE);
    lab.clock.advance(ABSOLUTE);
    await lab.request(value);
    await lab.tracker.settled();
    expect(lab.log).toEqual(['refused: expired', 'expired']);
  });

  it('find() and invalidate() find nothing, and leave it', async () => {
    const lab = new Lab();
    const { id } = await over(lab);
    expect(await lab.tracker.find(id)).toBeUndefined();
    expect(await lab.tracker.invalidate(id)).toBe(false);
    await lab.tracker.settled();
    expect(lab.log).toEqual([]);
    expect(lab.storage.memory.size).toBe(1);
  });
});
