import { describe, expect, it, vi } from 'vitest';
import { abortNoticeOf, CallAbortion } from '../../../src/common/call-abortion.js';

describe('CallAbortion', () => {
  it('tells its listeners once, and not those that have left', () => {
    const call = new CallAbortion();
    const [stays, leaves] = [vi.fn(), vi.fn()];
    call.addEventListener('abort', stays);
    call.addEventListener('abort', leaves);
    call.removeEventListener('abort', leaves);
    expect(call.aborted).toBe(false);
    call.abort();
    call.abort();
    expect(call.aborted).toBe(true);
    expect(stays).toHaveBeenCalledTimes(1);
    expect(leaves).not.toHaveBeenCalled();
  });

  it('lets a listener leave another, or itself, while it is told', () => {
    const call = new CallAbortion();
    const told: string[] = [];
    const first = (): void => {
      told.push('first');
      call.removeEventListener('abort', first);
    };
    call.addEventListener('abort', first);
    call.addEventListener('abort', () => told.push('second'));
    call.abort();
    expect(told).toEqual(['first', 'second']);
  });

  it('has a real AbortSignal for who asks for one, before or after', () => {
    const before = new CallAbortion();
    const { signal } = before;
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signal.aborted).toBe(false);
    expect(before.signal).toBe(signal);
    before.abort();
    expect(signal.aborted).toBe(true);
    const after = new CallAbortion();
    after.abort();
    expect(after.signal.aborted).toBe(true);
  });
});

describe('abortNoticeOf()', () => {
  it('gives the call itself, else its signal, else nothing', () => {
    const call = new CallAbortion();
    const { signal } = new AbortController();
    expect(abortNoticeOf(call)).toBe(call);
    expect(abortNoticeOf({ signal })).toBe(signal);
    expect(abortNoticeOf({})).toBeUndefined();
    expect(abortNoticeOf(undefined)).toBeUndefined();
  });
});
