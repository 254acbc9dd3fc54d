import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import { expiredRecords } from '../../../src/module/expired-records.js';
import { encodeRecord } from '../../../src/record/record.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';

const header = {
  name: 'cart',
  secretHash: 'a-hash',
  previous: undefined,
  createdAt: 0,
  idleDeadline: 1,
  absoluteDeadline: 2,
  commits: [],
};
const recordOf = (more: Partial<typeof header>): Uint8Array =>
  encodeRecord({ header: { ...header, ...more }, payload: Buffer.from('{}') });

function bench() {
  const events: SessionEvent[] = [];
  const tell = expiredRecords(['cart', 'user'], (event) => events.push(event));
  return { events, tell };
}

describe('expiredRecords()', () => {
  it('tells whose session it was', async () => {
    const { events, tell } = bench();
    await tell('a', streamOf(recordOf({})));
    await tell('b', streamOf(recordOf({ name: 'user' })));
    expect(events).toEqual([
      { type: 'expired', session: 'cart', id: 'a' },
      { type: 'expired', session: 'user', id: 'b' },
    ]);
  });

  it.each<[string, Uint8Array]>([
    ['a session that this app does not have', recordOf({ name: 'other' })],
    ['the revocation of a session by value', recordOf({ secretHash: '' })],
    ['a session that was destroyed', recordOf({ idleDeadline: 0 })],
    ['what is no record', Buffer.from('{"name":"cart"}\n')],
  ])('tells nothing of %s', async (_, bytes) => {
    const { events, tell } = bench();
    await tell('a', streamOf(bytes));
    expect(events).toEqual([]);
  });

  it.each(['', '../../x\n', 'a'.repeat(256)])('tells nothing of %j, which is no id', async (id) => {
    const { events, tell } = bench();
    await tell(id, streamOf(recordOf({})));
    expect(events).toEqual([]);
  });

  it('tells nothing, and does not fail, when the bytes cannot be read', async () => {
    const { events, tell } = bench();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield recordOf({}).subarray(0, 10);
      throw new Error('EIO');
    }
    await expect(tell('a', broken())).resolves.toBeUndefined();
    expect(events).toEqual([]);
  });
});
