import { describe, expect, it } from 'vitest';
import { collect, streamOf } from '../../../../src/common/byte-stream.js';
import { CacheStorage } from '../../../../src/storage/cache/cache-storage.js';
import type { CacheStorageOptions } from '../../../../src/storage/cache/cache-storage-options.js';
import { InProcessInvalidationBus } from '../../../../src/storage/cache/in-process-invalidation-bus.js';
import type {
  InvalidationBus,
  InvalidationListener,
  SubscribeOptions,
} from '../../../../src/storage/cache/invalidation-bus.js';
import { SessionStorageMemory } from '../../../../src/storage/session-storage-memory.js';
import { deferred } from '../../../../src/testing/deferred.js';
import { GateStorage } from '../../../../src/testing/gate-storage.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

const HOUR = 3_600_000;
const BEAT = 1000;

/** A bus that goes wrong as a test wants it. */
class TestBus implements InvalidationBus {
  readonly messages: string[] = [];
  readonly listeners = new Set<InvalidationListener>();
  /** `deaf`: takes messages over and delivers none; `hangs`: takes none over; `fails`: refuses. */
  state: 'well' | 'deaf' | 'hangs' | 'fails' = 'well';

  async publish(message: string): Promise<void> {
    if (this.state === 'fails') throw new Error('the bus is down');
    if (this.state === 'hangs') await new Promise<never>(() => {});
    this.messages.push(message);
    if (this.state === 'well') for (const listener of this.listeners) listener.message(message);
  }

  async subscribe(listener: InvalidationListener, _options?: SubscribeOptions): Promise<() => Promise<void>> {
    if (this.state === 'fails') throw new Error('the bus is down');
    this.listeners.add(listener);
    return async () => void this.listeners.delete(listener);
  }

  drop(): void {
    for (const listener of this.listeners) listener.lost();
  }
}

/** Two caches, as of two processes, over one store and one bus. */
async function pair(options: CacheStorageOptions = {}, bus = new TestBus()) {
  const clock = new ManualClock();
  const memory = new SessionStorageMemory({ clock });
  const [one, other] = [open(memory), open(memory)];
  await one.read();
  await other.read();
  await settled();
  return { clock, bus, memory, one, other };

  function open(storage: SessionStorageMemory) {
    const gate = new GateStorage(storage);
    const cache = new CacheStorage(gate, { clock, bus, ...options });
    return {
      gate,
      cache,
      write: (content: string, expiresAt = clock.now() + HOUR) =>
        cache.write('a', streamOf(Buffer.from(content)), { expiresAt }),
      read: async () =>
        (await cache.read('a', async ({ stream, cached = false }) => [
          Buffer.from(await collect(stream)).toString(),
          cached,
        ])) ?? 'nothing',
    };
  }
}

/** Lets everything happen that only waits for promises. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
}

describe('CacheStorage with a bus', () => {
  it('trusts an entry for a minute', async () => {
    const { clock, memory, one } = await pair();
    await one.write('one');
    await memory.write('a', streamOf(Buffer.from('past all caches')), { expiresAt: clock.now() + HOUR });
    for (let seconds = 0; seconds < 59; seconds++) {
      clock.advance(BEAT);
      await settled();
    }
    clock.advance(999);
    expect(await one.read()).toEqual(['one', true]);
    clock.advance(1);
    await settled();
    expect(await one.read()).toEqual(['past all caches', false]);
  });

  it('C3: what another cache has changed or ended is seen at once, when that has resolved', async () => {
    const { one, other, clock } = await pair();
    await one.write('one');
    expect(await other.read()).toEqual(['one', false]);
    await one.write('two');
    expect(await other.read()).toEqual(['two', false]);
    await other.cache.invalidate('a');
    expect(await one.read()).toBe('nothing');
    await one.write('three');
    expect(await other.read()).toEqual(['three', false]);
    await one.write('', 0);
    expect(await other.read()).toBe('nothing');
    expect(clock.timers).toBe(2);
  });

  it('a change waits for its message to be taken over', async () => {
    const { one, bus } = await pair();
    const taken = deferred();
    const publish = bus.publish.bind(bus);
    bus.publish = async (message) => {
      if (message.startsWith('i ')) await taken.promise;
      return publish(message);
    };
    let done = 0;
    const changes = [one.write('one'), one.cache.invalidate('a')].map((change) => change.then(() => done++));
    await settled();
    expect(done).toBe(0);
    taken.resolve();
    await Promise.all(changes);
    expect(done).toBe(2);
  });

  it('the very first change, too, waits for its message to be taken over', async () => {
    const clock = new ManualClock();
    const bus = new TestBus();
    const taken = deferred();
    bus.publish = async (message) => void (message.startsWith('i ') && (await taken.promise));
    const cache = new CacheStorage(new SessionStorageMemory({ clock }), { clock, bus });
    let done = false;
    const ending = cache.invalidate('a').then(() => (done = true));
    await settled();
    expect(done).toBe(false);
    taken.resolve();
    await ending;
    await cache.close();
  });

  it('the very first change does not wait for ever', async () => {
    const clock = new ManualClock();
    const bus = new TestBus();
    bus.state = 'hangs';
    const cache = new CacheStorage(new SessionStorageMemory({ clock }), { clock, bus });
    const ending = cache.invalidate('a');
    await settled();
    clock.advance(BEAT);
    expect(await ending).toBe(false);
    await cache.close();
  });

  it.each(['before read', 'after read'] as const)(
    'C3: a message that comes during a fill (%s) discards it',
    async (point) => {
      const { one, other } = await pair();
      await one.write('old');
      const held = other.gate.hold(point);
      const reading = other.read();
      await held.reached;
      await one.cache.invalidate('a');
      held.release();
      await reading;
      expect(await other.read()).toBe('nothing');
    },
  );

  it('a message that comes during a write discards what that would have kept', async () => {
    const { one, other } = await pair();
    const held = other.gate.hold('after write');
    const writing = other.write('mine');
    await held.reached;
    await one.cache.invalidate('a');
    held.release();
    await writing;
    expect(await other.read()).toBe('nothing');
  });

  it('tells of a write that failed, too: it may have been done', async () => {
    const { one, bus } = await pair();
    const told = bus.messages.length;
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Promise.reject(new Error('of the source'));
    }
    await expect(one.cache.write('a', broken(), { expiresAt: HOUR * 1e6 })).rejects.toThrow('of the source');
    expect(bus.messages.slice(told)).toEqual([expect.stringMatching(/^i [\w-]+ a$/)]);
  });

  it('says nothing in its messages but ids', async () => {
    const { one, bus } = await pair();
    await one.write('private');
    for (const message of bus.messages) expect(message).toMatch(/^(i [\w-]{16} a|h [\w-]{16} \d+)$/);
  });

  it('ignores what is no message', async () => {
    const { one, bus } = await pair();
    await one.write('one');
    for (const message of ['', 'i', 'i x', 'i x y z', 'x x a', 'h x 1', 'i x ../a', 'i x b'])
      await bus.publish(message);
    expect(await one.read()).toEqual(['one', true]);
    await bus.publish('i somebody a');
    expect(await one.read()).toEqual(['one', false]);
  });

  describe('that is lost', () => {
    const ways: Record<string, (world: Awaited<ReturnType<typeof pair>>) => Promise<void>> = {
      'says so': async ({ bus }) => {
        bus.state = 'deaf';
        bus.drop();
      },
      'delivers nothing any more': async ({ bus, clock }) => {
        bus.state = 'deaf';
        clock.advance(BEAT);
        await settled();
        clock.advance(BEAT);
      },
      'takes nothing over any more': async ({ bus, clock }) => {
        bus.state = 'hangs';
        clock.advance(BEAT);
        await settled();
        clock.advance(BEAT);
      },
      refuses: async ({ bus, clock }) => {
        bus.state = 'fails';
        clock.advance(BEAT);
      },
    };

    describe.each(Object.entries(ways))('since it %s', (_, lose) => {
      it('flushes the cache and passes it until the bus is back', async () => {
        const world = await pair();
        const { one, other, bus, clock } = world;
        await one.write('one');
        await lose(world);
        await settled();
        expect(one.cache.size).toBe(0);
        expect([await one.read(), await one.read()]).toEqual([
          ['one', false],
          ['one', false],
        ]);
        expect(one.cache.size).toBe(0);
        await other.write('two');
        expect(await one.read()).toEqual(['two', false]);
        await one.write('three');
        expect(await other.read()).toEqual(['three', false]);
        await one.cache.invalidate('a');
        expect(await other.read()).toBe('nothing');
        await one.write('four');

        bus.state = 'well';
        clock.advance(BEAT);
        await settled();
        clock.advance(BEAT);
        await settled();
        expect([await one.read(), await one.read()]).toEqual([
          ['four', false],
          ['four', true],
        ]);
        await other.write('five');
        expect(await one.read()).toEqual(['five', false]);
      });
    });

    it('lets every read ask the delegate itself', async () => {
      const { one, bus, memory } = await pair();
      await one.write('one');
      bus.state = 'deaf';
      bus.drop();
      const held = one.gate.hold('after read');
      const first = one.read();
      await held.reached;
      await memory.invalidate('a');
      const later = one.read();
      held.release();
      expect(await first).toEqual(['one', false]);
      expect(await later).toBe('nothing');
    });

    it('does not let a change wait for ever', async () => {
      const { one, bus, clock } = await pair();
      bus.state = 'hangs';
      let written = false;
      const writing = one.write('one').then(() => (written = true));
      await settled();
      expect(written).toBe(false);
      clock.advance(BEAT);
      await settled();
      clock.advance(BEAT);
      await writing;
    });

    it('is not back by a heartbeat that was sent before it was lost', async () => {
      const { one, bus, clock } = await pair();
      await one.write('one');
      const publish = bus.publish.bind(bus);
      const late: string[] = [];
      bus.publish = async (message) => void late.push(message);
      clock.advance(BEAT);
      await settled();
      bus.drop();
      for (const message of late) await publish(message);
      expect([await one.read(), await one.read()]).toEqual([
        ['one', false],
        ['one', false],
      ]);
    });

    it('is found out, even if its last heartbeat came back twice', async () => {
      const { one, bus, clock } = await pair();
      await one.write('one');
      for (const heartbeat of bus.messages.filter((message) => message.startsWith('h '))) await bus.publish(heartbeat);
      bus.state = 'deaf';
      clock.advance(BEAT);
      await settled();
      clock.advance(BEAT);
      await settled();
      expect(one.cache.size).toBe(0);
    });

    it('is not back by a heartbeat that came back right before it was lost', async () => {
      const { one, bus, clock } = await pair();
      await one.write('one');
      const publish = bus.publish.bind(bus);
      bus.publish = async (message) => {
        const published = publish(message);
        bus.drop();
        return published;
      };
      clock.advance(BEAT);
      await settled();
      expect([await one.read(), await one.read()]).toEqual([
        ['one', false],
        ['one', false],
      ]);
    });

    it('fills nothing with what was read before it was back', async () => {
      const { one, other, bus, clock } = await pair();
      await one.write('one');
      bus.state = 'deaf';
      bus.drop();
      const held = one.gate.hold('after read');
      const reading = one.read();
      await held.reached;
      await other.write('two');
      bus.state = 'well';
      clock.advance(BEAT);
      await settled();
      held.release();
      expect(await reading).toEqual(['one', false]);
      expect(await one.read()).toEqual(['two', false]);
    });
  });

  describe('that takes nothing over of one cache', () => {
    /** Two caches that have read the same, and what decides whether messages of the first are taken over. */
    async function onesided() {
      const world = await pair();
      const { one, other, bus } = world;
      await one.write('one');
      await other.read();
      const [, origin = ''] = bus.messages.find((message) => message.startsWith('i '))?.split(' ') ?? [];
      const publish = bus.publish.bind(bus);
      const line = { isDown: true };
      bus.publish = async (message) => {
        if (line.isDown && message.includes(origin)) throw new Error('the line is down');
        return publish(message);
      };
      return { ...world, line };
    }

    it('lets that tell the others to forget everything, as soon as it can', async () => {
      const { one, other, clock, line } = await onesided();
      await one.write('two');
      expect(await other.read()).toEqual(['one', true]);
      line.isDown = false;
      for (let beats = 0; beats < 2; beats++) {
        clock.advance(BEAT);
        await settled();
      }
      expect(await other.read()).toEqual(['two', false]);
    });

    it('lets it tell them once, when it had something to tell', async () => {
      const { one, other, clock, bus, line } = await onesided();
      clock.advance(BEAT);
      await settled();
      expect(one.cache.size).toBe(0);
      line.isDown = false;
      for (let beats = 0; beats < 5; beats++) {
        clock.advance(BEAT);
        await settled();
      }
      expect(await other.read()).toEqual(['one', true]);
      line.isDown = true;
      await one.write('two');
      line.isDown = false;
      for (let beats = 0; beats < 5; beats++) {
        clock.advance(BEAT);
        await settled();
      }
      // Lost once more, with nothing to tell
      line.isDown = true;
      for (let beats = 0; beats < 5; beats++) {
        clock.advance(BEAT);
        await settled();
        line.isDown = false;
      }
      expect(bus.messages.filter((message) => message.startsWith('a '))).toHaveLength(1);
    });

    it('lets it try again, if that came to nothing, too', async () => {
      const { one, other, clock, bus, line } = await onesided();
      await one.write('two');
      line.isDown = false;
      const publish = bus.publish.bind(bus);
      let refused = 0;
      bus.publish = async (message) => {
        if (message.startsWith('a ') && refused++ === 0) throw new Error('the line is down');
        return publish(message);
      };
      for (let beats = 0; beats < 5; beats++) {
        clock.advance(BEAT);
        await settled();
      }
      expect(refused).toBe(2);
      expect(await other.read()).toEqual(['two', false]);
    });
  });

  it('subscribes when it is first used, and works without while it can not', async () => {
    const clock = new ManualClock();
    const bus = new TestBus();
    bus.state = 'fails';
    const cache = new CacheStorage(new SessionStorageMemory({ clock }), { clock, bus });
    expect([clock.timers, bus.listeners.size]).toEqual([0, 0]);
    await cache.write('a', streamOf(Buffer.from('one')), { expiresAt: clock.now() + HOUR });
    const isCached = () => cache.read('a', async ({ cached = false }) => cached);
    expect([await isCached(), await isCached()]).toEqual([false, false]);
    bus.state = 'well';
    clock.advance(BEAT);
    await settled();
    expect([await isCached(), await isCached()]).toEqual([false, true]);
    expect([clock.timers, bus.listeners.size]).toEqual([1, 1]);
  });

  it('leaves the bus when it is closed, and starts nothing any more', async () => {
    const { one, other, bus, clock } = await pair();
    await one.cache.close();
    await other.cache.close();
    expect([clock.timers, bus.listeners.size]).toEqual([0, 0]);
    const told = bus.messages.length;
    clock.advance(10 * BEAT);
    await settled();
    expect(bus.messages).toHaveLength(told);
  });

  it('that is closed while it subscribes ends that subscription', async () => {
    const clock = new ManualClock();
    const bus = new TestBus();
    const subscribing = deferred();
    const subscribe = bus.subscribe.bind(bus);
    bus.subscribe = async (listener) => {
      await subscribing.promise;
      return subscribe(listener);
    };
    const cache = new CacheStorage(new SessionStorageMemory({ clock }), { clock, bus });
    await cache.read('a', async () => true);
    await cache.close();
    subscribing.resolve();
    await settled();
    expect([clock.timers, bus.listeners.size]).toEqual([0, 0]);
  });

  it('that is closed while it subscribes lets the bus know that nobody waits', async () => {
    const clock = new ManualClock();
    const bus = new TestBus();
    const signals: (AbortSignal | undefined)[] = [];
    bus.subscribe = (_listener, { signal } = {}) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    };
    const cache = new CacheStorage(new SessionStorageMemory({ clock }), { clock, bus });
    await cache.read('a', async () => true);
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    await cache.close();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});

describe('InProcessInvalidationBus', () => {
  it('tells all who have subscribed, the sender too, until they leave', async () => {
    const bus = new InProcessInvalidationBus();
    const heard: string[] = [];
    const listener = (name: string): InvalidationListener => ({
      message: (text) => void heard.push(`${name} ${text}`),
      lost: () => {},
    });
    const leave = await bus.subscribe(listener('one'));
    await bus.subscribe(listener('other'));
    await bus.publish('x');
    await leave();
    await bus.publish('y');
    expect(heard).toEqual(['one x', 'other x', 'other y']);
  });
});
