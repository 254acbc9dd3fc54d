import { describe, expect, it } from 'vitest';
import { collect, streamOf, type ByteStream } from '../../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../../src/errors.js';
import { CacheStorage } from '../../../../src/storage/cache/cache-storage.js';
import type { CacheStorageOptions } from '../../../../src/storage/cache/cache-storage-options.js';
import type { ReadOptions, StoredEntry, WriteOptions } from '../../../../src/storage/session-storage.js';
import { SessionStorageMemory } from '../../../../src/storage/session-storage-memory.js';
import { FaultStorage } from '../../../../src/testing/fault-storage.js';
import { GateStorage } from '../../../../src/testing/gate-storage.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { CountingStorage } from '../../../support/counting-storage.js';
import { temporaryFolder } from '../../../support/folder.js';
import { DirectoryStorage } from '../../../../src/storage/directory/directory-storage.js';
import { PlainStorage } from '../plain-storage.js';

const HOUR = 3_600_000;

/** A cache over a gate over what may go wrong, over memory; and what another process does to that memory. */
function bench(
  options: CacheStorageOptions = {},
  clock = new ManualClock(),
  memory = new SessionStorageMemory({ clock }),
) {
  const faults = new FaultStorage(memory);
  const gate = new GateStorage(faults);
  const delegate = new CountingStorage(gate);
  const cache = new CacheStorage(delegate, { clock, ...options });
  const write = (storage: CacheStorage | SessionStorageMemory, content: string, more: Partial<WriteOptions> = {}) =>
    storage.write('a', streamOf(Buffer.from(content)), { expiresAt: clock.now() + HOUR, ...more });
  return {
    clock,
    memory,
    faults,
    gate,
    delegate,
    cache,
    /** What the cache says of `a`, and whether it was cached. */
    read: async (options?: ReadOptions) => {
      const read = cache.read(
        'a',
        async (entry) => [await textOf(entry.stream), entry.cached ?? false] as const,
        options,
      );
      return (await read) ?? 'nothing';
    },
    write: (content: string, more?: Partial<WriteOptions>) => write(cache, content, more),
    elsewhere: {
      write: (content: string, more?: Partial<WriteOptions>) => write(memory, content, more),
      end: () => memory.invalidate('a'),
    },
  };
}

async function textOf(stream: ByteStream): Promise<string> {
  return Buffer.from(await collect(stream)).toString();
}

async function* pieces(
  count: number,
  size: number,
  onPiece = (_piece: number): void => {},
): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece++) {
    onPiece(piece);
    yield Buffer.alloc(size, piece);
  }
}

describe('CacheStorage', () => {
  describe('a read', () => {
    it('asks the delegate once, and says of what is cached that it is', async () => {
      const { elsewhere, read, delegate } = bench();
      await elsewhere.write('one');
      expect([await read(), await read(), await read()]).toEqual([
        ['one', false],
        ['one', true],
        ['one', true],
      ]);
      expect(delegate.count()).toBe(1);
    });

    it('lends version and expiry with what is cached', async () => {
      const { cache, write, clock } = bench();
      const result = await write('one', { expiresAt: clock.now() + 500 });
      const entry = await cache.read('a', async ({ version, expiresAt, cached }) => ({ version, expiresAt, cached }));
      expect(entry).toEqual({ version: result.written && result.version, expiresAt: clock.now() + 500, cached: true });
    });

    it('is one for 50 that miss at once; those who have waited are told that it is cached', async () => {
      const { elsewhere, read, delegate, gate } = bench();
      await elsewhere.write('one');
      const held = gate.hold('after read');
      const reads = Array.from({ length: 50 }, () => read());
      await held.reached;
      held.release();
      const results = await Promise.all(reads);
      expect(results.filter((result) => result !== 'nothing' && result[0] === 'one')).toHaveLength(50);
      expect(results.filter((result) => result !== 'nothing' && !result[1])).toHaveLength(1);
      expect(delegate.count()).toBe(1);
    });

    it('that finds nothing is never kept', async () => {
      const { elsewhere, read, delegate } = bench();
      expect([await read(), await read()]).toEqual(['nothing', 'nothing']);
      expect(delegate.count()).toBe(2);
      await elsewhere.write('one');
      expect(await read()).toEqual(['one', false]);
    });

    it('that is fresh passes the cache, joins nobody, and is what the cache knows from then on', async () => {
      const { elsewhere, write, read, delegate, gate } = bench();
      await write('one');
      await elsewhere.write('two');
      expect(await read()).toEqual(['one', true]);
      expect(await read({ fresh: true })).toEqual(['two', false]);
      expect(await read()).toEqual(['two', true]);

      await elsewhere.write('three');
      const held = gate.hold('after read');
      const first = read({ fresh: true });
      await held.reached;
      await elsewhere.write('four');
      expect(await read({ fresh: true })).toEqual(['four', false]);
      held.release();
      expect(await first).toEqual(['three', false]);
      expect(await read()).toEqual(['four', true]);
      expect(delegate.count('read')).toBe(3);
    });

    it('whose consumer throws spoils nothing for those who wait, nor for later ones', async () => {
      const { cache, elsewhere, read, gate } = bench();
      await elsewhere.write('one');
      const held = gate.hold('after read');
      const failing = cache.read('a', () => Promise.reject(new Error('of the consumer')));
      await held.reached;
      const waiting = read();
      held.release();
      await expect(failing).rejects.toThrow('of the consumer');
      expect(await waiting).toEqual(['one', true]);
      expect(await read()).toEqual(['one', true]);
    });

    it('that fails fails for all who wait, and the next one asks again', async () => {
      const { elsewhere, read, faults, gate } = bench();
      await elsewhere.write('one');
      void faults.set('read', 'fail', { times: 1 });
      const held = gate.hold('before read');
      const reads = [read(), read()];
      await held.reached;
      held.release();
      for (const failure of await Promise.allSettled(reads)) {
        expect(failure).toMatchObject({ status: 'rejected', reason: expect.any(SessionStorageError) });
      }
      expect(await read()).toEqual(['one', false]);
    });

    it('that hangs is left when its reader is given up: one of those who wait reads again', async () => {
      const { elsewhere, read, faults, delegate } = bench();
      await elsewhere.write('one');
      const controller = new AbortController();
      const hangs = faults.set('read', 'hang', { times: 1 });
      void read({ signal: controller.signal });
      await hangs;
      const waiting = [read(), read(), read()];
      controller.abort();
      const results = await Promise.all(waiting);
      expect(results.map(([text]) => text)).toEqual(['one', 'one', 'one']);
      expect(delegate.count('read')).toBe(2);
      expect(await read()).toEqual(['one', true]);
    });

    it('that was given up before it began rejects, and asks nobody', async () => {
      const { elsewhere, read, faults, delegate } = bench();
      await elsewhere.write('one');
      void faults.set('read', 'hang', { times: 1 });
      await expect(read({ signal: AbortSignal.abort() })).rejects.toThrow(SessionStorageError);
      expect(delegate.count('read')).toBe(0);
      faults.mend();
      expect(await read()).toEqual(['one', false]);
    });

    it('that was given up while it waited for another does not take its place', async () => {
      const { elsewhere, read, faults, delegate } = bench();
      await elsewhere.write('one');
      const [leader, follower] = [new AbortController(), new AbortController()];
      const hangs = faults.set('read', 'hang', { times: 2 });
      void read({ signal: leader.signal });
      await hangs;
      const waiting = read({ signal: follower.signal });
      follower.abort();
      leader.abort();
      await expect(waiting).rejects.toThrow(SessionStorageError);
      expect(delegate.count('read')).toBe(1);
    });

    it.each([0, 2_000])('waits for no other that began maxStaleness (%i ms) ago', async (maxStaleness) => {
      const { clock, elsewhere, read, gate } = bench({ maxStaleness });
      await elsewhere.write('one');
      const held = gate.hold('after read');
      const first = read();
      await held.reached;
      await elsewhere.end();
      clock.advance(maxStaleness);
      const later = read();
      held.release();
      expect(await first).toEqual(['one', false]);
      expect(await later).toBe('nothing');
    });

    it('touches no signal where it is answered from memory', async () => {
      const { write, read } = bench();
      await write('one');
      const options = {
        get signal(): AbortSignal {
          throw new Error('it is made for nothing');
        },
      };
      expect(await read(options)).toEqual(['one', true]);
    });
  });

  describe('an entry', () => {
    it('is trusted for 5 s, to the millisecond, and then checked by its version', async () => {
      const { clock, write, elsewhere, read, delegate } = bench();
      await write('one');
      await elsewhere.write('two');
      clock.advance(4_999);
      expect(await read()).toEqual(['one', true]);
      clock.advance(1);
      expect(await read()).toEqual(['two', false]);
      expect(delegate.count('read')).toBe(1);
    });

    it('is checked without its bytes, and trusted again when nobody has changed it', async () => {
      const { clock, memory } = bench();
      class Unread extends CountingStorage {
        override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>) {
          const unread = (async function* (): AsyncGenerator<Uint8Array> {
            yield Promise.reject(new Error('it was read'));
          })();
          return super.read(id, (entry) => consumer({ ...entry, stream: unread }));
        }
      }
      const delegate = new Unread(memory);
      const cache = new CacheStorage(delegate, { clock });
      const text = () => cache.read('a', ({ stream }) => textOf(stream));
      await cache.write('a', streamOf(Buffer.from('one')), { expiresAt: clock.now() + HOUR });
      for (let checks = 1; checks <= 3; checks++) {
        clock.advance(5_000);
        expect(await text()).toBe('one');
        clock.advance(4_999);
        expect(await text()).toBe('one');
        expect(delegate.count('read')).toBe(checks);
      }
    });

    it('that was ended elsewhere is gone after maxStaleness at the latest', async () => {
      const { clock, write, elsewhere, read } = bench({ maxStaleness: '2s' });
      await write('one');
      await elsewhere.end();
      clock.advance(1_999);
      expect(await read()).toEqual(['one', true]);
      clock.advance(1);
      expect([await read(), await read()]).toEqual(['nothing', 'nothing']);
    });

    it('counts its time from when the delegate was asked, not from when it answered', async () => {
      const { clock, elsewhere, read, gate } = bench();
      await elsewhere.write('one');
      const held = gate.hold('after read');
      const first = read();
      await held.reached;
      await elsewhere.write('two');
      clock.advance(4_999);
      held.release();
      await first;
      expect(await read()).toEqual(['one', true]);
      clock.advance(1);
      expect(await read()).toEqual(['two', false]);
    });

    it('is asked for each time with maxStaleness 0', async () => {
      const { write, elsewhere, read } = bench({ maxStaleness: 0 });
      await write('one');
      expect(await read()).toEqual(['one', false]);
      await elsewhere.end();
      expect(await read()).toBe('nothing');
    });

    it('is not given beyond its expiry, unless somebody has renewed it', async () => {
      const { clock, write, elsewhere, read } = bench({ maxStaleness: '1h' });
      await write('one', { expiresAt: clock.now() + 1000 });
      await elsewhere.write('renewed');
      clock.advance(999);
      expect(await read()).toEqual(['one', true]);
      clock.advance(1);
      expect(await read()).toEqual(['renewed', false]);
    });

    it('leaves after idleTimeout without use: every one that sweep() finds so', async () => {
      const { clock, cache } = bench({ idleTimeout: '1m', maxStaleness: '1h' });
      for (let index = 0; index < 20; index++) {
        await cache.write(`id${index}`, streamOf(Buffer.from('x')), { expiresAt: clock.now() + HOUR });
      }
      clock.advance(40_000);
      for (let index = 0; index < 5; index++) await cache.read(`id${index}`, async () => true);
      clock.advance(40_000);
      await cache.sweep();
      expect(cache.size).toBe(5);
      clock.advance(60_001);
      await cache.sweep();
      expect(cache.size).toBe(0);
    });

    it.each([
      ['a clock that begins at 0', 60_000, new ManualClock(0)],
      ['a time that is no whole number', 59_999.5, new ManualClock()],
    ])('leaves after idleTimeout with %s, too', async (_, idleTimeout, clock) => {
      const { cache, write } = bench({ idleTimeout }, clock);
      await write('one');
      clock.advance(60_000);
      await cache.sweep();
      expect(cache.size).toBe(1);
      clock.advance(1);
      await cache.sweep();
      expect(cache.size).toBe(0);
    });

    it('that is idle is not given, swept or not', async () => {
      const { clock, write, elsewhere, read } = bench({ idleTimeout: '1m', maxStaleness: '1h' });
      await write('one');
      await elsewhere.write('two');
      clock.advance(60_001);
      expect(await read()).toEqual(['two', false]);
    });

    it('that was used longest ago leaves when there are too many, or too many bytes', async () => {
      for (const bounds of [{ maxEntries: 3 }, { maxBytes: 3 * 11 }]) {
        const { cache, clock, delegate } = bench(bounds);
        const use = (id: string) => cache.read(id, async ({ cached = false }) => cached);
        for (const id of ['a', 'b', 'c']) {
          await cache.write(id, streamOf(Buffer.alloc(10)), { expiresAt: clock.now() + HOUR });
        }
        await use('a');
        await cache.write('d', streamOf(Buffer.alloc(10)), { expiresAt: clock.now() + HOUR });
        expect(cache.size).toBe(3);
        expect([await use('a'), await use('c'), await use('d'), await use('b')]).toEqual([true, true, true, false]);
        expect(delegate.count('read')).toBe(1);
      }
    });
  });

  describe('a write', () => {
    it('goes through, and is what the cache knows from then on', async () => {
      const { write, read, memory, delegate } = bench();
      for (const content of ['one', 'two']) {
        await write(content);
        expect(await read()).toEqual([content, true]);
        expect(await memory.read('a', ({ stream }) => textOf(stream))).toBe(content);
      }
      expect(delegate.count('read')).toBe(0);
    });

    it.each([
      ['exists', 'absent' as const],
      ['conflict', { version: 'another' }],
      ['missing', { version: 'another' }],
    ])('that is refused because of "%s" drops what was known', async (reason, expected) => {
      const { write, elsewhere, read } = bench();
      await write('one');
      if (reason === 'missing') await elsewhere.end();
      else await elsewhere.write('two');
      expect(await write('three', { expect: expected })).toEqual({ written: false, reason });
      expect(await read()).toEqual(reason === 'missing' ? 'nothing' : ['two', false]);
    });

    it.each(['fail', 'fail after effect', 'fail raw', 'cut stream'] as const)(
      'that meets "%s" leaves nothing that is not asked for again',
      async (fault) => {
        const { write, read, faults } = bench();
        await write('one');
        void faults.set('write', fault, { times: 1 });
        await expect(write('two')).rejects.toThrow();
        expect(await read()).toEqual([fault === 'fail after effect' ? 'two' : 'one', false]);
      },
    );

    it('that has expired already ends the record, here too', async () => {
      const { write, read } = bench();
      await write('one');
      await write('', { expiresAt: 0 });
      expect(await read()).toBe('nothing');
    });

    it('keeps what was there readable until it is done', async () => {
      const { write, read, gate } = bench();
      await write('one');
      const held = gate.hold('before write');
      const writing = write('two');
      await held.reached;
      expect(await read()).toEqual(['one', true]);
      held.release();
      await writing;
      expect(await read()).toEqual(['two', true]);
    });

    it.each(['write', 'invalidate'] as const)(
      'that ends the record (%s) lets what was known go before the delegate has answered',
      async (verb) => {
        const { cache, write, read, gate } = bench();
        await write('one');
        const held = gate.hold(`after ${verb}`);
        const ending = verb === 'write' ? write('', { expiresAt: 0 }) : cache.invalidate('a');
        await held.reached;
        expect(await read()).toBe('nothing');
        held.release();
        await ending;
      },
    );

    it('of several at once leaves what the delegate has, whoever ends last', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { write, read, gate } = bench();
        const held = [gate.hold('after write'), gate.hold('after write')];
        const first = write('one');
        await held[0]!.reached;
        const second = write('two');
        await held[1]!.reached;
        for (const index of order) {
          held[index]!.release();
          await (index === 0 ? first : second);
        }
        expect(await read()).toEqual(['two', false]);
      }
    });
  });

  describe('a fill', () => {
    /** What somebody does in this process while the delegate is being read. */
    const changes: Record<string, (world: ReturnType<typeof bench>) => Promise<unknown>> = {
      'a write': ({ write }) => write('new'),
      'a write that ends the record': ({ write }) => write('', { expiresAt: 0 }),
      'an invalidate': ({ cache }) => cache.invalidate('a'),
    };

    describe.each(Object.entries(changes))('that is raced by %s', (what, change) => {
      const truth = what === 'a write' ? 'new' : 'nothing';

      it.each(['before read', 'after read'] as const)('(%s of the delegate) fills nothing', async (point) => {
        const world = bench();
        await world.elsewhere.write('old');
        const held = world.gate.hold(point);
        const reading = world.read();
        await held.reached;
        await change(world);
        const later = world.read();
        expect((await later)[0]).toBe(truth === 'nothing' ? 'n' : truth);
        held.release();
        await reading;
        const last = await world.read();
        expect(last === 'nothing' ? last : last[0]).toBe(truth);
        expect((await world.memory.read('a', ({ stream }) => textOf(stream))) ?? 'nothing').toBe(truth);
      });

      it('and ends while that is under way, fills nothing', async () => {
        const world = bench();
        await world.elsewhere.write('old');
        const verb = what === 'an invalidate' ? 'invalidate' : 'write';
        const held = [world.gate.hold('after read'), world.gate.hold(`before ${verb}`)] as const;
        const reading = world.read();
        await held[0].reached;
        const changing = change(world);
        await held[1].reached;
        held[0].release();
        expect(await reading).toEqual(['old', false]);
        // Begins while the change is under way: may see the old record, and may not keep it
        expect(await world.read()).toEqual(['old', false]);
        held[1].release();
        await changing;
        const last = await world.read();
        expect(last === 'nothing' ? last : last[0]).toBe(truth);
      });

      it('and began while that was under way, fills nothing', async () => {
        const world = bench();
        await world.elsewhere.write('old');
        const verb = what === 'an invalidate' ? 'invalidate' : 'write';
        const held = [world.gate.hold(`before ${verb}`), world.gate.hold('after read')] as const;
        const changing = change(world);
        await held[0].reached;
        const reading = world.read();
        await held[1].reached;
        held[0].release();
        await changing;
        held[1].release();
        expect(await reading).toEqual(['old', false]);
        const last = await world.read();
        expect(last === 'nothing' ? last : last[0]).toBe(truth);
      });
    });
  });

  describe('a record that is larger than all of the cache', () => {
    it('is written through piece by piece, and not held', async () => {
      const { cache, clock, memory } = bench({ maxBytes: 1000 });
      await cache.write('a', streamOf(Buffer.from('old')), { expiresAt: clock.now() + HOUR });
      await cache.write('a', pieces(10, 500), { expiresAt: clock.now() + HOUR });
      expect(cache.size).toBe(0);
      expect(await memory.read('a', async ({ stream }) => (await collect(stream)).length)).toBe(5000);
    });

    it('is read through while the delegate lends it, and by everybody for himself', async () => {
      const { clock } = bench();
      const path = temporaryFolder();
      const directory = new DirectoryStorage(path, { clock });
      const delegate = new CountingStorage(directory);
      const cache = new CacheStorage(delegate, { clock, maxBytes: 100_000 });
      await directory.write('a', pieces(10, 50_000), { expiresAt: clock.now() + HOUR });
      const lengths = await Promise.all(
        [1, 2, 3].map(() => cache.read('a', async ({ stream }) => (await collect(stream)).length)),
      );
      expect(lengths).toEqual([500_000, 500_000, 500_000]);
      expect(delegate.count('read')).toBe(3);
      const first = await cache.read('a', async ({ stream }) => {
        for await (const piece of stream) return piece[0];
        return undefined;
      });
      expect(first).toBe(0);
      expect(cache.size).toBe(0);
      await expect(cache.read('a', () => Promise.reject(new Error('of the consumer')))).rejects.toThrow(
        'of the consumer',
      );
    });

    it('is read by all who have waited at once, not by one after the other', async () => {
      const { elsewhere, read, gate } = bench({ maxBytes: 100 });
      await elsewhere.write('x'.repeat(200));
      const held = Array.from({ length: 4 }, () => gate.hold('before read'));
      const reads = held.map(() => read());
      held[0]!.release();
      await Promise.all(held.map(({ reached }) => reached));
      for (const { release } of held) release();
      expect(await Promise.all(reads)).toEqual(held.map(() => ['x'.repeat(200), false]));
    });

    it('takes the place of a smaller one that was cached', async () => {
      const { write, read, elsewhere, cache } = bench({ maxBytes: 100 });
      await write('small');
      await elsewhere.write('x'.repeat(200));
      expect(await read({ fresh: true })).toEqual(['x'.repeat(200), false]);
      expect(cache.size).toBe(0);
    });
  });

  it('has conditional writes if its delegate has them', () => {
    const { cache, clock } = bench();
    expect(cache.conditionalWrites).toBe(true);
    expect(new CacheStorage(new PlainStorage(clock)).conditionalWrites).toBe(false);
  });

  it('sweeps and closes its delegate, and holds nothing then', async () => {
    const { cache, write, delegate } = bench();
    await write('one');
    expect(await cache.sweep()).toBe(0);
    await cache.close();
    expect([delegate.sweeps, delegate.closes, cache.size]).toEqual([1, 1, 0]);
  });

  it('lets its delegate tell of what that has swept', async () => {
    const { cache, clock, write } = bench();
    await write('one');
    clock.advance(HOUR);
    const told: string[] = [];
    const onExpired = async (id: string, stream: ByteStream): Promise<void> =>
      void told.push(`${id}: ${await textOf(stream)}`);
    expect(await cache.sweep({ onExpired })).toBe(1);
    expect(told).toEqual(['a: one']);
  });

  it('starts no timers', async () => {
    const { clock, write, read, cache } = bench();
    await write('one');
    await read();
    expect(clock.timers).toBe(0);
    await cache.close();
  });

  it('refuses a missing delegate and wrong options at once, naming the cure', () => {
    const { memory } = bench();
    expect(() => new CacheStorage(undefined as unknown as SessionStorageMemory)).toThrow(
      'Cannot create CacheStorage: its delegate must be a storage: give one, or provide CACHE_STORAGE_DELEGATE',
    );
    const wrong: readonly (readonly [options: object, message: string])[] = [
      [{ maxEntries: 0 }, 'maxEntries must be a positive integer: received 0'],
      [{ maxBytes: 1.5 }, 'maxBytes must be a positive integer: received 1.5'],
      [{ idleTimeout: 0 }, "idleTimeout must be a duration of 1 ms at least, such as '5s': received 0"],
      [{ maxStaleness: -1 }, "maxStaleness must be a duration of 0 ms at least, such as '5s': received -1"],
      [{ maxStaleness: 'soon' }, "maxStaleness must be a duration of 0 ms at least, such as '5s': received soon"],
      [{ idleTimeout: null }, "idleTimeout must be a duration of 1 ms at least, such as '5s': received null"],
      [{ ttl: 5 }, 'it has no option ttl'],
    ];
    for (const [options, message] of wrong) {
      expect(() => new CacheStorage(memory, options)).toThrow(`Cannot create CacheStorage: ${message}`);
    }
  });
});
