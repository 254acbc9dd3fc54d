import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/common/clock.js';

describe('systemClock', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('now() is the time of the machine', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('E6: now() stands still while the machine steps back, and goes on when it has caught up', () => {
    const start = systemClock.now();
    // No further ahead than a moment: this clock is that of the whole process
    const machine = vi.spyOn(Date, 'now');
    const at = (time: number): number => {
      machine.mockReturnValue(time);
      return systemClock.now();
    };
    expect(at(start + 5)).toBe(start + 5);
    expect(at(start - 3_600_000)).toBe(start + 5);
    expect(at(start + 4)).toBe(start + 5);
    expect(at(start + 5)).toBe(start + 5);
    expect(at(start + 6)).toBe(start + 6);
  });

  it('after() calls back once, after the delay', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    systemClock.after(1000, callback);
    vi.advanceTimersByTime(999);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10_000);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('after() never calls back once it is cancelled; to cancel it later does nothing', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    const timer = systemClock.after(1000, callback);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(10_000);
    expect(callback).not.toHaveBeenCalled();
  });

  it('after() does not keep the process alive', () => {
    const timeout = vi.spyOn(globalThis, 'setTimeout');
    const timer = systemClock.after(1000, () => undefined);
    const started = timeout.mock.results[0]?.value as NodeJS.Timeout;
    expect(started.hasRef()).toBe(false);
    timer.cancel();
  });

  it('E5: after() waits for delays of 2^31 ms and more, which setTimeout() takes for 1 ms', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    const month = 30 * 24 * 60 * 60 * 1000;
    const timer = systemClock.after(month, callback);
    vi.advanceTimersByTime(60_000);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(month - 60_001);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    timer.cancel();
  });
});
