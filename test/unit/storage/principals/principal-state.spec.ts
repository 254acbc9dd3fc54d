import { describe, expect, it } from 'vitest';
import { EPOCH_MEMORY } from '../../../../src/storage/principals/principal-index.js';
import { endOf, living, NO_STATE, raisedFor, told } from '../../../../src/storage/principals/principal-state.js';

const entry = (id: string, expiresAt: number) => ({ id, addedAt: 0, expiresAt });

describe('living()', () => {
  it('leaves out an entry from the instant it expires', () => {
    const state = { entries: [entry('a', 10), entry('b', 11)] };
    expect(living(state, 9)).toBe(state);
    expect(living(state, 10)).toEqual({ entries: [entry('b', 11)] });
  });

  it('leaves out an epoch when the oldest request that is not refused for its age has begun after it', () => {
    const state = { epoch: { at: 5 }, entries: [] };
    expect(living(state, 5 + EPOCH_MEMORY)).toBe(state);
    expect(living(state, 6 + EPOCH_MEMORY)).toEqual(NO_STATE);
  });

  it('leaves out the one and keeps the other', () => {
    const state = { epoch: { at: 5 }, entries: [entry('a', 10)] };
    expect(living(state, 10)).toEqual({ epoch: { at: 5 }, entries: [] });
    const late = { epoch: { at: 5 }, entries: [entry('a', 10 + EPOCH_MEMORY)] };
    expect(living(late, 9 + EPOCH_MEMORY)).toEqual({ entries: late.entries });
  });
});

describe('endOf()', () => {
  it('is the instant from which on nothing is left, and 0 of nothing', () => {
    expect(endOf(NO_STATE)).toBe(0);
    for (const state of [
      { entries: [entry('a', 20), entry('b', 10)] },
      { epoch: { at: 5 }, entries: [entry('a', 20)] },
      { epoch: { at: 5 }, entries: [entry('a', EPOCH_MEMORY * 2)] },
      { epoch: { at: 5, except: { id: 'a' } }, entries: [] },
    ]) {
      const end = endOf(state);
      expect(living(state, end)).toEqual(NO_STATE);
      expect(living(state, end - 1)).not.toEqual(NO_STATE);
    }
  });
});

describe('raisedFor()', () => {
  it('is the last epoch, and for the one that is excepted the last that counts for it', () => {
    expect(raisedFor(NO_STATE, 'a')).toBeUndefined();
    expect(raisedFor({ epoch: { at: 5 }, entries: [] }, 'a')).toBe(5);
    const excepted = { epoch: { at: 5, except: { id: 'a', at: 3 } }, entries: [] };
    expect([raisedFor(excepted, 'a'), raisedFor(excepted, 'b')]).toEqual([3, 5]);
    expect(raisedFor({ epoch: { at: 5, except: { id: 'a' } }, entries: [] }, 'a')).toBeUndefined();
  });
});

describe('told()', () => {
  it('tells ids and ages alone, none of them below 0', () => {
    expect(told([entry('a', 10), { id: 'b', addedAt: 7, expiresAt: 10 }], 5)).toStrictEqual([
      { id: 'a', age: 5 },
      { id: 'b', age: 0 },
    ]);
  });
});
