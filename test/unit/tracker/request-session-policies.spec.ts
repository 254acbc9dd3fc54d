import { describe, expect, it, vi } from 'vitest';
import { SessionStorageError } from '../../../src/errors.js';
import type { Session } from '../../../src/session/session.js';
import { Lab, valueOf, type Cart } from './tracker-lab.js';

describe('RequestSession', () => {
  it('that will never be stored is not named by `generateId`: two valid tokens, a replaced one, an outage', async () => {
    const lab = new Lab();
    const [one, other, replaced] = [await lab.client(), await lab.client(), await lab.client()];
    await (await lab.request(replaced.value)).session.regenerate();
    const generateId = vi.fn(() => {
      throw new TypeError('not for such a request');
    });
    const tracker = lab.another({ generateId, onOutage: 'readonly' });
    const load = (...values: string[]) =>
      tracker.load(values, { request: {}, reply: { state: 'open', outage: () => {} } });
    const refused = [await load(one.value, other.value), await load(replaced.value)];
    lab.storage.onRead.push(() => Promise.reject(new Error('down')));
    for (const tracked of [...refused, await load(one.value)]) {
      expect(tracked.handle.data).toEqual({ items: [], count: 0 });
      expect(tracked.commit()).toBeUndefined();
      expect(tracked.handle.id).toMatch(/^[\w-]{22}$/);
    }
    expect(generateId).not.toHaveBeenCalled();
  });

  it('makes one new session of what several verbs begin after its end', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const { session, tracked } = await lab.request(value);
    const ended = session.destroy();
    const updated = session.update((data) => void (data.count = 7));
    await ended;
    session.data.coupon = 'late';
    await Promise.all([updated, session.save()]);
    await tracked.commit();
    expect(lab.storage.memory.size).toBe(1);
    expect(session.id).not.toBe(id);
    expect(await lab.storage.data(session.id)).toMatchObject({ count: 7, coupon: 'late' });
    expect(lab.log.filter((type) => type === 'created')).toHaveLength(1);
  });

  it('stands in one line at a time: two requests may become each other, and nobody waits for ever', async () => {
    const lab = new Lab();
    const names = ['one', 'other'];
    const generateId = (): string => names.shift() ?? 'more';
    const tracker = lab.another({ generateId });
    const open = async (...values: string[]) => {
      const tracked = await tracker.load(values, { request: {}, reply: { state: 'open', outage: () => {} } });
      return { tracked, session: tracked.handle as unknown as Session<Cart> };
    };
    const values: string[] = [];
    for (let count = 0; count < 2; count++) {
      const { session, tracked } = await open();
      session.data.count = 1;
      await tracked.commit();
      values.push(valueOf(tracked));
    }
    names.push('other', 'one');
    const requests = [await open(values[0] ?? ''), await open(values[1] ?? '')];
    const verbs = requests.flatMap(({ session }) => [session.destroy(), session.update((data) => void data.count++)]);
    await Promise.all(verbs);
    expect(requests.map(({ session }) => session.data.count)).toEqual([1, 1]);
  });

  it(`with onConflict 'reject' knows its own change behind a lost answer`, async () => {
    const lab = new Lab({ onConflict: 'reject' });
    const { id, value } = await lab.client();
    const { session } = await lab.request(value);
    session.data.count = 2;
    lab.storage.onWrite.push(async (write) => {
      await write();
      throw new Error('the answer was lost');
    });
    await expect(session.save()).rejects.toThrow(SessionStorageError);
    await session.save();
    expect(await lab.storage.data(id)).toMatchObject({ count: 2 });
  });

  it('tells of each failure of the storage, also when that throws one error again and again', async () => {
    const lab = new Lab();
    const { value } = await lab.client();
    const broken = new SessionStorageError('Cannot reach storage: the circuit is open');
    for (let requests = 0; requests < 3; requests++) {
      const { session } = await lab.request(value);
      session.data.count++;
      lab.storage.onWrite.push(() => Promise.reject(broken));
      await expect(session.save()).rejects.toBe(broken);
    }
    expect(lab.log.filter((type) => type.startsWith('storageFailed'))).toHaveLength(3);
  });

  it('stores nothing, and tells nothing, when the data is what is stored already, whatever the class adds', async () => {
    const lab = new Lab();
    const { id, value } = await lab.client();
    const record = await lab.records.read(id, true);
    if (record === undefined) throw new Error('no record');
    const payload = Buffer.from('{"count":1}');
    await lab.records.write(id, { ...record, payload }, { version: record.version });
    const { session, tracked } = await lab.request(value);
    delete (session.data as Partial<typeof session.data>).items;
    lab.storage.calls.length = 0;
    await tracked.commit();
    expect(lab.storage.calls).toEqual([]);
    expect(lab.log).toEqual(['loaded']);
  });
});
