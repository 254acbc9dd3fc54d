import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1000);
    expect(clock.now()).toBe(1000);
    clock.advance(500);
    expect(clock.now()).toBe(1500);
    clock.advance(0);
    expect(clock.now()).toBe(1500);
  });

  it('starts at the time of the machine by default', () => {
    const before = Date.now();
    expect(new ManualClock().now()).toBeGreaterThanOrEqual(before);
  });

  it('calls timers back in the order of their instants, each at its own, those that they start included', () => {
    const clock = new ManualClock(0);
    const log: [string, number][] = [];
    const note = (name: string): void => void log.push([name, clock.now()]);
    clock.after(30, () => note('c'));
    clock.after(10, () => {
      note('a');
      clock.after(10, () => note('b'));
    });
    clock.after(41, () => note('not yet'));
    clock.advance(40);
    expect(log).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ]);
    expect(clock.now()).toBe(40);
    expect(clock.timers).toBe(1);
  });

  it('never calls a cancelled timer back', () => {
    const clock = new ManualClock();
    let called = false;
    const timer = clock.after(10, () => (called = true));
    timer.cancel();
    expect(clock.timers).toBe(0);
    clock.advance(100);
    expect(called).toBe(false);
  });

  it.each([-1, NaN])('refuses to advance by %d', (milliseconds) => {
    expect(() => new ManualClock().advance(milliseconds)).toThrow(RangeError);
  });
});
