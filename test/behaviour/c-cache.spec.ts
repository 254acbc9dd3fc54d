import { CacheStorage, DirectoryStorage, InProcessInvalidationBus, type InvalidationBus } from 'nest-sessions';
import { GateStorage } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.js';
import { PLATFORMS, type Cell } from '../support/matrix.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

/** Caches over one directory, each with a gate between it and the directory; `gates` are in the order of the apps. */
function caches(platform: Cell['platform'], bus?: InvalidationBus) {
  const path = temporaryFolder();
  const gates: GateStorage[] = [];
  const open: Cell['open'] = (clock) => ({
    connect: () => {
      const gate = new GateStorage(new DirectoryStorage(path, { clock, durable: false }));
      gates.push(gate);
      return new CacheStorage(gate, { clock, ...(bus && { bus }) });
    },
  });
  return { cell: { platform, open }, gates };
}

describe.each(PLATFORMS)('%s, cache over directory', (platform) => {
  describe.each(['before read', 'after read'] as const)('a miss (%s of the delegate)', (point) => {
    it.each([
      ['the same instance', '/destroy'],
      ['another instance', '/destroy'],
      ['the same instance', 'SessionsService.invalidate()'],
      ['another instance', 'SessionsService.invalidate()'],
    ])('C3: a logout on %s by %s meanwhile: dead for every later request', async (where, how) => {
      const { cell, gates } = caches(platform, new InProcessInvalidationBus());
      const app = await start(cell, { routes: verbRoutes });
      const other = await app.another();
      const client = await clientOf(other, '/set?a=1');
      await app.client().get('/read');
      const held = gates[0]!.hold(point);
      const reading = client.copy(app.origin).get('/read');
      await held.reached;
      const at = where === 'the same instance' ? app : other;
      // The gate holds one read: another passes
      if (how === '/destroy') await client.copy(at.origin).get('/destroy');
      else expect(await at.service.invalidate(client.id())).toBe(true);
      held.release();
      expect((await reading).status).toBe(200);
      for (const origin of [app.origin, other.origin]) expect(await client.copy(origin).json('/read')).toEqual({});
    });
  });

  it('C3: without a bus a logout elsewhere is seen after maxStaleness at the latest', async () => {
    const { cell } = caches(platform);
    const app = await start(cell, { routes: verbRoutes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    await client.copy(other.origin).get('/destroy');
    app.clock.advance(4_999);
    expect(await client.copy().json('/read')).toEqual({ a: '1' });
    app.clock.advance(1);
    expect(await client.copy().json('/read')).toEqual({});
    expect(await client.copy(other.origin).json('/read')).toEqual({});
  });

  it.each([
    ['with a bus', new InProcessInvalidationBus()],
    ['without a bus', undefined],
  ])('C9: %s: a login on one instance, the next request on another whose cache is warm: logged in', async (_, bus) => {
    const { cell } = caches(platform, bus);
    const app = await start(cell, { routes: verbRoutes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const elsewhere = client.copy(other.origin);
    expect(await elsewhere.json('/read')).toEqual({ a: '1' });
    expect(await elsewhere.json('/read')).toEqual({ a: '1' });
    const old = client.copy();
    await client.get('/regenerate?userId=eva');
    expect(await client.copy(other.origin).json('/read')).toEqual({ a: '1', userId: 'eva' });
    expect(await old.json('/read')).toEqual({});
    expect((await client.copy(other.origin).get('/set?b=2')).status).toBe(200);
    expect(await client.copy(other.origin).json('/read')).toEqual({ a: '1', userId: 'eva', b: '2' });
  });

  it('B1: what another instance has written meanwhile is merged, though the cache did not know of it', async () => {
    const { cell } = caches(platform);
    const app = await start(cell, { routes: verbRoutes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    await client.copy(other.origin).get('/set?b=2');
    expect(await client.json('/read')).toEqual({ a: '1' });
    expect((await client.get('/set?c=3')).status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: '1', b: '2', c: '3' });
  });

  it('reads of a session that is cached ask the directory for nothing', async () => {
    const { cell, gates } = caches(platform);
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const held = gates[0]!.hold('before read');
    for (let times = 0; times < 3; times++) expect(await client.json('/read')).toEqual({ a: '1' });
    held.release();
  });
});
