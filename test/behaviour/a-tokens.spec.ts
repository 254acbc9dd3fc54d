import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { idOf, unknownToken, withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

/** Well-formed tokens that are no session, or none any more. */
const strangers: readonly (readonly [name: string, token: (app: World) => Promise<string>])[] = [
  ['nobody has issued', async () => unknownToken()],
  [
    'was ended',
    async (app) => {
      const client = await clientOf(app, '/set?a=old');
      const token = client.token();
      await client.get('/destroy');
      return token;
    },
  ],
  [
    'has expired',
    async (app) => {
      const token = (await clientOf(app, '/set?a=old')).token();
      app.clock.advance(30 * 60_000);
      return token;
    },
  ],
  ['belongs to an id with another secret', async (app) => withOtherSecret((await clientOf(app, '/set?a=old')).token())],
];

/** What a handler does that stores nothing when there is no session. */
const idle = ['/read', '/declared', '/facts', '/save', '/reload', '/regenerate', '/destroy', '/take?key=a'];

/** What a handler does that starts a session when there is none. */
const starting = ['/set?a=new', '/reply?a=new', '/save?a=new', '/regenerate?a=new', '/replace?a=new', '/count'];

describe.each(cells)('%s', (_, cell) => {
  describe.each(strangers)('a token that %s', (_, tokenFor) => {
    it.each(idle)('A5, A6: %s stores nothing and leaves the cookie alone', async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app);
      app.counts.forget();
      const { status, setCookies, text } = await app.client().get(path, { cookie: `sid=${token}` });
      expect(status).toBe(200);
      expect(setCookies).toEqual([]);
      expect(text).not.toContain('old');
      expect(text).not.toContain(idOf(token));
      expect(app.counts.count('write') + app.counts.count('invalidate')).toBe(0);
    });

    it.each(starting)('A5, A6: %s starts a session under a new id', async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app);
      const before = await app.stored(idOf(token));
      app.counts.forget();
      const client = app.client();
      const { status, setCookies } = await client.get(path, { cookie: `sid=${token}` });
      expect(status).toBe(200);
      expect(setCookies).toHaveLength(1);
      expect(client.id()).not.toBe(idOf(token));
      expect(app.counts.writtenIds).toEqual([client.id()]);
      expect(app.counts.count('invalidate')).toBe(0);
      expect((await app.stored(idOf(token)))?.bytes).toEqual(before?.bytes);
      expect(await client.json('/read')).toEqual(path === '/count' ? { n: 1 } : { a: 'new' });
    });

    it('A5: the request is told of, without the secret', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app);
      const seen = app.events.length;
      await app.client().get('/read', { cookie: `sid=${token}` });
      expect(app.events.slice(seen)).toMatchObject([{ type: 'refused', session: 'sid', id: idOf(token) }]);
      expect(app.logs.filter(({ text }) => text.includes(idOf(token))).map(({ level }) => level)).toEqual(['debug']);
      expect(JSON.stringify([app.events, app.logs])).not.toContain(token.split('.')[1]);
    });
  });

  it('A8: a wrong secret moves no deadline, whatever the handler does', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const before = await app.stored(client.id());
    for (const path of [...idle, ...starting]) {
      app.clock.advance(90_000);
      await app.client().get(path, { cookie: `sid=${withOtherSecret(client.token())}` });
    }
    expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('A8: a secret that is right but for its last bit is wrong', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    const last = token.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const next = alphabet[(alphabet.indexOf(last) + 4) % 64];
    expect(await app.client().json('/read', { cookie: `sid=${token.slice(0, -1)}${next}` })).toEqual({});
    expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: 'secret' });
  });

  it('A9: a token in query, body, path or another header is ignored', async () => {
    const app = await start(cell, { routes: { ...verbRoutes, 'read/:sid': verbRoutes.read } });
    const token = (await clientOf(app, '/set?a=1')).token();
    app.counts.forget();
    const answers = await Promise.all([
      app.client().json(`/read?sid=${token}`),
      app.client().json(`/read/${token}`),
      app.client().json('/read', { method: 'POST', body: { sid: token } }),
      app.client().json('/read', { headers: { authorization: `Bearer ${token}` } }),
      app
        .client()
        .json('/read', { headers: { sid: token, 'x-session': token, 'x-sid': token, cookie2: `sid=${token}` } }),
      app.client().json('/read', { cookie: `SID=${token}; xsid=${token}; sid2=${token}; other="sid=${token}"` }),
    ]);
    expect(answers).toHaveLength(6);
    expect(answers).toEqual(answers.map(() => ({})));
    expect(app.counts.calls).toEqual([]);
  });
});
