import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { appSession, type AppSession } from '../../../src/module/app-session.js';
import { defineSession } from '../../../src/module/session-definition.js';
import { SessionEvents } from '../../../src/module/session-events.js';
import { SessionsRegistry } from '../../../src/module/sessions-registry.js';
import { StorageSweeper } from '../../../src/module/storage-sweeper.js';
import type { SessionStorage, SweepOptions } from '../../../src/storage/session-storage.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

/** Longer than any pause between two sweeps. */
const PAUSE = 90_000;
const HOUR = 3_600_000;
const never = new Promise<never>(() => undefined);

class SweptStorage extends SessionStorageMemory {
  /** How many records each next sweep removes. */
  readonly slices: (number | Promise<number>)[] = [];
  /** What each sweep was given. */
  readonly given: (SweepOptions | undefined)[] = [];
  sweeps = 0;
  closes = 0;
  onClose: () => Promise<void> = () => Promise.resolve();

  override async sweep(options?: SweepOptions): Promise<number> {
    this.sweeps++;
    this.given.push(options);
    return this.slices.shift() ?? 0;
  }

  override close(): Promise<void> {
    this.closes++;
    return this.onClose();
  }
}

/** Lets everything go on that waits for nothing but turns of the loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

describe('StorageSweeper', () => {
  let clock: ManualClock;
  let events: SessionEvents;
  let warn: MockInstance;

  beforeEach(() => {
    clock = new ManualClock();
    events = new SessionEvents();
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });

  afterEach(() => vi.restoreAllMocks());

  const registryOf = (...storages: (SessionStorage | undefined)[]): SessionsRegistry => {
    const registry = new SessionsRegistry({ sessions: [] });
    storages.forEach((storage, index) => registry.add(sessionOf(`s${index}`, storage)));
    return registry;
  };

  const sessionOf = (name: string, storage: SessionStorage | undefined): AppSession => {
    const session = appSession(defineSession({ name }, ''), storage ?? new SweptStorage(), clock, () => undefined);
    return { ...session, storage };
  };

  const sweeper = (...storages: (SessionStorage | undefined)[]): StorageSweeper =>
    new StorageSweeper(registryOf(...storages), clock, events);

  it('does nothing before the app has started', () => {
    sweeper(new SweptStorage());
    expect(clock.timers).toBe(0);
  });

  it('sweeps again and again, at most half a pause sooner or later', async () => {
    for (const random of [0, 0.5, 0.999]) {
      vi.spyOn(Math, 'random').mockReturnValue(random);
      const storage = new SweptStorage();
      const own = sweeper(storage);
      own.onApplicationBootstrap();
      const pause = 60_000 * (0.5 + random);
      for (const round of [1, 2, 3]) {
        clock.advance(pause - 1);
        await turns();
        expect(storage.sweeps).toBe(round - 1);
        clock.advance(1);
        await turns();
        expect(storage.sweeps).toBe(round);
      }
      own.onModuleDestroy();
    }
  });

  it('sweeps slice by slice until there is no more, and lets others in between', async () => {
    const storage = new SweptStorage();
    storage.slices.push(5000, 5000, 17);
    sweeper(storage).onApplicationBootstrap();
    clock.advance(PAUSE);
    await Promise.resolve();
    expect(storage.sweeps).toBe(1);
    await turns();
    expect(storage.sweeps).toBe(4);
  });

  it('sweeps the others while the sweep of one hangs, and begins that one no second time', async () => {
    const [hanging, other] = [new SweptStorage(), new SweptStorage()];
    hanging.slices.push(never);
    sweeper(hanging, other).onApplicationBootstrap();
    for (let round = 0; round < 3; round++) {
      clock.advance(2 * PAUSE);
      await turns();
    }
    expect(other.sweeps).toBe(3);
    expect(hanging.sweeps).toBe(1);
  });

  it('sweeps each distinct storage', async () => {
    const [one, other] = [new SweptStorage(), new SweptStorage()];
    sweeper(one, other, one).onApplicationBootstrap();
    clock.advance(PAUSE);
    await turns();
    expect([one.sweeps, other.sweeps]).toEqual([1, 1]);
  });

  it('sweeps and closes the storages of sessions that are registered after it was made, and minds none without', async () => {
    const registry = registryOf(undefined);
    const own = new StorageSweeper(registry, clock, events);
    own.onApplicationBootstrap();
    const storage = new SweptStorage();
    registry.add(sessionOf('later', storage));
    clock.advance(PAUSE);
    await turns();
    own.onModuleDestroy();
    await own.onApplicationShutdown();
    expect([storage.sweeps, storage.closes]).toEqual([1, 1]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('tells of a storage that cannot be swept, sweeps the others, and tries again', async () => {
    const [broken, other] = [new SweptStorage(), new SweptStorage()];
    broken.slices.push(Promise.reject(new Error('EACCES')));
    sweeper(broken, other).onApplicationBootstrap();
    clock.advance(PAUSE);
    await turns();
    expect(warn).toHaveBeenCalledExactlyOnceWith('Cannot sweep session storage: EACCES');
    clock.advance(PAUSE);
    await turns();
    expect([broken.sweeps, other.sweeps]).toEqual([2, 2]);
  });

  it('asks to be told of what is removed while somebody observes, and else not', async () => {
    const storage = new SweptStorage();
    sweeper(storage).onApplicationBootstrap();
    const sweep = async (): Promise<void> => {
      clock.advance(PAUSE);
      await turns();
    };
    await sweep();
    const subscription = events.stream.subscribe();
    await sweep();
    subscription.unsubscribe();
    await sweep();
    expect(storage.given).toEqual([undefined, { onExpired: expect.any(Function) as unknown }, undefined]);
  });

  it('tells of each session whose record it has removed, where several share a storage', async () => {
    const [shared, other] = [new SessionStorageMemory({ clock }), new SessionStorageMemory({ clock })];
    const registry = registryOf(shared, shared, other);
    const ids: string[] = [];
    for (const { tracker } of registry.sessions) {
      const reply = { state: 'open', outage: () => undefined } as const;
      const session = await tracker.load([], { request: undefined, reply });
      session.handle.data['a'] = 1;
      await session.commit();
      ids.push(session.handle.id);
    }
    const seen: SessionEvent[] = [];
    events.stream.subscribe((event) => seen.push(event));
    clock.advance(HOUR);
    new StorageSweeper(registry, clock, events).onApplicationBootstrap();
    clock.advance(PAUSE);
    await turns();
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(
      expect.arrayContaining(ids.map((id, index) => ({ type: 'expired', session: `s${index}`, id }))),
    );
  });

  it('D11: stops when the app ends, also between two slices', async () => {
    const storage = new SweptStorage();
    let removed: (count: number) => void = () => undefined;
    storage.slices.push(new Promise((resolve) => (removed = resolve)), 5000, 5000);
    const own = sweeper(storage);
    own.onApplicationBootstrap();
    clock.advance(PAUSE);
    own.onModuleDestroy();
    removed(5000);
    await turns();
    expect(storage.sweeps).toBe(1);
    clock.advance(10 * PAUSE);
    await turns();
    expect(storage.sweeps).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('D11: leaves no timer when the app ends between two sweeps', () => {
    const own = sweeper(new SweptStorage());
    own.onApplicationBootstrap();
    expect(clock.timers).toBe(1);
    own.onModuleDestroy();
    expect(clock.timers).toBe(0);
  });

  it('D11: closes each distinct storage once, after a sweep that is under way', async () => {
    const [one, other] = [new SweptStorage(), new SweptStorage()];
    let removed: (count: number) => void = () => undefined;
    one.slices.push(new Promise((resolve) => (removed = resolve)));
    const own = sweeper(one, other, one);
    own.onApplicationBootstrap();
    clock.advance(PAUSE);
    own.onModuleDestroy();
    const closing = own.onApplicationShutdown();
    await turns();
    expect([one.closes, other.closes]).toEqual([0, 0]);
    removed(1);
    await closing;
    expect([one.closes, other.closes]).toEqual([1, 1]);
  });

  it('D11: ends the stream of events after a sweep that is under way', async () => {
    const storage = new SweptStorage();
    let removed: (count: number) => void = () => undefined;
    storage.slices.push(new Promise((resolve) => (removed = resolve)));
    let completed = false;
    events.stream.subscribe({ complete: () => (completed = true) });
    const own = sweeper(storage);
    own.onApplicationBootstrap();
    clock.advance(PAUSE);
    own.onModuleDestroy();
    const closing = own.onApplicationShutdown();
    await turns();
    expect(completed).toBe(false);
    removed(1);
    await closing;
    expect(completed).toBe(true);
  });

  it('D11: tells of a storage that cannot be closed, and closes the others', async () => {
    const [broken, other] = [new SweptStorage(), new SweptStorage()];
    broken.onClose = () => Promise.reject(new Error('ECONNRESET'));
    await sweeper(broken, other).onApplicationShutdown();
    expect(warn).toHaveBeenCalledExactlyOnceWith('Cannot close session storage: ECONNRESET');
    expect(other.closes).toBe(1);
  });

  it('D11: closes the others also when a storage throws at once', async () => {
    const [broken, other] = [new SweptStorage(), new SweptStorage()];
    broken.onClose = () => {
      throw new Error('at once');
    };
    await sweeper(broken, other).onApplicationShutdown();
    expect(warn).toHaveBeenCalledExactlyOnceWith('Cannot close session storage: at once');
    expect(other.closes).toBe(1);
  });

  it('D11: does not wait for ever for a storage that hangs', async () => {
    const [hanging, other] = [new SweptStorage(), new SweptStorage()];
    hanging.slices.push(never);
    hanging.onClose = () => never;
    const service = sweeper(hanging, other);
    service.onApplicationBootstrap();
    clock.advance(PAUSE);
    service.onModuleDestroy();
    const closing = service.onApplicationShutdown();
    clock.advance(5_000);
    await turns();
    expect([hanging.closes, other.closes]).toEqual([1, 1]);
    clock.advance(5_000);
    await closing;
    expect(clock.timers).toBe(0);
  });

  it('does not delay the end of an app that never started', async () => {
    const storage = new SweptStorage();
    storage.slices.push(never);
    await sweeper(storage).onApplicationShutdown();
    expect([storage.sweeps, storage.closes]).toEqual([0, 1]);
  });
});
