import type { CookieOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { replying, type Routes } from '../support/routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

/** What an app says of caching and cookies by itself. */
const answering = (headers: Record<string, string | readonly string[]>, change: boolean): Routes[string] =>
  replying(({ session, reply }) => {
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    if (change) session.data.n = (session.data.n ?? 0) + 1;
    else void session.data.a;
    reply.send('answered');
  });

const attributes: readonly (readonly [what: string, cookie: CookieOptions, expected: Record<string, string>])[] = [
  ['the defaults', {}, { path: '/', httponly: '', samesite: 'Lax' }],
  ['a path', { path: '/shop' }, { path: '/shop', httponly: '', samesite: 'Lax' }],
  ['a domain', { domain: 'a.example' }, { path: '/', domain: 'a.example', httponly: '', samesite: 'Lax' }],
  ['scripts may read it', { httpOnly: false }, { path: '/', samesite: 'Lax' }],
  ['strict', { sameSite: 'strict' }, { path: '/', httponly: '', samesite: 'Strict' }],
  [
    'everything',
    {
      path: '/x',
      domain: 'a.example',
      sameSite: 'none',
      secure: true,
      partitioned: true,
      priority: 'high',
      httpOnly: true,
    },
    { path: '/x', domain: 'a.example', httponly: '', secure: '', samesite: 'None', partitioned: '', priority: 'High' },
  ],
];

describe.each(cells)('%s', (_, cell) => {
  describe('cookies', () => {
    it.each(attributes)('the attributes are as asked: %s', async (_what, cookie, expected) => {
      const app = await start(cell, { routes: verbRoutes, session: { cookie } });
      const { setCookies } = await app.client().get('/set?a=1');
      expect(setCookies).toMatchObject([{ name: 'sid' }]);
      expect(setCookies[0]?.attributes).toEqual(expected);
    });

    it.each(attributes)('clearing repeats every attribute: %s', async (_what, cookie, expected) => {
      const app = await start(cell, { routes: verbRoutes, session: { cookie } });
      for (const [path, sent] of [
        ['/destroy', undefined],
        ['/read', 'sid=malformed'],
      ] as const) {
        const client = await clientOf(app, '/set?a=1');
        const { setCookies } = await client.get(path, { cookie: sent });
        const { 'max-age': maxAge, expires, ...others } = setCookies[0]?.attributes ?? {};
        expect(others).toEqual(expected);
        expect({ maxAge, expires }).toEqual({ maxAge: '0', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' });
      }
    });

    it('a cookie with a maxAge has Max-Age and Expires', async () => {
      const app = await start(cell, { routes: verbRoutes, session: { cookie: { maxAge: '1h' } } });
      const { setCookies } = await app.client().get('/set?a=1');
      const { 'max-age': maxAge, expires = '' } = setCookies[0]?.attributes ?? {};
      expect(maxAge).toBe('3600');
      expect(Date.parse(expires)).toBe(Math.floor(app.clock.now() / 1000) * 1000 + 3_600_000);
    });

    it('a regenerated cookie has the attributes too', async () => {
      const [, cookie, expected] = attributes.at(-1)!;
      const app = await start(cell, { routes: verbRoutes, session: { cookie } });
      const client = await clientOf(app, '/set?a=1');
      const { setCookies } = await client.get('/regenerate');
      expect(setCookies[0]?.attributes).toEqual(expected);
    });

    it('many changes in one request send one cookie', async () => {
      const routes: Routes = {
        many: async ({ session }) => {
          for (let n = 0; n < 3; n++) {
            session.data.n = n;
            await session.save();
            await session.regenerate();
          }
        },
        read: ({ session }) => session.data,
      };
      const app = await start(cell, { routes, session: { cookie: { maxAge: '1h' } } });
      const client = app.client();
      const { setCookies } = await client.get('/many');
      expect(setCookies).toHaveLength(1);
      expect(await client.json('/read')).toEqual({ n: 2 });
    });
  });

  describe('beside what the app says', () => {
    it('the app keeps its own cookies, in their order', async () => {
      const own = ['theme=dark; Path=/', 'sid2=1', 'xsid=2', 'Sid=3'];
      const app = await start(cell, { routes: { ...verbRoutes, own: answering({ 'set-cookie': own }, true) } });
      const client = app.client();
      const { headers } = await client.get('/own');
      expect(headers['set-cookie']?.slice(0, 4)).toEqual(own);
      expect(headers['set-cookie']).toHaveLength(5);
      expect(await client.json('/read')).toEqual({ n: 1 });
    });

    it.each(['sid=mine', 'sid=mine; Path=/', 'sid=; Max-Age=0'])(
      "a cookie %j of the app, of the session's name, gives way to the session's",
      async (mine) => {
        const app = await start(cell, {
          routes: { ...verbRoutes, own: answering({ 'set-cookie': ['theme=dark', mine] }, true) },
        });
        const client = app.client();
        const { setCookies } = await client.get('/own');
        expect(setCookies.map(({ name }) => name)).toEqual(['theme', 'sid']);
        expect(await client.json('/read')).toEqual({ n: 1 });
      },
    );

    it("a cookie of the app, of the session's name, is left alone by a request that sends none", async () => {
      const app = await start(cell, { routes: { own: answering({ 'set-cookie': 'sid=mine' }, false) } });
      const { headers } = await app.client().get('/own');
      expect(headers['set-cookie']).toEqual(['sid=mine']);
    });

    it.each([
      ['none', {}, 'Cookie'],
      ['another', { vary: 'Accept-Encoding' }, 'Accept-Encoding, Cookie'],
      ['several', { vary: 'Accept-Encoding, Origin' }, 'Accept-Encoding, Origin, Cookie'],
      ['the same', { vary: 'Cookie' }, 'Cookie'],
      ['the same in other letters, among others', { vary: 'Origin, cookie' }, 'Origin, cookie'],
      ['everything', { vary: '*' }, '*'],
      ['a name that contains it', { vary: 'X-Cookie' }, 'X-Cookie, Cookie'],
    ] as const)("Vary is merged with the app's: %s", async (_what, headers, expected) => {
      const app = await start(cell, { routes: { ...verbRoutes, own: answering(headers, false) } });
      const client = await clientOf(app, '/set?a=1');
      expect((await client.get('/own')).headers.vary).toBe(expected);
      expect((await app.client().get('/own')).headers.vary).toBe('vary' in headers ? headers.vary : undefined);
    });

    it.each([
      ['private', {}, 'private'],
      ['as the app says', { 'cache-control': 'public, max-age=60' }, 'public, max-age=60'],
      ['as the app says, in other letters', { 'Cache-Control': 'max-age=0' }, 'max-age=0'],
    ] as const)('Cache-Control of an answer that used a session is %s', async (_what, headers, expected) => {
      const app = await start(cell, { routes: { ...verbRoutes, own: answering(headers, false) } });
      const client = await clientOf(app, '/set?a=1');
      expect((await client.get('/own')).headers['cache-control']).toBe(expected);
    });

    it.each(['no-store', 'private, no-store, max-age=0', 'no-cache', 'no-cache, no-transform', 'public, max-age=60'])(
      'Cache-Control of an answer with Set-Cookie says no-store once, where the app says %j',
      async (own) => {
        const app = await start(cell, { routes: { own: answering({ 'cache-control': own }, true) } });
        const { headers } = await app.client().get('/own');
        const directives = String(headers['cache-control']).split(/, */);
        expect(directives.filter((one) => one === 'no-store')).toHaveLength(1);
        expect(directives).not.toContain('public');
        // Compression leaves streams alone by that
        expect(directives.includes('no-transform')).toBe(own.includes('no-transform'));
      },
    );

    it('Cache-Control is no-store with every Set-Cookie, whatever the app says', async () => {
      const own = answering({ 'cache-control': 'public, max-age=60' }, true);
      const app = await start(cell, { routes: { ...verbRoutes, own } });
      const client = app.client();
      expect((await client.get('/own')).headers['cache-control']).toBe('no-store');
      expect((await client.get('/own')).headers['cache-control']).toBe('public, max-age=60');
      expect((await client.get('/regenerate')).headers['cache-control']).toBe('no-store');
      expect((await client.get('/destroy')).headers['cache-control']).toBe('no-store');
    });
  });
});
