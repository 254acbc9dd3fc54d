import { ForwardingStorage, ManualClock } from 'nest-sessions/testing';
import type { ByteStream, SessionOptions, SessionStorage, WriteOptions, WriteResult } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells, type Cell } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { idOf } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A storage that forgets nothing by itself, as the smallest custom one. */
class HoardingStorage extends ForwardingStorage {
  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const { expiresAt, ...rest } = options;
    const later = expiresAt <= 0 ? expiresAt : expiresAt + 1000 * DAY;
    return super.write(id, source, { ...rest, expiresAt: later });
  }
}

/** The same cell over storages that leave all expiry to the core. */
function hoarding({ platform, open }: Cell): Cell {
  return {
    platform,
    open: (clock) => {
      const backend = open(clock);
      return { connect: (): SessionStorage => new HoardingStorage(backend.connect()) };
    },
  };
}

const timeouts: readonly (readonly [kind: string, session: SessionOptions, timeout: number])[] = [
  ['idle', { idleTimeout: '10m' }, 10 * MINUTE],
  ['absolute', { idleTimeout: '2h', absoluteTimeout: '10m' }, 10 * MINUTE],
  ['default idle', {}, 30 * MINUTE],
];

describe.each(cells)('%s', (_, given) => {
  describe.each([
    ['as it is', given],
    ['that leaves expiry to the core', hoarding(given)],
  ])('over the storage %s', (_what, cell) => {
    it.each(timeouts)(
      'E1: at the %s timeout: alive a millisecond before, dead at it and after',
      async (_kind, session, timeout) => {
        for (const [moment, alive] of [
          [-1, true],
          [0, false],
          [1, false],
        ] as const) {
          for (const swept of [false, true]) {
            const app = await start(cell, { routes: verbRoutes, session });
            const client = await clientOf(app, '/set?a=1');
            app.clock.advance(timeout + moment);
            if (swept) while ((await app.counts.sweep()) > 0);
            expect(await client.json('/read')).toEqual(alive ? { a: '1' } : {});
            if (!alive) expect(await app.service.find(client.id())).toBeUndefined();
          }
        }
      },
    );

    it('E1: an expired cookie is never cleared', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(30 * MINUTE);
      expect((await client.get('/read')).setCookies).toEqual([]);
    });

    it.each(['/read', '/set?b=1', '/count', '/save?b=1'])(
      'C7: the absolute timeout ends a session that is used all the time, by %s',
      async (path) => {
        const app = await start(cell, { routes: verbRoutes });
        const client = await clientOf(app, '/set?a=1');
        for (let minutes = 0; minutes < 12 * 60 - 20; minutes += 20) {
          app.clock.advance(20 * MINUTE);
          await client.get(path);
          expect(await client.json('/read')).toMatchObject({ a: '1' });
          await app.counts.settled();
        }
        app.clock.advance(20 * MINUTE - 1);
        expect(await client.json('/read')).toMatchObject({ a: '1' });
        app.clock.advance(1);
        expect(await client.json('/read')).toEqual({});
      },
    );

    it('C7: regenerate starts the absolute timeout anew, unless restart is false', async () => {
      const routes = {
        ...verbRoutes,
        keep: ({ session }: Parameters<typeof verbRoutes.count>[0]) => session.regenerate({ restart: false }),
      };
      const session = { idleTimeout: '2h', absoluteTimeout: '1h' } as const;
      for (const [path, alive] of [
        ['/regenerate', true],
        ['/keep', false],
      ] as const) {
        const app = await start(cell, { routes, session });
        const client = await clientOf(app, '/set?a=1');
        app.clock.advance(30 * MINUTE);
        await client.get(path);
        app.clock.advance(HOUR - 1);
        expect(await client.json('/read')).toEqual(alive ? { a: '1' } : {});
        app.clock.advance(1);
        expect(await client.json('/read')).toEqual({});
      }
    });

    it('E2: what the client makes of Max-Age and Expires has no effect', async () => {
      const session = { idleTimeout: '30m', cookie: { maxAge: '1m' } } as const;
      const app = await start(cell, { routes: verbRoutes, session });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(10 * MINUTE);
      expect(await client.json('/read')).toEqual({ a: '1' });

      const cookie = `sid=${client.token()}; Max-Age=99999999; Expires=Fri, 31 Dec 9999 23:59:59 GMT`;
      app.clock.advance(30 * MINUTE);
      expect(await client.json('/read', { cookie })).toEqual({});
    });

    it('E3: traffic within the touch interval writes no more often than it, and shortens idle by no more', async () => {
      const session = { idleTimeout: '30m', touchAfter: '1m' } as const;
      const app = await start(cell, { routes: verbRoutes, session });
      const client = await clientOf(app, '/set?a=1');
      app.counts.forget();
      for (let seconds = 0; seconds < 600; seconds += 10) {
        app.clock.advance(10 * SECOND);
        expect(await client.json('/read')).toEqual({ a: '1' });
        await app.counts.settled();
      }
      expect(app.counts.count('write')).toBe(10);
      app.clock.advance(50 * SECOND);
      await client.get('/read');
      await app.counts.settled();
      expect(app.counts.count('write')).toBe(10);
      app.clock.advance(29 * MINUTE - 1);
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it('E3: with touchAfter 0 every use moves the deadline', async () => {
      const app = await start(cell, { routes: verbRoutes, session: { touchAfter: 0 } });
      const client = await clientOf(app, '/set?a=1');
      app.counts.forget();
      for (let times = 0; times < 3; times++) {
        app.clock.advance(SECOND);
        await client.get('/read');
        await app.counts.settled();
      }
      expect(app.counts.count('write')).toBe(3);
    });

    it('E3: a touch keeps the data, the secret and the absolute deadline', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const before = await app.stored(client.id());
      app.clock.advance(5 * MINUTE);
      const held = app.gate.hold('after write');
      await client.get('/read');
      await held.reached;
      held.release();
      const after = await app.stored(client.id());
      expect(after).toEqual({
        bytes: expect.anything(),
        data: before?.data,
        header: { ...before?.header, idle: before!.header.idle + 5 * MINUTE },
      });
    });

    it('E3: a touch delays no response', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(5 * MINUTE);
      for (const path of ['/read', '/declared']) {
        app.clock.advance(5 * MINUTE);
        const held = app.gate.hold('before write');
        expect((await client.get(path)).status).toBe(200);
        await held.reached;
        held.release();
      }
    });

    it('E3: many parallel readers touch without an error, and keep the session', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(5 * MINUTE);
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/read')));
      expect(answers.every(({ status, text }) => status === 200 && text === '{"a":"1"}')).toBe(true);
      expect(app.events.some(({ type }) => type === 'storageFailed')).toBe(false);
    });

    it.each(['/set?a=new', '/reply?a=new', '/save?a=new', '/count'])(
      'E4: expired at load, %s starts a session under a new id',
      async (path) => {
        const app = await start(cell, { routes: verbRoutes });
        const client = await clientOf(app, '/set?a=old&b=old');
        const old = client.token();
        app.clock.advance(30 * MINUTE);
        const { status, setCookies } = await client.get(path);
        expect(status).toBe(200);
        expect(setCookies).toHaveLength(1);
        expect(client.id()).not.toBe(idOf(old));
        expect(await client.json('/read')).toEqual(path === '/count' ? { n: 1 } : { a: 'new' });
        expect(await app.client().json('/read', { cookie: `sid=${old}` })).toEqual({});
      },
    );

    it('E5: durations over 2^31 ms are kept to the millisecond', async () => {
      const session = {
        idleTimeout: '60d',
        absoluteTimeout: '100d',
        touchAfter: '30d',
        cookie: { maxAge: '90d' },
      } as const;
      const app = await start(cell, { routes: verbRoutes, session });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(60 * DAY - 1);
      const touched = await client.get('/read');
      expect(touched.text).toBe('{"a":"1"}');
      expect(touched.setCookies[0]?.attributes['max-age']).toBe(String(90 * 24 * 60 * 60));
      app.clock.advance(40 * DAY);
      expect(await client.json('/read')).toEqual({ a: '1' });
      app.clock.advance(1);
      expect(await client.json('/read')).toEqual({});
    });

    it('E1: what a handler reads of the deadlines is what holds', async () => {
      const app = await start(cell, { routes: verbRoutes, session: { absoluteTimeout: '40m' } });
      const begun = app.clock.now();
      const client = await clientOf(app, '/set?a=1');
      expect(await client.json('/facts')).toMatchObject({ createdAt: begun, expiresAt: begun + 30 * MINUTE });
      app.clock.advance(20 * MINUTE);
      await client.get('/set?a=2');
      expect(await client.json('/facts')).toMatchObject({ createdAt: begun, expiresAt: begun + 40 * MINUTE });
    });

    it('C6: a session that expires while its handler works is not revived, and its request gets no cookie', async () => {
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      for (const path of ['/slow/set?a=2', '/slow/reply?a=2', '/slow/read']) {
        const client = await clientOf(app, '/set?a=1');
        const held = stops.hold('handler');
        const answer = client.get(path);
        await held.reached;
        app.clock.advance(30 * MINUTE);
        held.release();
        expect(await answer).toMatchObject({ status: 200, setCookies: [] });
        expect(await client.json('/read')).toEqual({});
      }
    });
  });

  it('E1: the deadline counts from the last change, too', async () => {
    const app = await start(given, { routes: verbRoutes, clock: new ManualClock(0) });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(20 * MINUTE);
    await client.get('/set?a=2');
    app.clock.advance(30 * MINUTE - 1);
    expect(await client.json('/read')).toEqual({ a: '2' });
  });
});
