import type { SessionOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells, type Cell } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { rawOf, replying, type Routes } from '../support/routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start as startWorld, type World } from '../support/world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const keys = ['k'.repeat(32)];

/** Starts an app whose one session lives at its clients, and is revocable. */
function start(cell: Cell, session: SessionOptions = {}, routes: Routes = verbRoutes): Promise<World> {
  return startWorld(cell, {
    routes,
    options: (revocation) => ({ clientSide: { revocation }, keys, idleTimeout: '30m', ...session }),
  });
}

const nothing = { status: 200, text: '{}', setCookies: [] };

/** What a slow request may do, that must not bring an ended session back. */
const writers = ['/slow/set?a=old', '/slow/reply?a=old', '/slow/replace?a=old', '/slow/save?a=old', '/slow/count'];

/** Lets a slow request stop in its handler, another of the same client pass on some instance, and the slow one go on. */
async function raced(cell: Cell, where: string, slowPath: string, rivalPath: string, minutes = 0) {
  const { routes, stops } = slowRoutes();
  const app = await start(cell, {}, routes);
  const other = where === 'one instance' ? app : await app.another();
  const client = await clientOf(app, '/set?a=1');
  app.clock.advance(minutes * MINUTE);
  const [slow, rival] = [client.copy(), client.copy(other.origin)];
  const held = stops.hold('handler');
  const answer = slow.get(slowPath);
  await held.reached;
  await rival.get(rivalPath);
  held.release();
  return { client, slow, rival, answer: await answer };
}

describe.each(cells)('%s', (_, cell) => {
  it('nothing is stored of a session that nobody ended', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    await client.get('/set?a=2');
    expect(app.counts.count('write')).toBe(0);
    expect(await client.json('/read')).toEqual({ a: '2' });
  });

  it('is asked once at load, and once more before a re-issue', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    await client.get('/plain');
    expect(app.counts.calls).toEqual([]);
    await client.get('/read');
    expect(app.counts.calls).toHaveLength(1);
    app.counts.forget();
    await client.get('/set?a=2');
    expect(app.counts.calls).toHaveLength(2);
    app.clock.advance(5 * MINUTE);
    app.counts.forget();
    expect((await client.get('/read')).setCookies).toHaveLength(1);
    expect(app.counts.calls).toHaveLength(2);
  });

  describe.each(['one instance', 'two instances'])('over %s', (where) => {
    it('logout sticks: a value that was kept is none any more', async () => {
      const app = await start(cell);
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, '/set?a=1');
      const kept = client.copy(other.origin);
      await client.get('/destroy');
      expect(await kept.get('/read')).toMatchObject(nothing);
      expect(other.events.at(-1)).toMatchObject({ type: 'refused', reason: 'revoked' });
    });

    it('regenerate ends the old value, and the new one has its data', async () => {
      const app = await start(cell);
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, '/set?a=1');
      const old = client.copy(other.origin);
      await client.get('/regenerate?b=2');
      expect(await old.get('/read')).toMatchObject(nothing);
      expect(await client.copy(other.origin).json('/read')).toEqual({ a: '1', b: '2' });
    });

    it.each(writers)('C1: a logout while %s is at work: nothing is issued', async (path) => {
      const { client, answer } = await raced(cell, where, path, '/destroy');
      expect(answer.setCookies).toEqual([]);
      expect(await client.get('/read')).toMatchObject(nothing);
    });

    it('C2: a logout while a request is at work that would only be issued again: it is not', async () => {
      const { answer } = await raced(cell, where, '/slow/read', '/destroy', 5);
      expect(answer).toMatchObject({ status: 200, setCookies: [] });
    });

    it.each(writers)('C4: a login while %s is at work: 409, and no cookie over that of the login', async (path) => {
      const { answer } = await raced(cell, where, path, '/regenerate?userId=eva');
      expect(answer).toMatchObject({ status: 409, setCookies: [] });
    });

    it('C5: of two logins in one session one wins; the loser gets 409', async () => {
      const { slow, rival, answer } = await raced(cell, where, '/slow/regenerate?userId=max', '/regenerate?userId=eva');
      expect(answer).toMatchObject({ status: 409, setCookies: [] });
      expect(await rival.json('/read')).toEqual({ a: '1', userId: 'eva' });
      expect(await slow.json('/read')).toEqual({});
    });
  });

  it('a session that was begun in this request, and handed out by now, can be ended too', async () => {
    const routes = {
      ...verbRoutes,
      stream: replying(async ({ session, reply }) => {
        const raw = rawOf(reply);
        session.data.a = '1';
        await session.save();
        await new Promise((done) => raw.write('begun', done));
        await session.destroy();
        raw.end();
      }),
    };
    const app = await start(cell, {}, routes);
    const client = app.client();
    expect(await client.get('/stream')).toMatchObject({
      text: 'begun',
      setCookies: [{ name: 'sid', isCleared: false }],
    });
    expect(await client.get('/read')).toMatchObject(nothing);
  });

  it('C10: a request with the value of before a login may not start a session for a minute', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    await client.get('/regenerate');
    expect(await old.get('/set?a=2')).toMatchObject({ status: 409, setCookies: [] });
    app.clock.advance(MINUTE);
    expect(await old.get('/set?a=2')).toMatchObject({ status: 200, setCookies: [{ name: 'sid' }] });
  });

  it('a value that was ended by a logout may be followed by a new session at once', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    const kept = client.copy();
    await client.get('/destroy');
    expect(await kept.get('/set?a=2')).toMatchObject({ status: 200, setCookies: [{ name: 'sid' }] });
    expect(await kept.json('/read')).toEqual({ a: '2' });
  });

  it('an id stays revoked until its absolute deadline, and is stored no longer', async () => {
    const app = await start(cell, { idleTimeout: '3h', absoluteTimeout: '3h' });
    const client = await clientOf(app, '/set?a=1');
    const { id } = await client.json<{ id: string }>('/facts');
    const isStored = async (one: string) => (await app.backend.connect().read(one, async () => true)) === true;
    const kept = client.copy();
    await client.get('/destroy');
    app.clock.advance(3 * HOUR - 1);
    expect(await kept.get('/read')).toMatchObject(nothing);
    expect(await isStored(id)).toBe(true);
    app.clock.advance(1);
    expect(await kept.get('/read')).toMatchObject(nothing);
    expect(app.events.at(-1)).toMatchObject({ reason: 'expired' });
    expect(await isStored(id)).toBe(false);
  });

  it('service.invalidate() ends a session by its id, whoever its client is', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    const { id } = await client.json<{ id: string }>('/facts');
    expect(await app.service.invalidate(id)).toBe(true);
    expect(await app.service.invalidate(id)).toBe(false);
    expect(await app.service.invalidate('../etc')).toBe(false);
    expect(await client.get('/read')).toMatchObject(nothing);
    expect(app.events.filter(({ type }) => type === 'destroyed')).toEqual([{ type: 'destroyed', session: 'sid', id }]);
  });

  it('D1: 503 when it cannot be asked at load; the cookie stays', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('read', 'fail');
    expect(await client.get('/read')).toMatchObject({
      status: 503,
      setCookies: [],
      headers: { 'retry-after': expect.any(String) as string },
    });
    expect(await client.get('/plain')).toMatchObject({ status: 200 });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D3: 503 when it cannot be asked before a re-issue; what the client has stays', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, {}, routes);
    const client = await clientOf(app, '/set?a=1');
    const held = stops.hold('handler');
    const slow = client.copy().get('/slow/set?a=2');
    await held.reached;
    void app.faults.set('read', 'fail');
    held.release();
    expect(await slow).toMatchObject({ status: 503, setCookies: [] });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D5: a logout that cannot be stored is no success; the cookie stays', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail');
    expect(await client.get('/destroy')).toMatchObject({ status: 503, setCookies: [] });
    expect(await client.get('/regenerate')).toMatchObject({ status: 503, setCookies: [] });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D4: a logout and a regenerate whose answer was lost and which were sent again apply once', async () => {
    const app = await start(cell);
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'resent', { times: 1 });
    expect(await client.get('/regenerate')).toMatchObject({ status: 200, setCookies: [{ name: 'sid' }] });
    expect(await client.json('/read')).toEqual({ a: '1' });
    void app.faults.set('write', 'resent', { times: 1 });
    expect(await client.get('/destroy')).toMatchObject({ status: 200, setCookies: [{ isCleared: true }] });
  });
});
