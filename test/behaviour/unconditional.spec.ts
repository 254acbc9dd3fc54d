import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, type Cell } from '../support/matrix.js';
import { PlainStorage } from '../support/plain-storage.js';
import { slowRoutes } from '../support/slow-routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

// Within one process every promise holds over a storage that knows nothing of versions and of time
describe.each(PLATFORMS)('%s, a storage without conditional writes', (platform) => {
  function plain(): { readonly cell: Cell; readonly storage: PlainStorage } {
    const storage = new PlainStorage();
    return { storage, cell: { platform, open: () => ({ connect: () => storage }) } };
  }

  it('warns at start that other processes are not covered', async () => {
    const { cell } = plain();
    const app = await start(cell, { routes: verbRoutes });
    const warnings = app.logs.filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([{ text: expect.stringMatching(/"sid".*no conditional writes.*other processes/) }]);
  });

  it('is never given expect, and always when to forget', async () => {
    const { cell, storage } = plain();
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    for (const path of ['/set?a=2', '/count', '/regenerate', '/take?key=a', '/destroy']) await client.get(path);
    expect(storage.written.length).toBeGreaterThan(3);
    for (const options of storage.written) {
      expect(options.expect).toBeUndefined();
      expect(options.expiresAt).toBeGreaterThan(app.clock.now());
    }
    expect(storage.size).toBe(0);
  });

  it('keeps what parallel requests change', async () => {
    const { cell } = plain();
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?nonce=x');
    await Promise.all(range(30).map((n) => client.copy().get(`/set?k${n}=${n}`)));
    await Promise.all(range(30).map(() => client.copy().get('/count')));
    const taken = await Promise.all(range(30).map(() => client.copy().json('/take?key=nonce')));
    expect(taken.filter((answer) => answer['taken'] === 'x')).toHaveLength(1);
    const data = await client.json('/read');
    expect(data).toMatchObject({ n: 30, k0: '0', k29: '29' });
    expect(Object.keys(data)).toHaveLength(31);
  });

  it('keeps what two apps of one process change', async () => {
    const { storage } = plain();
    // Both apps are given the very same object
    const options = () => ({ storage });
    const cell: Cell = { platform, open: () => ({ connect: () => new PlainStorage() }) };
    const app = await start(cell, { routes: verbRoutes, options });
    const other = await app.another();
    const client = await clientOf(app, '/set?nonce=x');
    const elsewhere = client.copy(other.origin);
    await Promise.all(range(40).map((n) => (n % 2 ? client.copy() : elsewhere.copy()).get('/count')));
    const taken = await Promise.all(range(40).map((n) => (n % 2 ? client : elsewhere).json('/take?key=nonce')));
    expect(taken.filter((answer) => answer['taken'] === 'x')).toHaveLength(1);
    expect(await client.json('/read')).toEqual({ n: 40 });
  });

  it.each(['/slow/set?a=2', '/slow/reply?a=2', '/slow/save?a=2', '/slow/count', '/slow/read'])(
    'a logout during %s sticks',
    async (path) => {
      const { cell, storage } = plain();
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(5 * 60_000);
      const held = stops.hold('handler');
      const answer = client.copy().get(path);
      await held.reached;
      await client.copy().get('/destroy');
      held.release();
      expect((await answer).setCookies).toEqual([]);
      await app.close();
      expect(storage.size).toBe(0);
    },
  );

  it('a login during a slow request refuses that one', async () => {
    const { cell } = plain();
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    const held = stops.hold('handler');
    const answer = old.get('/slow/set?a=old');
    await held.reached;
    await client.get('/regenerate?userId=eva');
    held.release();
    expect(await answer).toMatchObject({ status: 409, setCookies: [] });
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
  });

  it('a write that hung longer than storageTimeout cannot revive what was ended meanwhile', async () => {
    const { cell, storage } = plain();
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const writing = client.copy().get('/set?a=late');
    await held.reached;
    app.clock.advance(5_000);
    expect((await writing).status).toBe(503);
    const logout = client.copy().get('/destroy');
    await app.seen('loaded', 2);
    // It would be through by now, if it did not wait for the write
    for (let turns = 0; turns < 50; turns++) await setImmediate();
    held.release();
    const { status } = await logout;
    expect(status).toBe(200);
    expect(storage.size).toBe(0);
    expect(await client.json('/read')).toEqual({});
  });

  it('is not believed about expiry', async () => {
    const { cell } = plain();
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(30 * 60_000);
    expect(await client.json('/read')).toEqual({});
  });
});
