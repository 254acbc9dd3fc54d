import { describe, expect, it } from 'vitest';
import { expiryOf, isOver, isTouchDue } from '../../../src/session/expiry.js';

const NOW = 1_700_000_000_000;
const NEVER = Number.MAX_SAFE_INTEGER;

describe('expiryOf()', () => {
  it('is the nearer deadline', () => {
    expect(expiryOf({ idleDeadline: 5, absoluteDeadline: 7 })).toBe(5);
    expect(expiryOf({ idleDeadline: 9, absoluteDeadline: 7 })).toBe(7);
  });
});

describe('isOver()', () => {
  it.each([
    ['idle', { idleDeadline: NOW, absoluteDeadline: NEVER }],
    ['absolute', { idleDeadline: NEVER, absoluteDeadline: NOW }],
  ])('E1: is false until the instant of the %s deadline, true from it on', (_, deadlines) => {
    expect([-1, 0, 1].map((offset) => isOver(deadlines, NOW + offset))).toEqual([false, true, true]);
  });
});

describe('isTouchDue()', () => {
  const timeouts = { idle: 1000, absolute: 10_000, touchAfter: 100 };
  const due = (idleDeadline: number, absoluteDeadline = NEVER, rules = timeouts, refreshes = false): boolean =>
    isTouchDue({ idleDeadline, absoluteDeadline }, rules, NOW, refreshes);

  it('E3: is false until the deadline is touchAfter old, true from that instant on', () => {
    const age = (milliseconds: number): boolean => due(NOW + 1000 - milliseconds);
    expect([0, 1, 99, 100, 101, 999].map(age)).toEqual([false, false, false, true, true, true]);
  });

  it('is false when the absolute deadline comes first anyway', () => {
    expect(due(NOW + 500, NOW + 501)).toBe(true);
    expect(due(NOW + 500, NOW + 500)).toBe(false);
    expect(due(NOW + 500, NOW + 499)).toBe(false);
  });

  it('goes by touchAfter alone where the client has to be handed its value anew', () => {
    expect(due(NOW + 900, NOW + 500, timeouts, true)).toBe(true);
    expect(due(NOW + 901, NOW + 500, timeouts, true)).toBe(false);
  });

  it('is true when the deadline lies further away than the timeout allows, so that a shorter timeout counts at once', () => {
    expect(due(NOW + 1000)).toBe(false);
    expect(due(NOW + 1001)).toBe(true);
    expect(due(NOW + 5000, NOW + 10)).toBe(true);
  });

  it('with touchAfter 0 is true for every use, but not twice in one instant', () => {
    const rules = { ...timeouts, touchAfter: 0 };
    expect(due(NOW + 999, NEVER, rules)).toBe(true);
    expect(due(NOW + 1000, NEVER, rules)).toBe(false);
  });
});
