import { randomUUID } from 'node:crypto';
import { CacheStorage, type InvalidationBus } from 'nest-sessions';
import { RedisInvalidationBus } from 'nest-sessions/redis';
import { GateStorage } from 'nest-sessions/testing';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { isBusClient } from '../../src/redis/redis-bus-client.js';
import type { Client } from '../support/client.js';
import { CountingStorage } from '../support/counting-storage.js';
import type { Cell, Platform } from '../support/matrix.js';
import { timedRedis } from '../support/redis-time.js';
import { openRedis, redisOf, type RedisDriver } from '../support/redis.js';
import { startProxy, type TcpProxy } from '../support/servers/tcp-proxy.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type Instance, type World } from '../support/world.js';

/** How often a cache asks itself over the bus whether it hears. */
const BEAT = 1000;
const MAX_STALENESS = 60_000;

/** How many logouts are measured. */
const SAMPLES = 100;

/** Each driver, on one of the platforms: what a bus does is nothing to those. */
const CASES: readonly (readonly [RedisDriver, Platform])[] = [
  ['redis 6', 'express'],
  ['redis 5', 'fastify'],
  ['ioredis 6', 'fastify'],
  ['ioredis 5', 'express'],
];

/** What a node's cache does beside answering: its delegate, and its connections to the bus. */
interface Parts {
  readonly delegate: CountingStorage;
  /** Between the cache and its delegate. */
  readonly gate: GateStorage;
  readonly line: TcpProxy;
}

/** One of two processes. */
type Node = Parts & { readonly app: Instance };

interface Nodes {
  readonly channel: string;
  readonly world: World;
  readonly a: Node;
  readonly b: Node;
}

vi.setConfig({ testTimeout: 60_000 });

/** Waits until something no longer throws. */
function soon<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 15_000, interval: 5 });
}

/** Where Redis is reached through a line that can be cut. */
async function lineToRedis(): Promise<{ url: string; line: TcpProxy }> {
  const url = new URL(inject('redisUrl') ?? '');
  const line = await startProxy({ host: url.hostname, port: Number(url.port || 6379) });
  url.hostname = '127.0.0.1';
  url.port = String(line.port);
  return { url: url.href, line };
}

function busOver(driver: RedisDriver, url: string, channel: string): InvalidationBus {
  const { client, close } = openRedis(driver, url);
  onTestFinished(close);
  if (!isBusClient(client)) throw new Error('Cannot make a bus of this client');
  return new RedisInvalidationBus(client, { channel });
}

/** Calls back when a cache has dealt with a message. */
type OnMessage = (text: string) => void;

/**
 * Two apps over one Redis, each with a cache of its own; all that goes over the bus goes over a line that can be cut.
 *
 * @param onMessage of the second
 */
async function twoNodes(driver: RedisDriver, platform: Platform, onMessage: OnMessage = () => {}): Promise<Nodes> {
  const channel = randomUUID();
  const lines = [await lineToRedis(), await lineToRedis()];
  const parts: Parts[] = [];
  const open: Cell['open'] = (clock) => {
    const redis = timedRedis(driver, clock);
    return {
      connect() {
        const { url, line } = lines[parts.length]!;
        const delegate = new CountingStorage(redis.connect());
        const gate = new GateStorage(delegate);
        parts.push({ delegate, gate, line });
        const bus = busOver(driver, url, channel);
        return new CacheStorage(gate, { clock, bus: parts.length === 2 ? tapped(bus, onMessage) : bus });
      },
    };
  };
  const world = await start({ platform, open }, { routes: verbRoutes });
  const other = await world.another();
  return { channel, world, a: { ...parts[0]!, app: world }, b: { ...parts[1]!, app: other } };
}

function tapped(bus: InvalidationBus, onMessage: OnMessage): InvalidationBus {
  return {
    publish: (message) => bus.publish(message),
    subscribe(listener, options) {
      const message = (text: string): void => {
        listener.message(text);
        onMessage(text);
      };
      return bus.subscribe({ message, lost: () => listener.lost() }, options);
    },
  };
}

/** What a node answers to who reads the session. */
function read({ app }: Node, client: Client): Promise<Record<string, unknown>> {
  return client.copy(app.origin).json('/read');
}

/** How many reads of the delegate so many requests cost. */
async function readsOf(node: Node, client: Client, times: number): Promise<number> {
  const before = node.delegate.count('read');
  for (let time = 0; time < times; time++) await read(node, client);
  return node.delegate.count('read') - before;
}

/** Waits until a node trusts its cache; time moves on by seconds, as long as it does not. */
async function trusts({ world }: Nodes, node: Node, client: Client): Promise<void> {
  for (let seconds = 0; seconds < 20; seconds++) {
    if (seconds > 0) world.clock.advance(BEAT);
    // A heartbeat takes a while
    for (let times = 0; times < 50; times++) {
      if ((await readsOf(node, client, 2)) < 2 && (await readsOf(node, client, 1)) === 0) return;
    }
  }
  throw new Error('Cannot wait any longer: the cache is still passed by');
}

/** Waits until a node passes its cache by. */
async function passesBy(node: Node, client: Client): Promise<void> {
  await soon(async () => expect(await readsOf(node, client, 2)).toBe(2));
}

const all = describe.runIf(inject('redisUrl') !== null);

all.each(CASES)('near cache over redis and its bus, by %s, on %s', (driver, platform) => {
  /** Two nodes whose caches hold the session of a client, and trust what they hold. */
  async function warm(): Promise<Nodes & { readonly client: Client }> {
    const nodes = await twoNodes(driver, platform);
    const client = await clientOf(nodes.a.app, '/set?a=1');
    for (const node of [nodes.a, nodes.b]) await trusts(nodes, node, client);
    expect(await read(nodes.b, client)).toEqual({ a: '1' });
    return { ...nodes, client };
  }

  it.each([
    ['C9: a change', '/set?b=2', { a: '1', b: '2' }],
    ['C3: a logout', '/destroy', {}],
    ['C3: SessionsService.invalidate()', undefined, {}],
  ])('%s on one node is seen on the other, without any time to pass', async (_, path, seen) => {
    const { a, b, client } = await warm();
    if (path === undefined) expect(await a.app.service.invalidate(client.id())).toBe(true);
    else expect((await client.copy(a.app.origin).get(path)).status).toBe(200);
    expect(await read(a, client)).toEqual(seen);
    await soon(async () => expect(await read(b, client)).toEqual(seen));
    expect(await read(b, client)).toEqual(seen);
  });

  it('C4, C9: after a login on one node the old secret is dead on the other, and the new one lives', async () => {
    const { a, b, client } = await warm();
    const old = client.copy();
    const loggedIn = client.copy(a.app.origin);
    await loggedIn.get('/regenerate?userId=eva');
    // Before it is refused, the cache is passed by
    expect(await read(b, loggedIn)).toEqual({ a: '1', userId: 'eva' });
    await soon(async () => expect(await read(b, old)).toEqual({}));
    expect(await read(a, old)).toEqual({});
  });

  describe.each([
    ['of the node that is logged out at', ['a']],
    ['of the other node', ['b']],
    ['of both nodes', ['a', 'b']],
  ] as const)('whose connection to the bus is cut, that %s,', (_, names) => {
    it.each(['before', 'during', 'after'] as const)(
      'C3: %s a logout: passed by until the bus is back, and nothing stale then',
      async (when) => {
        const { client, ...nodes } = await warm();
        const { a, b, world } = nodes;
        const begun = world.clock.now();
        const cut = names.map((name) => nodes[name]);
        const cutAll = (): void => {
          for (const { line } of cut) line.refuse();
        };
        const logout = (): Promise<unknown> => client.copy(a.app.origin).get('/destroy');

        if (when === 'before') {
          cutAll();
          for (const node of cut) await passesBy(node, client);
          await logout();
        } else if (when === 'during') {
          const held = a.gate.hold('after write');
          const ending = logout();
          await held.reached;
          cutAll();
          for (const node of cut) await passesBy(node, client);
          held.release();
          await ending;
        } else {
          await logout();
          cutAll();
          for (const node of cut) await passesBy(node, client);
        }

        expect(await read(a, client)).toEqual({});
        if (cut.includes(b)) {
          expect(await read(b, client)).toEqual({});
          // A session that lives is not kept either
          const another = await clientOf(b.app, '/set?a=2');
          expect(await readsOf(b, another, 5)).toBe(5);
        }

        for (const { line } of cut) line.accept();
        const later = await clientOf(a.app, '/set?a=3');
        for (const node of cut) await trusts(nodes, node, later);
        await soon(async () => expect(await read(b, client)).toEqual({}));
        for (const node of [a, b, a, b]) expect(await read(node, client)).toEqual({});
        expect(world.clock.now() - begun).toBeLessThan(MAX_STALENESS);
        // All is as before
        await trusts(nodes, b, later);
        await later.get('/destroy');
        await soon(async () => expect(await read(b, later)).toEqual({}));
      },
    );
  });

  it('C3: what a node cannot tell the others is seen there after maxStaleness at the latest', async () => {
    const { client, ...nodes } = await warm();
    const { a, b, world } = nodes;
    a.line.refuse();
    await passesBy(a, client);
    await client.copy(a.app.origin).get('/destroy');
    expect(await read(b, client)).toEqual({ a: '1' });
    world.clock.advance(MAX_STALENESS);
    expect(await read(b, client)).toEqual({});
  });

  it('C3: a node whose connection is half dead, open and without a byte, sees a logout after two seconds at the latest', async () => {
    const { client, ...nodes } = await warm();
    const { a, b, world } = nodes;
    b.line.hold();
    await client.copy(a.app.origin).get('/destroy');
    expect(await read(b, client)).toEqual({ a: '1' });
    world.clock.advance(BEAT);
    expect(await read(b, client)).toEqual({ a: '1' });
    world.clock.advance(BEAT);
    expect(await read(b, client)).toEqual({});
    const another = await clientOf(b.app, '/set?a=2');
    expect(await readsOf(b, another, 5)).toBe(5);
    b.line.flow();
    await trusts(nodes, b, another);
    for (let times = 0; times < 3; times++) expect(await read(b, client)).toEqual({});
  });

  it('C3: a logout on a node whose connection is half dead is answered after two seconds at the latest', async () => {
    const { client, ...nodes } = await warm();
    const { a, b, world } = nodes;
    const begun = world.clock.now();
    a.line.hold();
    const written = a.delegate.count('write');
    let isAnswered = false;
    const ending = client.copy(a.app.origin).get('/destroy');
    void ending.then(() => (isAnswered = true));
    await soon(() => expect(a.delegate.count('write')).toBe(written + 1));
    expect(await readsOf(b, client, 10)).toBe(0);
    expect(isAnswered).toBe(false);
    for (let beats = 0; beats < 2; beats++) world.clock.advance(BEAT);
    expect((await ending).status).toBe(200);
    expect(await read(a, client)).toEqual({});
    a.line.flow();
    await soon(async () => expect(await read(b, client)).toEqual({}));
    expect(world.clock.now() - begun).toBeLessThan(MAX_STALENESS);
  });

  it('leaves the bus with its app', async () => {
    const { a, b, channel, client } = await warm();
    const { command } = redisOf(driver);
    const subscribed = () => command('PUBSUB', 'NUMSUB', channel);
    expect(await subscribed()).toEqual([channel, 2]);
    await a.app.close();
    await soon(async () => expect(await subscribed()).toEqual([channel, 1]));
    expect((await client.copy(b.app.origin).get('/destroy')).status).toBe(200);
    expect(await read(b, client)).toEqual({});
    await b.app.close();
    await soon(async () => expect(await subscribed()).toEqual([channel, 0]));
  });

  it('tells how long it takes', async () => {
    const drops = new Map<string, (at: number) => void>();
    const nodes = await twoNodes(driver, platform, (text) =>
      drops.get(text.split(' ').at(-1) ?? '')?.(performance.now()),
    );
    const { a, b } = nodes;
    const delays: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const client = await clientOf(a.app, '/set?a=1');
      if (sample === 0) await trusts(nodes, b, client);
      expect(await read(b, client)).toEqual({ a: '1' });
      const dropped = new Promise<number>((resolve) => drops.set(client.id(), resolve));
      const held = a.gate.hold('after write');
      const ending = client.copy(a.app.origin).get('/destroy');
      await held.reached;
      const ended = performance.now();
      held.release();
      delays.push((await dropped) - ended);
      await ending;
    }
    delays.sort((one, other) => one - other);
    const [median, last] = [0.5, 0.99].map((part) => delays[Math.floor(SAMPLES * part)]?.toFixed(2));
    process.stdout.write(
      `near cache: by ${driver} another node has dropped a session that was ended ${median} ms later; 99 of 100, ${last} ms\n`,
    );
  });
});
