import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { InvalidationListener } from 'nest-sessions';
import { RedisInvalidationBus, type RedisBusClient, type RedisInvalidationBusOptions } from 'nest-sessions/redis';
import { ManualClock } from 'nest-sessions/testing';
import { createClientPool } from 'redis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { isBusClient } from '../../../src/redis/redis-bus-client.js';
import { openRedis, REDIS_DRIVERS, type RedisDriver } from '../../support/redis.js';
import { startRedis, type RedisServer } from '../../support/servers/redis-server.js';
import { freePort } from '../../support/servers/server-process.js';
import { startProxy } from '../../support/servers/tcp-proxy.js';

/** How long a connection may take to subscribe, and be silent. */
const PATIENCE = 5000;

/** Notes what a subscription brings, losses among the messages. */
class Ear implements InvalidationListener {
  readonly heard: string[] = [];

  message(text: string): void {
    this.heard.push(text);
  }

  lost(): void {
    this.heard.push('(lost)');
  }

  get losses(): number {
    return this.heard.filter((text) => text === '(lost)').length;
  }
}

vi.setConfig({ testTimeout: 30_000 });

/** Waits until something no longer throws. */
function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 15_000, interval: 10 });
}

type Emitter = Pick<EventEmitter, 'on' | 'emit'>;

function isEmitter(thing: unknown): thing is Emitter {
  return typeof thing === 'object' && thing !== null && 'on' in thing && 'emit' in thing;
}

function busClient(client: unknown): RedisBusClient {
  if (!isBusClient(client)) throw new Error('Cannot make a bus of this client');
  return client;
}

describe('RedisInvalidationBus', () => {
  it.each([
    ['nothing', undefined],
    ['something else', {}],
    ['a pool, which has no connection to be duplicated', createClientPool()],
  ])('refuses %s for a client', (_, client) => {
    expect(() => new RedisInvalidationBus(client as RedisBusClient)).toThrow(
      'Cannot create RedisInvalidationBus: its client must be one of redis (5 or later) or ioredis, and not a pool',
    );
  });
});

describe.runIf(inject('redisUrl') !== null).each(REDIS_DRIVERS)('RedisInvalidationBus, by %s', (driver) => {
  // One that only this file uses: it is asked for its connections, and stopped
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.remove());

  /** A bus over a client of its own, at a port; the channel is the test's. */
  function busAt(port: number, channel: string, options: RedisInvalidationBusOptions = {}): RedisInvalidationBus {
    return new RedisInvalidationBus(clientAt(driver, port), { channel, ...options });
  }

  function clientAt(of: RedisDriver, port: number): RedisBusClient {
    const { client, close } = openRedis(of, `redis://127.0.0.1:${port}`);
    onTestFinished(close);
    return busClient(client);
  }

  /** Asks the server past all that is tested. */
  async function ask(...command: [string, ...string[]]): Promise<unknown> {
    const asking = openRedis('ioredis 6', server.url);
    try {
      return await asking.command(...command);
    } finally {
      asking.close();
    }
  }

  async function subscriptions(channel: string): Promise<unknown> {
    const [, count] = (await ask('PUBSUB', 'NUMSUB', channel)) as [string, number];
    return count;
  }

  /** How many connections the server has, that of the question apart. */
  async function connections(): Promise<number> {
    return (
      String(await ask('CLIENT', 'LIST'))
        .trim()
        .split('\n').length - 1
    );
  }

  /** Publishes until that works again. */
  async function publishes(bus: RedisInvalidationBus, message: string): Promise<void> {
    await soon(() => bus.publish(message));
  }

  it('tells all who have subscribed, the sender included, in the order in which it was sent', async () => {
    const channel = randomUUID();
    const [bus, other] = [busAt(server.port, channel), busAt(server.port, channel)];
    const ears = [new Ear(), new Ear(), new Ear()] as const;
    for (const [index, ear] of ears.entries()) await (index === 0 ? bus : other).subscribe(ear);
    const messages = Array.from({ length: 200 }, (_, index) => `i origin ${index}`);
    await Promise.all(messages.map((message) => bus.publish(message)));
    for (const { heard } of ears) await soon(() => expect(heard).toEqual(messages));
  });

  it('tells nobody of another channel', async () => {
    const bus = busAt(server.port, randomUUID());
    const other = busAt(server.port, randomUUID());
    const ear = new Ear();
    await bus.subscribe(ear);
    await other.publish('elsewhere');
    await bus.publish('here');
    await soon(() => expect(ear.heard).toEqual(['here']));
  });

  it('has "nest-sessions" for a channel, unless another is named', async () => {
    const ear = new Ear();
    await new RedisInvalidationBus(clientAt(driver, server.port)).subscribe(ear);
    await ask('PUBLISH', 'nest-sessions', 'hello');
    await soon(() => expect(ear.heard).toEqual(['hello']));
  });

  it.each([
    [{ channel: '' }, 'Cannot create RedisInvalidationBus: channel must be a text that is not empty'],
    [{ chanel: 'a' }, 'Cannot create RedisInvalidationBus: it has no option chanel'],
  ])('refuses the options %o', (options, message) => {
    expect(
      () => new RedisInvalidationBus(clientAt(driver, server.port), options as RedisInvalidationBusOptions),
    ).toThrow(message);
  });

  it('opens one connection for all who subscribe, and closes that alone when the last of them has left', async () => {
    const channel = randomUUID();
    const before = await connections();
    const bus = busAt(server.port, channel);
    await publishes(bus, 'by the client of the user');
    expect([await connections(), await subscriptions(channel)]).toEqual([before + 1, 0]);
    const ears = [new Ear(), new Ear()] as const;
    const [leave, leaveToo] = await Promise.all(ears.map((ear) => bus.subscribe(ear)));
    expect([await connections(), await subscriptions(channel)]).toEqual([before + 2, 1]);
    await leave!();
    await leave!();
    await bus.publish('one has left');
    await soon(() => expect(ears[1].heard).toEqual(['one has left']));
    await leaveToo!();
    await soon(async () => expect(await connections()).toBe(before + 1));
    await bus.publish('all have left');
    expect([ears[0].heard, ears[1].heard]).toEqual([[], ['one has left']]);
    // As if nobody had been there
    const ear = new Ear();
    await bus.subscribe(ear);
    await bus.publish('again');
    await soon(() => expect(ear.heard).toEqual(['again']));
  });

  it('tells at once that its connection has dropped, and again when it is back; then it hears what is sent', async () => {
    const channel = randomUUID();
    const proxy = await startProxy(server);
    const bus = busAt(proxy.port, channel);
    const other = busAt(server.port, channel);
    const ears = [new Ear(), new Ear()] as const;
    for (const ear of ears) await bus.subscribe(ear);
    await bus.publish('before');
    for (const { heard } of ears) await soon(() => expect(heard).toEqual(['before']));
    proxy.refuse();
    for (const ear of ears) await soon(() => expect(ear.losses).toBe(1));
    await other.publish('meanwhile');
    expect(await subscriptions(channel)).toBe(0);
    proxy.accept();
    for (const ear of ears) await soon(() => expect(ear.losses).toBe(2));
    expect(await subscriptions(channel)).toBe(1);
    await other.publish('after');
    for (const { heard } of ears) {
      await soon(() => expect(heard).toEqual(['before', '(lost)', '(lost)', 'after']));
    }
    await publishes(bus, 'its own');
    for (const { heard } of ears) await soon(() => expect(heard.at(-1)).toBe('its own'));
  });

  it('tells each time', async () => {
    const channel = randomUUID();
    const proxy = await startProxy(server);
    const bus = busAt(proxy.port, channel);
    const ear = new Ear();
    await bus.subscribe(ear);
    for (let times = 1; times <= 3; times++) {
      proxy.cut();
      await soon(() => expect(ear.losses).toBe(2 * times));
      await publishes(bus, `after ${times}`);
      await soon(() => expect(ear.heard.at(-1)).toBe(`after ${times}`));
    }
    expect(await subscriptions(channel)).toBe(1);
  });

  it('survives that the server is stopped and started again; what is published meanwhile does not hang for ever', async () => {
    const own = await startRedis();
    onTestFinished(() => own.remove());
    const bus = busAt(own.port, 'channel');
    const ear = new Ear();
    await bus.subscribe(ear);
    await own.process.stop();
    await soon(() => expect(ear.losses).toBe(1));
    const publishing = Promise.allSettled([bus.publish('meanwhile'), bus.publish('meanwhile')]);
    await own.process.start();
    await publishing;
    await soon(() => expect(ear.losses).toBe(2));
    await publishes(bus, 'after');
    await soon(() => expect(ear.heard.at(-1)).toBe('after'));
  });

  it('subscribes when the server is there, if it is not yet', async () => {
    const proxy = await startProxy(server);
    proxy.refuse();
    const bus = busAt(proxy.port, 'channel');
    const ear = new Ear();
    let isSubscribed = false;
    const subscribing = bus.subscribe(ear).then(() => (isSubscribed = true));
    await soon(() => expect(proxy.accepted).toBeGreaterThan(2));
    expect(isSubscribed).toBe(false);
    proxy.accept();
    await subscribing;
    await publishes(bus, 'hello');
    await soon(() => expect(ear.heard).toEqual(['hello']));
  });

  it.each([
    ['at once', async () => {}],
    ['while it is refused', async (proxy) => soon(() => expect(proxy.accepted).toBeGreaterThan(2))],
    ['while the server does not answer', async (proxy) => soon(() => expect(proxy.accepted).toBeGreaterThan(1))],
  ] satisfies [string, (proxy: Awaited<ReturnType<typeof startProxy>>) => Promise<void>][])(
    'who waits to be subscribed may give up, %s: no connection is left behind',
    async (when, meanwhile) => {
      const channel = randomUUID();
      const before = await connections();
      const proxy = await startProxy(server);
      if (when === 'while it is refused') proxy.refuse();
      if (when === 'while the server does not answer') proxy.hold();
      const client = clientAt(driver, proxy.port);
      const bus = new RedisInvalidationBus(client, { channel });
      const giveUp = new AbortController();
      const subscribing = bus.subscribe(new Ear(), { signal: giveUp.signal });
      await meanwhile(proxy);
      giveUp.abort();
      await expect(subscribing).rejects.toThrow('nobody waits for that any more');
      await expect(bus.subscribe(new Ear(), { signal: giveUp.signal })).rejects.toThrow(
        'nobody waits for that any more',
      );
      proxy.accept();
      proxy.flow();
      await publishes(bus, 'by the client of the user');
      await soon(async () => expect(await connections()).toBe(before + 1));
      expect(await subscriptions(channel)).toBe(0);
    },
  );

  it('ends its connection also when the last leaves while that is down', async () => {
    const channel = randomUUID();
    const before = await connections();
    const proxy = await startProxy(server);
    const bus = busAt(proxy.port, channel);
    const ear = new Ear();
    const leave = await bus.subscribe(ear);
    proxy.refuse();
    await soon(() => expect(ear.losses).toBe(1));
    await leave();
    proxy.accept();
    await publishes(bus, 'by the client of the user');
    await soon(async () => expect(await connections()).toBe(before + 1));
    expect([await subscriptions(channel), ear.losses]).toEqual([0, 1]);
  });

  it('publish() rejects with what the driver says when the client has been closed', async () => {
    const { client, close } = openRedis(driver, server.url);
    const bus = new RedisInvalidationBus(busClient(client));
    await bus.publish('hello');
    close();
    await expect(bus.publish('hello')).rejects.toThrow(/closed/i);
  });

  it('subscribe() rejects when the server does not let it, and works as soon as that does', async () => {
    const own = await startRedis();
    onTestFinished(() => own.remove());
    const asking = openRedis('ioredis 6', own.url);
    onTestFinished(asking.close);
    await asking.command('ACL', 'SETUSER', 'default', 'resetchannels');
    const bus = busAt(own.port, 'channel');
    const ears = [new Ear(), new Ear()] as const;
    const attempts = await Promise.allSettled(ears.map((ear) => bus.subscribe(ear)));
    expect(attempts.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await asking.command('ACL', 'SETUSER', 'default', 'allchannels');
    await bus.subscribe(ears[0]);
    await bus.publish('hello');
    await soon(() => expect(ears[0].heard).toEqual(['hello']));
    expect(ears[1].heard).toEqual([]);
  });

  /** A client whose duplicates a test can get hold of, and which may connect elsewhere than it does itself. */
  function withDuplicates(overrides: object = {}): { client: RedisBusClient; made: readonly Emitter[] } {
    const client = clientAt(driver, server.port);
    if (!('duplicate' in client)) throw new Error('It cannot be duplicated');
    const duplicate: (options: object) => unknown = client.duplicate.bind(client);
    const made: Emitter[] = [];
    const note = (options: object): unknown => {
      const other = duplicate({ ...options, ...overrides });
      if (isEmitter(other)) made.push(other);
      return other;
    };
    return { client: Object.assign(client, { duplicate: note }), made };
  }

  /** How a client of any driver is told to connect to a port. */
  function toPort(port: number): object {
    return { port, url: `redis://127.0.0.1:${port}`, socket: undefined };
  }

  function withDuplicatesAt(port: number): RedisBusClient {
    return withDuplicates(toPort(port)).client;
  }

  it('connects also where its client does not before it has to', async () => {
    const { client } = withDuplicates({ ...toPort(server.port), lazyConnect: true });
    const ear = new Ear();
    const bus = new RedisInvalidationBus(client, { channel: randomUUID() });
    await bus.subscribe(ear);
    await bus.publish('hello');
    await soon(() => expect(ear.heard).toEqual(['hello']));
  });

  const ofNodeRedis = driver.startsWith('redis') ? ['tells of an error after which the connection goes on'] : [];
  it.each(ofNodeRedis)('%s', async () => {
    const { client, made } = withDuplicates();
    const bus = new RedisInvalidationBus(client, { channel: randomUUID() });
    const ear = new Ear();
    await bus.subscribe(ear);
    for (let times = 1; times <= 2; times++) {
      made[0]?.emit('error', new Error('Cannot read an answer'));
      expect(ear.losses).toBe(times);
    }
    await bus.publish('hello');
    await soon(() => expect(ear.heard.at(-1)).toBe('hello'));
  });

  it('ends its attempts to connect when the last has left, and says nothing of them', async () => {
    const printed = vi.spyOn(console, 'error');
    onTestFinished(() => printed.mockRestore());
    // Nobody listens there
    const port = await freePort();
    const attempts = [0, 0];
    const ends = [new AbortController(), new AbortController()];
    const subscribing = ends.map(({ signal }, index) => {
      const { client, made } = withDuplicates(toPort(port));
      const attempt = new RedisInvalidationBus(client).subscribe(new Ear(), { signal });
      made[0]?.on('error', () => attempts[index]!++);
      return attempt;
    });
    await soon(() => expect(Math.min(...attempts)).toBeGreaterThan(2));
    ends[0]!.abort();
    await expect(subscribing[0]).rejects.toThrow('nobody waits');
    const [made = 0, reference = 0] = attempts;
    await soon(() => expect(attempts[1]).toBeGreaterThan(reference + 3));
    expect(attempts[0]).toBeLessThanOrEqual(made + 1);
    ends[1]!.abort();
    await expect(subscribing[1]).rejects.toThrow('nobody waits');
    expect(printed).not.toHaveBeenCalled();
  });

  it('leaves no connection behind for who leaves as soon as it hears of a loss', async () => {
    const channel = randomUUID();
    const before = await connections();
    const proxy = await startProxy(server);
    const bus = new RedisInvalidationBus(withDuplicatesAt(proxy.port), { channel });
    await publishes(bus, 'by the client of the user');
    let leave = async (): Promise<void> => {};
    let hasLeft = false;
    leave = await bus.subscribe({
      message: () => {},
      lost: () =>
        void Promise.resolve()
          .then(leave)
          .then(() => (hasLeft = true)),
    });
    expect(await connections()).toBe(before + 2);
    proxy.cut();
    await soon(() => expect(hasLeft).toBe(true));
    // Whatever was on its way is there now
    await publishes(bus, 'again');
    await soon(async () => expect(await connections()).toBe(before + 1));
    expect(await subscriptions(channel)).toBe(0);
  });

  it('survives that the server does not let it subscribe again', async () => {
    const own = await startRedis();
    onTestFinished(() => own.remove());
    const asking = openRedis('ioredis 6', own.url);
    onTestFinished(asking.close);
    const clock = new ManualClock();
    const bus = busAt(own.port, 'channel', { clock });
    const ear = new Ear();
    await bus.subscribe(ear);
    await asking.command('ACL', 'SETUSER', 'default', 'resetchannels');
    // The server ends the connections of those who hear what they may not
    await soon(() => expect(ear.losses).toBeGreaterThan(0));
    await soon(async () => expect(await asking.command('ACL', 'LOG')).not.toEqual([]));
    await asking.command('ACL', 'SETUSER', 'default', 'allchannels');
    await soon(async () => {
      clock.advance(PATIENCE);
      await bus.publish('hello');
      expect(ear.heard).toContain('hello');
    });
  });

  it('replaces a connection on which nothing is heard for 5 seconds of what was published', async () => {
    const channel = randomUUID();
    const clock = new ManualClock();
    const proxy = await startProxy(server);
    const bus = new RedisInvalidationBus(withDuplicatesAt(proxy.port), { channel, clock });
    const ear = new Ear();
    await bus.subscribe(ear);
    await bus.publish('before');
    await soon(() => expect(ear.heard).toEqual(['before']));
    clock.advance(10 * PATIENCE);
    await bus.publish('long after');
    await soon(() => expect(ear.heard).toEqual(['before', 'long after']));
    proxy.forget();
    const { accepted } = proxy;
    await bus.publish('unheard');
    clock.advance(PATIENCE - 1);
    await bus.publish('unheard');
    expect([proxy.accepted, ear.losses]).toEqual([accepted, 0]);
    clock.advance(1);
    await bus.publish('unheard');
    expect(ear.losses).toBe(1);
    await soon(() => expect(proxy.accepted).toBe(accepted + 1));
    await soon(() => expect(ear.losses).toBe(2));
    await bus.publish('after');
    await soon(() => expect(ear.heard.at(-1)).toBe('after'));
    expect(ear.heard).not.toContain('unheard');
    expect(clock.timers).toBe(0);
  });

  it('replaces a connection that takes 5 seconds to subscribe', async () => {
    const channel = randomUUID();
    const clock = new ManualClock();
    const proxy = await startProxy(server);
    proxy.hold();
    const bus = new RedisInvalidationBus(withDuplicatesAt(proxy.port), { channel, clock });
    const ear = new Ear();
    const subscribing = bus.subscribe(ear);
    await soon(() => expect(proxy.accepted).toBe(1));
    clock.advance(PATIENCE);
    await soon(() => expect(proxy.accepted).toBe(2));
    proxy.flow();
    await subscribing;
    await bus.publish('hello');
    await soon(() => expect(ear.heard).toEqual(['hello']));
    await soon(async () => expect(await subscriptions(channel)).toBe(1));
    expect(clock.timers).toBe(0);
  });
});
