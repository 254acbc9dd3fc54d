import { SessionError } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { cells } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import type { Held } from 'nest-sessions/testing';
import { clientOf, start, type Instance, type World } from '../support/world.js';

/** How a session ends while another request is at work. */
const endings: readonly (readonly [
  how: string,
  end: (app: World, at: Instance, client: Client) => Promise<unknown>,
])[] = [
  ['logs out', (_app, at, client) => client.copy(at.origin).get('/destroy')],
  ['is invalidated', (_app, at, client) => at.service.invalidate(client.id())],
  ['expires', async (app) => app.clock.advance(30 * 60_000)],
];

/** What the slow request does, its status, and whether it may start a session of its own instead. */
const writers: readonly (readonly [path: string, status: number])[] = [
  ['/slow/set?a=2', 200],
  ['/slow/reply?a=2', 200],
  ['/slow/replace?a=2', 200],
  ['/slow/remove?key=a', 200],
  ['/slow/save?a=2', 409],
  ['/slow/count', 409],
  ['/slow/reload', 409],
  ['/slow/take?key=a', 200],
  ['/slow/destroy', 200],
];

/** Where the slow request stands when the session ends: after its load, or between its read and its conditional write. */
const gates: readonly (readonly [
  gate: string,
  hold: (app: World, stops: ReturnType<typeof slowRoutes>['stops']) => Held,
])[] = [
  ['after load', (_app, stops) => stops.hold('handler')],
  ['while it reads', (app) => app.gate.hold('after read')],
  ['before its write', (app) => app.gate.hold('before write')],
];

/** Storages are waited for longer than it takes to expire. */
const session = { storageTimeout: '2h' } as const;

describe.each(cells)('%s', (_, cell) => {
  describe.each(endings)('a session %s', (how, end) => {
    describe.each(gates)('%s of a slow request', (gate, hold) => {
      it.each(writers)('C1, C6: %s: it stays dead, and no cookie brings it back', async (path, status) => {
        // It reads, and never writes
        if (path === '/slow/reload' && gate === 'before its write') return;
        const { routes, stops } = slowRoutes();
        const app = await start(cell, { routes, session });
        const other = await app.another();
        const client = await clientOf(app, '/set?a=1');
        const id = client.id();
        const held = hold(app, stops);
        const answer = client.copy().get(path);
        await held.reached;
        await end(app, other, client.copy());
        held.release();
        const { status: got, setCookies, text } = await answer;
        expect(await app.stored(id)).toBeUndefined();
        expect(await client.json('/read')).toEqual({});
        // What has expired before it is loaded is no session: a change may start one
        if (how === 'expires' && gate === 'while it reads')
          return expect(setCookies).not.toMatchObject([{ value: client.token() }]);
        expect({ got, setCookies }).toEqual({ got: status, setCookies: [] });
        if (path === '/slow/take?key=a') expect(JSON.parse(text)).toEqual({});
      });

      it('C1: regenerate starts a session of its own, with nothing of the dead one', async () => {
        const { routes, stops } = slowRoutes();
        const app = await start(cell, { routes, session });
        const other = await app.another();
        const client = await clientOf(app, '/set?a=private');
        const id = client.id();
        const held = hold(app, stops);
        const slow = client.copy();
        const answer = slow.get('/slow/regenerate?b=2');
        await held.reached;
        await end(app, other, client.copy());
        held.release();
        const { status, text } = await answer;
        expect(status).toBe(200);
        expect(await app.stored(id)).toBeUndefined();
        expect(slow.id()).not.toBe(id);
        expect(text).not.toContain('private');
        expect(await slow.json('/read')).toEqual({ b: '2' });
      });
    });

    it('C2: a touch never brings it back', async () => {
      const { routes, stops } = slowRoutes();
      for (const where of ['here', 'elsewhere'] as const) {
        const app = await start(cell, { routes, session });
        const other = where === 'here' ? app : await app.another();
        const client = await clientOf(app, '/set?a=1');
        app.clock.advance(5 * 60_000);
        const held = [stops.hold('handler'), app.gate.hold('before write')] as const;
        const answer = client.copy().get('/slow/read');
        await held[0].reached;
        held[0].release();
        await held[1].reached;
        await end(app, other, client.copy());
        held[1].release();
        expect(await answer).toMatchObject({ status: 200, setCookies: [] });
        await app.close();
        expect(await app.stored(client.id())).toBeUndefined();
      }
    });
  });

  it('C1: an implicit change that is dropped is told of', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    const held = stops.hold('handler');
    const answer = client.copy().get('/slow/set?a=2');
    await held.reached;
    await client.get('/destroy');
    held.release();
    await answer;
    expect(app.events.at(-1)).toEqual({ type: 'refused', session: 'sid', id, reason: 'ended' });
  });

  it('C1: save and update reject with SessionEndedError, take gives undefined', async () => {
    const { routes, stops } = slowRoutes();
    const seen: unknown[] = [];
    const app = await start(cell, {
      routes: {
        ...routes,
        tries: async ({ session }) => {
          await stops.at('handler');
          session.data.a = 2;
          for (const attempt of [
            () => session.save(),
            () => session.update((data) => void (data.a = 3)),
            () => session.reload(),
            () => session.take('a'),
            () => session.destroy(),
          ]) {
            seen.push(
              await attempt().catch((error: unknown) => error instanceof SessionError && [error.code, error.status]),
            );
          }
        },
      },
    });
    const client = await clientOf(app, '/set?a=1');
    const held = stops.hold('handler');
    const answer = client.copy().get('/tries');
    await held.reached;
    await client.get('/destroy');
    held.release();
    expect(await answer).toMatchObject({ status: 200, setCookies: [] });
    const ended = ['ERR_SESSION_ENDED', 409];
    expect(seen).toEqual([ended, ended, ended, undefined, undefined]);
  });

  it('C1: a logout that comes while a writer stores ends what it has stored', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('after write');
    const answer = client.copy().get('/set?a=2');
    await held.reached;
    await client.copy(other.origin).get('/destroy');
    held.release();
    expect((await answer).setCookies).toEqual([]);
    expect(await app.stored(client.id())).toBeUndefined();
  });

  it('C1: a logout that meets a writer faster than itself ends the session all the same', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    const held = app.gate.hold('before write');
    const logout = client.get('/destroy');
    await held.reached;
    await client.copy(other.origin).get('/set?a=2');
    held.release();
    expect((await logout).setCookies).toMatchObject([{ isCleared: true }]);
    expect(await app.stored(id)).toBeUndefined();
  });

  it('C13: an old writer does not reach the session that was made anew under its id', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes, session: { generateId: () => 'one-and-only' } });
    for (const path of ['/slow/set?a=old', '/slow/save?a=old', '/slow/count', '/slow/regenerate', '/slow/take?key=a']) {
      const client = await clientOf(app, '/set?a=1');
      const old = client.copy();
      const held = stops.hold('handler');
      const answer = old.get(path);
      await held.reached;
      await client.get('/destroy');
      await client.get('/set?a=1');
      expect(client.id()).toBe('one-and-only');
      held.release();
      expect(await answer).toMatchObject({ status: 409, setCookies: [] });
      expect(await client.json('/read')).toEqual({ a: '1' });
      await client.get('/destroy');
    }
  });

  it('C13: an old writer that stands right before its write is refused: versions never repeat', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes, session: { generateId: () => 'one-and-only' } });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    const held = app.gate.hold('before write');
    const answer = old.get('/set?a=old');
    await held.reached;
    const elsewhere = client.copy(other.origin);
    await elsewhere.get('/destroy');
    await elsewhere.get('/set?a=1');
    held.release();
    expect(await answer).toMatchObject({ status: 409, setCookies: [] });
    expect((await app.stored('one-and-only'))?.data).toEqual({ a: '1' });
  });

  it.each([
    ['an id that no storage takes', () => '../x'],
    ['an empty id', () => ''],
    ['no text', () => 5 as unknown as string],
    [
      'an error',
      () => {
        throw new Error('of generateId');
      },
    ],
  ])(
    'C13: a generateId that gives %s fails the request that would create, and stores nothing',
    async (_what, generateId) => {
      const { routes } = slowRoutes();
      const app = await start(cell, { routes, session: { generateId } });
      for (const path of ['/set?a=1', '/reply?a=1', '/save?a=1']) {
        const { status, setCookies } = await app.client().get(path);
        expect({ path, status, setCookies }).toEqual({ path, status: 500, setCookies: [] });
      }
      expect(app.counts.calls).toEqual([]);
      expect(await app.client().get('/read')).toMatchObject({ status: 200, text: '{}' });
      expect(await app.client().get('/read', { cookie: 'sid=../x' })).toMatchObject({ status: 200 });
    },
  );

  it('C13: generateId is given the request of the platform', async () => {
    const { routes } = slowRoutes();
    const generateId = (request: unknown): string => (request as { query: { id: string } }).query.id;
    const app = await start(cell, { routes, session: { generateId } });
    const client = await clientOf(app, '/set?id=from-the-query');
    expect(client.id()).toBe('from-the-query');
    expect(await client.json('/read')).toEqual({ id: 'from-the-query' });
  });

  it('C13: an id that is taken already is not taken over: one random id is tried', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes, session: { generateId: () => 'one-and-only' } });
    const client = await clientOf(app, '/set?a=1');
    const second = await clientOf(app, '/set?a=2');
    expect(second.id()).toMatch(/^[\w-]{22}$/);
    expect(await client.json('/read')).toEqual({ a: '1' });
    expect(await second.json('/read')).toEqual({ a: '2' });
  });
});
