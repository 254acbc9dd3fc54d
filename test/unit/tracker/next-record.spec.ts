import { describe, expect, it } from 'vitest';
import { PREVIOUS_SECRET_TIME } from '../../../src/record/record-header.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { endedRecord, rotatedRecord, usedRecord } from '../../../src/tracker/next-record.js';

const now = 1000;
const time = { clock: new ManualClock(now), timeouts: { idle: 10, absolute: 100, touchAfter: 1 } };
const header = {
  name: 'sid',
  secretHash: 'old',
  previous: { hash: 'older', until: 1 },
  createdAt: 900,
  idleDeadline: 1005,
  absoluteDeadline: 1050,
  commits: ['a commit'],
};
const payload = Buffer.from('before');
const record = { header, payload };

describe('the record to follow another', () => {
  it('usedRecord() holds other data, has the marks that were changed, and lives from now on', () => {
    const next = Buffer.from('after');
    const marked = { header: { ...header, principal: 'u1', label: 'before' }, payload };
    expect(usedRecord(marked, next, { label: 'after' }, time)).toEqual({
      header: { ...header, principal: 'u1', label: 'after', idleDeadline: now + 10 },
      payload: next,
    });
  });

  it('rotatedRecord() has a new secret, and remembers the one that a client knows', () => {
    const rotated = rotatedRecord(record, { secretHash: 'new', isKnown: true, restart: true }, time);
    expect(rotated).toEqual({
      header: {
        ...header,
        secretHash: 'new',
        previous: { hash: 'old', until: now + PREVIOUS_SECRET_TIME },
        absoluteDeadline: now + 100,
      },
      payload,
    });
  });

  it('rotatedRecord() keeps the absolute deadline when asked to, and the previous secret when nobody knew the last', () => {
    const rotated = rotatedRecord(record, { secretHash: 'new', isKnown: false, restart: false }, time);
    expect(rotated).toEqual({ header: { ...header, secretHash: 'new' }, payload });
  });

  it('usedRecord() loses the marks that were removed', () => {
    const marked = { header: { ...header, principal: 'u1', label: 'before' }, payload };
    expect(usedRecord(marked, payload, { principal: undefined }, time).header).toMatchObject({
      principal: undefined,
      label: 'before',
    });
  });

  it('rotatedRecord() stays whose it is', () => {
    const marked = { header: { ...header, principal: 'u1', label: 'x' }, payload };
    const rotated = rotatedRecord(marked, { secretHash: 'new', isKnown: true, restart: true }, time);
    expect(rotated.header).toMatchObject({ principal: 'u1', label: 'x' });
  });

  it('endedRecord() is over, is nobody’s, and holds nothing', () => {
    const marked = { header: { ...header, principal: 'u1', label: 'x' }, payload };
    for (const ended of [endedRecord(record), endedRecord(marked)]) {
      expect(ended).toEqual({ header: { ...header, idleDeadline: 0 }, payload: new Uint8Array(0) });
    }
  });
});
