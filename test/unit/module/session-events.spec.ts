import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { config, filter, map } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionEvents } from '../../../src/module/session-events.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';

const created: SessionEvent = { type: 'created', session: 'sid', id: 'an-id' };

describe('SessionEvents', () => {
  const lines: [level: string, line: unknown][] = [];

  beforeEach(() => {
    lines.length = 0;
    for (const level of ['log', 'debug', 'error', 'warn'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void lines.push([level, line]));
    }
  });

  afterEach(() => {
    vi.restoreAllMocks();
    config.onUnhandledError = null;
  });

  it('tells every observer of every event since it subscribed', () => {
    const events = new SessionEvents();
    const [early, late]: [SessionEvent[], SessionEvent[]] = [[], []];
    events.stream.subscribe((event) => early.push(event));
    events.emit(created);
    events.stream.subscribe((event) => late.push(event));
    events.emit({ ...created, type: 'loaded' });
    expect(early.map(({ type }) => type)).toEqual(['created', 'loaded']);
    expect(late.map(({ type }) => type)).toEqual(['loaded']);
  });

  it('tells an observer nothing after it has left', () => {
    const events = new SessionEvents();
    const seen: SessionEvent[] = [];
    const subscription = events.stream.subscribe((event) => seen.push(event));
    subscription.unsubscribe();
    events.emit(created);
    expect(seen).toEqual([]);
  });

  it('an observer that throws disturbs neither the one who tells, nor others, nor the process, and is logged', async () => {
    const events = new SessionEvents();
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    const [before, after]: [SessionEvent[], SessionEvent[]] = [[], []];
    let calls = 0;
    events.stream.subscribe((event) => before.push(event));
    events.stream.subscribe(() => {
      calls++;
      throw new TypeError('THE-DATA');
    });
    events.stream.subscribe((event) => after.push(event));
    expect(() => events.emit(created)).not.toThrow();
    expect(() => events.emit(created)).not.toThrow();
    expect([before.length, calls, after.length]).toEqual([2, 2, 2]);
    // rxjs throws what it cannot hand to anybody in a timer of its own
    await wait(0);
    expect(unhandled).toEqual([]);
    expect(lines).toEqual([
      ['error', 'An observer of session events failed: TypeError'],
      ['error', 'An observer of session events failed: TypeError'],
    ]);
  });

  it('an operator that throws ends its own subscription, which is logged once; its observer may see to that itself', () => {
    const events = new SessionEvents();
    const errors: unknown[] = [];
    const seen: SessionEvent[] = [];
    const broken = map((): never => {
      throw new TypeError('THE-DATA');
    });
    events.stream.pipe(broken).subscribe();
    events.stream.pipe(broken).subscribe({ error: (error: unknown) => errors.push(error) });
    events.stream.subscribe((event) => seen.push(event));
    events.emit(created);
    events.emit(created);
    expect(seen).toHaveLength(2);
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(lines).toEqual([['error', 'An observer of session events failed, and is told no more: TypeError']]);
  });

  it('tells whether anybody observes', () => {
    const events = new SessionEvents();
    expect(events.isObserved).toBe(false);
    const subscription = events.stream.pipe(filter(({ type }) => type === 'expired')).subscribe();
    expect(events.isObserved).toBe(true);
    subscription.unsubscribe();
    expect(events.isObserved).toBe(false);
  });

  it('complete() ends the stream, and whatever is told after it is told to nobody', () => {
    const events = new SessionEvents();
    let completed = false;
    events.stream.subscribe({ complete: () => (completed = true) });
    events.complete();
    expect(completed).toBe(true);
    expect(() => events.emit(created)).not.toThrow();
  });

  it('logs nothing on the happy path, a refusal for debugging, a failure of the storage as an error; one line each', () => {
    const events = new SessionEvents();
    for (const type of ['created', 'loaded', 'changed', 'conflict', 'regenerated', 'destroyed', 'expired'] as const) {
      events.emit({ type, session: 'sid', id: 'an-id' });
    }
    expect(lines).toEqual([]);
    events.emit({ type: 'refused', session: 'sid', id: 'an-id', reason: 'expired' });
    events.emit({ type: 'refused', session: 'cart', reason: 'malformed' });
    events.emit({ type: 'storageFailed', session: 'sid', id: 'an-id', reason: 'down' });
    expect(lines).toEqual([
      ['debug', 'Session "sid" an-id refused: expired'],
      ['debug', 'Session "cart" refused: malformed'],
      ['error', 'Session "sid" an-id storage failed: down'],
    ]);
  });
});
