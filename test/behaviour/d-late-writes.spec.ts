import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  SessionStorageMemory,
  type SessionStorage,
} from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { temporaryFolder } from '../support/folder.js';
import { LateStorage } from '../support/late-storage.js';
import { PLATFORMS, type Backend, type Cell } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

type Backends = readonly (readonly [name: string, open: (late: LateWrites) => Cell['open']])[];

/** Where writes wait between the app and its backend; one for each connection. */
class LateWrites {
  readonly #storages: LateStorage[] = [];

  constructor(readonly areDeaf = true) {}

  before(storage: SessionStorage): LateStorage {
    const late = new LateStorage(storage, this.areDeaf);
    this.#storages.push(late);
    return late;
  }

  /** The first app's. */
  get storage(): LateStorage {
    return this.#storages[0]!;
  }
}

const BACKENDS: Backends = [
  [
    'memory',
    (late) => (clock) => {
      const memory = new SessionStorageMemory({ clock });
      return { connect: () => late.before(new ForwardingStorage(memory)) };
    },
  ],
  ['directory', (late) => (clock) => directory(late, clock)],
  [
    'cache over directory',
    (late) => (clock) => {
      const { connect } = directory(late, clock);
      const bus = new InProcessInvalidationBus();
      return { connect: () => new CacheStorage(connect(), { clock, bus }) };
    },
  ],
];

function directory(late: LateWrites, clock: Parameters<Cell['open']>[0]): Backend {
  const path = temporaryFolder();
  return { connect: () => late.before(new DirectoryStorage(path, { clock, durable: false })) };
}

const lateCells = PLATFORMS.flatMap((platform) =>
  BACKENDS.map(([name, open]) => [`${platform}, ${name}`, { platform, open }] as const),
);

/** An app, a client of it, and a write of that which was answered with 503, and is still on its way. */
interface Late {
  readonly app: World;
  readonly client: Client;
  /** Lets it take effect; resolves when it has, or has failed to. */
  land(): Promise<void>;
}

describe.each(lateCells)('%s whose writes cannot be called back', (_, { platform, open }) => {
  async function late(path: string, routes = verbRoutes as Parameters<typeof start>[1]['routes']): Promise<Late> {
    const writes = new LateWrites();
    const app = await start({ platform, open: open(writes) }, { routes: routes! });
    const client = await clientOf(app, '/set?a=1&nonce=x');
    const delayed = writes.storage.set('write', 'delay', { times: 1 });
    const { answer } = client.copy().begin(path);
    await delayed;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    return { app, client, land: () => writes.storage.land() };
  }

  it.each(['/set?a=late', '/reply?a=late', '/save?a=late'])(
    'D2: what %s has sent counts from when it takes effect, and as a whole',
    async (path) => {
      const { client, land } = await late(path);
      expect(await client.json('/read')).toEqual({ a: '1', nonce: 'x' });
      await land();
      expect(await client.json('/read')).toEqual({ a: 'late', nonce: 'x' });
      expect((await client.get('/set?b=2')).status).toBe(200);
      expect(await client.json('/read')).toEqual({ a: 'late', b: '2', nonce: 'x' });
    },
  );

  it.each(['/set?a=late', '/count', '/regenerate?a=late', '/destroy', '/take?key=nonce'])(
    'D2: what %s has sent changes nothing once another request has stored',
    async (path) => {
      const { client, land } = await late(path);
      expect((await client.get('/set?b=2')).status).toBe(200);
      await land();
      expect(await client.json('/read')).toEqual({ a: '1', b: '2', nonce: 'x' });
      expect((await client.get('/set?b=3')).status).toBe(200);
    },
  );

  it.each(['/set?a=late', '/regenerate?a=late', '/count'])('D2: what %s has sent revives no session', async (path) => {
    const { app, client, land } = await late(path);
    const old = client.copy();
    expect((await client.get('/destroy')).status).toBe(200);
    await land();
    expect(await app.stored(old.id())).toBeUndefined();
    expect(await old.json('/read')).toEqual({});
  });

  it.each(['/set?a=late', '/regenerate?a=late', '/destroy'])(
    'D2: what %s has sent does not undo a login',
    async (path) => {
      const { client, land } = await late(path);
      const old = client.copy();
      expect((await client.get('/regenerate?userId=eva')).status).toBe(200);
      await land();
      expect(await client.json('/read')).toEqual({ a: '1', nonce: 'x', userId: 'eva' });
      expect(await old.json('/read')).toEqual({});
    },
  );

  it('D2: what takes effect while another request is at work is seen by it', async () => {
    const { routes, stops } = slowRoutes();
    const { client, land } = await late('/set?a=late', routes);
    const held = stops.hold('handler');
    const answer = client.get('/slow/set?b=2');
    await held.reached;
    await land();
    held.release();
    expect((await answer).status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: 'late', b: '2', nonce: 'x' });
  });

  it('D2: a login of which nobody knows: the old secret is dead, and nobody has the new one', async () => {
    const { client, land } = await late('/regenerate?userId=eva');
    await land();
    const old = client.copy();
    expect(await old.get('/read')).toMatchObject({ status: 200, text: '{}', setCookies: [] });
    expect(await old.get('/set?a=2')).toMatchObject({ status: 409, setCookies: [] });
  });

  it('D2: a logout of which nobody knows: the session ends with it, the cookie stays', async () => {
    const { app, client, land } = await late('/destroy');
    expect(await client.json('/read')).toMatchObject({ a: '1' });
    await land();
    expect(await client.get('/read')).toMatchObject({ text: '{}', setCookies: [] });
    expect(await app.stored(client.id())).toBeUndefined();
  });

  it('D2: what is taken is taken once, or lost, never twice', async () => {
    const lost = await late('/take?key=nonce');
    await lost.land();
    expect(await lost.client.json('/take?key=nonce')).toEqual({});
    const taken = await late('/take?key=nonce');
    expect(await taken.client.json('/take?key=nonce')).toEqual({ taken: 'x' });
    await taken.land();
    expect(await taken.client.json('/read')).toEqual({ a: '1' });
  });

  it("D2: a session that was created too late is nobody's, and is swept when its time is over", async () => {
    const writes = new LateWrites();
    const app = await start({ platform, open: open(writes) }, { routes: verbRoutes });
    const client = app.client();
    const delayed = writes.storage.set('write', 'delay', { times: 1 });
    const { answer } = client.begin('/set?a=late');
    await delayed;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    await writes.storage.land();
    const [orphan] = app.counts.writtenIds;
    expect((await app.stored(orphan!))?.data).toEqual({ a: 'late' });
    expect((await client.get('/set?a=2')).status).toBe(200);
    expect(client.id()).not.toBe(orphan);
    app.clock.advance(30 * 60_000);
    expect(await app.stored(orphan!)).toBeUndefined();
  });
});

describe.each(lateCells)('%s', (_, { platform, open }) => {
  it.each(['/set?a=late', '/reply?a=late', '/count', '/regenerate?a=late', '/destroy', '/take?key=a'])(
    'D2: a storage that is told that nobody waits any more does nothing of %s later',
    async (path) => {
      const writes = new LateWrites(false);
      const app = await start({ platform, open: open(writes) }, { routes: verbRoutes });
      for (const client of [await clientOf(app, '/set?a=1'), app.client()]) {
        if (client.cookies.size === 0 && /destroy|take/.test(path)) continue;
        const before = await app.stored(client.id() || 'none');
        const delayed = writes.storage.set('write', 'delay', { times: 1 });
        const { answer } = client.begin(path);
        await delayed;
        app.clock.advance(5_000);
        expectUnavailable(await answer);
        await writes.storage.land();
        const { id, options } = app.counts.calls.at(-1)!;
        expect(options?.signal?.aborted).toBe(true);
        expect((await app.stored(id))?.bytes).toEqual(before?.bytes);
      }
    },
  );

  it("D2: a read that is answered too late is nobody's, and fills no cache", async () => {
    const writes = new LateWrites();
    const app = await start({ platform, open: open(writes) }, { routes: verbRoutes });
    const other = await app.another();
    const client = await clientOf(other, '/set?a=1');
    const delayed = writes.storage.set('read', 'delay', { times: 1 });
    const { answer } = client.copy(app.origin).begin('/count');
    await delayed;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    await writes.storage.land();
    await client.copy().get('/destroy');
    expect(await client.copy(app.origin).json('/read')).toEqual({});
    expect(await app.stored(client.id())).toBeUndefined();
  });
});
