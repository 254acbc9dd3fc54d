import { CacheStorage, SimplifiedSessionStorage, type SessionStorage } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells, forgetfulCells, PLATFORMS, type Cell } from '../support/matrix.js';
import { PlainStorage } from '../support/plain-storage.js';
import type { Routes } from '../support/routes.js';
import { withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type Instance, type World } from '../support/world.js';

const IDLE = 30 * 60_000;
/** Longer than any pause between two sweeps. */
const PAUSE = 90_000;

const expired = (id: string, session = 'sid') => ({ type: 'expired', session, id });

/** Stops an app, and starts as many others over the same store at a time when all of its sessions are over. */
async function later(app: World, count: number): Promise<readonly Instance[]> {
  await app.close();
  app.clock.advance(IDLE);
  return Promise.all(Array.from({ length: count }, () => app.another()));
}

/** Lets all of them sweep at the same time, to the end. */
async function sweep(app: World, instances: readonly Instance[]): Promise<void> {
  app.clock.advance(PAUSE);
  for (const { counts } of instances) expect(counts.sweeps).toBe(1);
  await Promise.all(instances.map((instance) => instance.close()));
}

describe.each(cells.filter((cell) => !forgetfulCells.includes(cell)))('%s', (_, cell) => {
  it('a sweep tells of each session that it removes', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const ids = [];
    for (let count = 0; count < 20; count++) ids.push((await clientOf(app, '/set?a=1')).id());
    const [other] = await later(app, 1);
    const living = await clientOf(other!, '/set?a=1');
    await sweep(app, [other!]);
    expect(other!.events.slice(1)).toHaveLength(20);
    expect(other!.events.slice(1)).toEqual(expect.arrayContaining(ids.map((id) => expired(id))));
    expect(await app.stored(living.id())).toBeDefined();
  });

  it('of two instances that sweep one store exactly one tells of a session', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const ids = [];
    for (let count = 0; count < 20; count++) ids.push((await clientOf(app, '/set?a=1')).id());
    const instances = await later(app, 2);
    await sweep(app, instances);
    const told = instances.flatMap(({ events }) => events);
    expect(told).toHaveLength(20);
    expect(told).toEqual(expect.arrayContaining(ids.map((id) => expired(id))));
  });

  it('a session whose token came after its time is told as refused, and by the sweep as expired', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    const [other] = await later(app, 1);
    await client.copy(other!.origin).get('/read');
    await sweep(app, [other!]);
    expect(other!.events).toEqual([{ type: 'refused', session: 'sid', id, reason: 'unknown' }, expired(id)]);
  });

  it('a session that has ended, or that somebody uses, is not told as expired', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const [ended, used] = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=1')];
    await ended.get('/destroy');
    app.clock.advance(IDLE - 1);
    await used.get('/set?a=2');
    await app.close();
    app.clock.advance(1);
    const other = await app.another();
    await sweep(app, [other]);
    expect(other.events).toEqual([]);
    expect(app.events.filter(({ type }) => type === 'expired')).toEqual([]);
  });

  it('where several sessions share a storage with revocations, each is told by its name, and no revocation', async () => {
    const all = ['cart', 'user', 'prefs'];
    const set = (name: string): Routes[string] => ({
      sessions: [name],
      run: ({ session }) => void (session.data.a = '1'),
    });
    const app = await start(cell, {
      routes: {
        ...Object.fromEntries(all.map((name) => [name, set(name)])),
        end: { sessions: ['prefs'], run: ({ session }) => session.destroy() },
      },
      options: (storage) => ({
        sessions: [
          { name: 'cart', storage },
          { name: 'user', storage },
          { name: 'prefs', clientSide: { revocation: storage }, keys: ['k'.repeat(32)], absoluteTimeout: '30m' },
        ],
      }),
    });
    const client = app.client();
    for (const path of ['/cart', '/user', '/prefs', '/end']) await client.get(path);
    expect(app.events.map(({ type }) => type)).toEqual(['created', 'created', 'created', 'loaded', 'destroyed']);
    const [other] = await later(app, 1);
    await sweep(app, [other!]);
    expect(other!.events).toHaveLength(2);
    expect(other!.events).toEqual(
      expect.arrayContaining(['cart', 'user'].map((name) => expired(client.id(name), name))),
    );
  });

  it('a session of another app in the same store is swept, and not told', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    await app.close();
    app.clock.advance(IDLE);
    const other = await app.another({ options: (storage) => ({ name: 'theirs', storage }) });
    await sweep(app, [other]);
    expect(other.events).toEqual([]);
    expect(client.id()).not.toBe('');
  });

  it('what a sweep tells while the app ends is told before the stream completes', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const [other] = await later(app, 1);
    const seen: unknown[] = [];
    other!.service.events.subscribe({ next: (event) => seen.push(event), complete: () => seen.push('complete') });
    await sweep(app, [other!]);
    expect(seen).toEqual([expired(client.id()), 'complete']);
  });
});

describe.each(forgetfulCells)('%s', (_, cell) => {
  it('a session that has expired is gone without a sweep, and nobody tells of it', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    const [other] = await later(app, 1);
    expect(await app.stored(id)).toBeUndefined();
    await client.copy(other!.origin).get('/read');
    await sweep(app, [other!]);
    expect(other!.events).toEqual([{ type: 'refused', session: 'sid', id, reason: 'unknown' }]);
  });
});

/** A key-value store that forgets nothing. */
class KeepingStorage extends SimplifiedSessionStorage {
  readonly records = new Map<string, Uint8Array>();

  protected override async load(id: string): Promise<Uint8Array | undefined> {
    return this.records.get(id);
  }

  protected override async store(id: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes === undefined) this.records.delete(id);
    else this.records.set(id, bytes);
  }
}

const keepers: readonly (readonly [string, Cell['open']])[] = [
  ['a simplified storage that forgets nothing', () => connections(new KeepingStorage())],
  ['the smallest storage', () => connections(new PlainStorage())],
  [
    'a cache over a simplified storage that forgets nothing',
    (clock) => {
      const storage = new KeepingStorage();
      return { connect: () => new CacheStorage(storage, { clock }) };
    },
  ],
];

function connections(storage: SessionStorage): ReturnType<Cell['open']> {
  return { connect: () => storage };
}

describe.each(
  PLATFORMS.flatMap((platform) => keepers.map(([name, open]) => [`${platform}, ${name}`, { platform, open }] as const)),
)('%s', (_, cell) => {
  it('the request that comes with its token ends the session, and tells it', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    app.clock.advance(IDLE);
    const old = client.copy();
    expect(await client.json('/read')).toEqual({});
    await app.seen('expired', 1);
    expect(await app.stored(id)).toBeUndefined();
    await old.get('/read');
    await app.close();
    expect(app.events.slice(1)).toEqual([
      { type: 'refused', session: 'sid', id, reason: 'expired' },
      expired(id),
      { type: 'refused', session: 'sid', id, reason: 'unknown' },
    ]);
  });

  it('E4: a request that changes something starts a new session, whatever becomes of the old one', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    app.clock.advance(IDLE);
    const held = app.gate.hold('before invalidate');
    const answer = client.get('/set?b=2');
    await held.reached;
    expect((await answer).status).toBe(200);
    expect(client.id()).not.toBe(id);
    expect(app.events.filter(({ type }) => type === 'expired')).toEqual([]);
    held.release();
    await app.seen('expired', 1);
    expect(await client.json('/read')).toEqual({ b: '2' });
  });

  it('A8: another secret ends nothing, and moves nothing', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const before = await app.stored(client.id());
    app.clock.advance(IDLE);
    app.counts.forget();
    await app.client().get('/read', { tokens: { sid: withOtherSecret(client.token()) } });
    await app.close();
    expect(app.counts.count('write')).toBe(0);
    expect(before).toBeDefined();
    expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
    expect(app.events.filter(({ type }) => type === 'expired')).toEqual([]);
  });

  it('is told once, however many requests come at once', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(IDLE);
    await Promise.all(Array.from({ length: 10 }, () => client.copy().get('/read')));
    await app.close();
    expect(app.events.filter(({ type }) => type === 'expired')).toEqual([expired(client.id())]);
  });
});
