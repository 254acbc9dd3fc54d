import { describe, expect, it } from 'vitest';
import type { Answer, Sending } from '../support/client.js';
import { cells } from '../support/matrix.js';
import { unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { start, type World } from '../support/world.js';

const MINUTE = 60_000;

const memory = cells.filter(([name]) => name.endsWith('memory'));

/** One request of whoever sends these header fields. */
function send(app: World, path: string, headers: Record<string, string> = {}, sending: Sending = {}): Promise<Answer> {
  return app.client().get(path, { ...sending, headers });
}

/** Where a value was handed out, or cleared. */
function told({ setCookies, headers }: Answer): readonly string[] {
  return [...setCookies.map(() => 'cookie'), ...(headers['x-session'] === undefined ? [] : ['header'])];
}

describe.each(memory)('%s', (_, cell) => {
  describe('header with a scheme', () => {
    const session = { header: { name: 'Authorization', scheme: 'Bearer' } };

    it('the token is answered as it is to be sent, when it is new or regenerated, and not else', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const first = await send(app, '/set?a=1');
      const authorization = String(first.headers['authorization']);
      expect(authorization).toMatch(/^Bearer [\w-]{22}\.[\w-]{43}$/);
      expect(first.setCookies).toEqual([]);
      expect(first.headers['cache-control']).toBe('no-store');
      const later = await send(app, '/set?b=2', { authorization });
      expect(later.headers['authorization']).toBeUndefined();
      const regenerated = await send(app, '/regenerate', { authorization });
      const next = String(regenerated.headers['authorization']);
      expect(next).not.toBe(authorization);
      expect((await send(app, '/read', { authorization })).text).toBe('{}');
      const read = await send(app, '/read', { authorization: next });
      expect(JSON.parse(read.text)).toEqual({ a: '1', b: '2' });
      expect(read.headers['vary']).toBe('Authorization');
      expect(read.headers['cache-control']).toBe('private');
      expect((await send(app, '/destroy', { authorization: next })).headers['authorization']).toBe('');
    });

    it.each(['bearer', 'BEARER'])('the scheme is read without regard to case: %s', async (scheme) => {
      const app = await start(cell, { routes: verbRoutes, session });
      const token = String((await send(app, '/set?a=1')).headers['authorization']).split(' ')[1];
      expect((await send(app, '/read', { authorization: `${scheme} ${token}` })).text).toBe('{"a":"1"}');
    });

    it.each([['Basic dXNlcjpwYXNz'], ['Digest username="x", realm="y"'], ['Bearer'], ['']])(
      'what is for somebody else is left alone: %s',
      async (authorization) => {
        const app = await start(cell, { routes: verbRoutes, session });
        const answer = await send(app, '/read', { authorization });
        expect(answer).toMatchObject({ status: 200, text: '{}' });
        expect(answer.headers['authorization']).toBeUndefined();
        expect(app.counts.calls).toEqual([]);
        expect(app.events).toEqual([]);
      },
    );

    it('a malformed token is cleared, an unknown one is not', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const malformed = await send(app, '/read', { authorization: 'Bearer ../../etc' });
      expect(malformed).toMatchObject({ status: 200, text: '{}', headers: { authorization: '' } });
      const unknown = await send(app, '/read', { authorization: `Bearer ${unknownToken()}` });
      expect(unknown.headers['authorization']).toBeUndefined();
    });
  });

  describe('cookie, else header', () => {
    const session = { header: 'x-session', cookie: { maxAge: '1d' } } as const;

    it('a client is answered the way it came', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      expect(told(await send(app, '/set?a=1'))).toEqual(['cookie']);
      const asked = await send(app, '/set?a=1', { 'x-session': '' });
      expect(told(asked)).toEqual(['header']);
      const token = String(asked.headers['x-session']);
      const regenerated = await send(app, '/regenerate', { 'x-session': token });
      expect(told(regenerated)).toEqual(['header']);
      const next = String(regenerated.headers['x-session']);
      const read = await send(app, '/read', { 'x-session': next });
      expect(read.text).toBe('{"a":"1"}');
      expect(read.headers['vary']).toBe('Cookie, x-session');
      expect(told(await send(app, '/destroy', { 'x-session': next }))).toEqual(['header']);
    });

    it('the token of a cookie never shows in the header, whatever a script in the page sends', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const client = app.client();
      await client.get('/set?a=1');
      for (const path of ['/read', '/set?a=2', '/regenerate']) {
        for (const value of ['', 'malformed', unknownToken()]) {
          const answer = await client.get(path, { headers: { 'x-session': value } });
          expect({ path, value, header: answer.headers['x-session'] }).toEqual({ path, value, header: undefined });
        }
      }
    });

    it('another scheme in the same header is not the client asking for it', async () => {
      const options = { header: { name: 'authorization', scheme: 'Bearer' }, cookie: {} };
      const app = await start(cell, { routes: verbRoutes, session: options });
      const basic = await send(app, '/set?a=1', { authorization: 'Basic dXNlcjpwYXNz' });
      expect({ cookies: basic.setCookies.length, header: basic.headers['authorization'] }).toEqual({
        cookies: 1,
        header: undefined,
      });
      for (const asking of ['', 'Bearer']) {
        const answer = await send(app, '/set?a=1', { authorization: asking });
        expect(answer.headers['authorization']).toMatch(/^Bearer /);
        expect(answer.setCookies).toEqual([]);
      }
    });

    it('both present and the same: one session, and both are told', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const token = String((await send(app, '/set?a=1', { 'x-session': '' })).headers['x-session']);
      const both = { headers: { 'x-session': token }, cookie: `sid=${token}` };
      expect((await app.client().get('/read', both)).text).toBe('{"a":"1"}');
      expect(told(await app.client().get('/regenerate', both))).toEqual(['cookie', 'header']);
    });

    it('both present, different and valid: no session, a change is refused, nothing is set or cleared', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const [one, two] = [
        await send(app, '/set?a=1', { 'x-session': '' }),
        await send(app, '/set?a=2', { 'x-session': '' }),
      ];
      const both = {
        headers: { 'x-session': String(one.headers['x-session']) },
        cookie: `sid=${two.headers['x-session']}`,
      };
      const read = await app.client().get('/read', both);
      expect({ text: read.text, told: told(read) }).toEqual({ text: '{}', told: [] });
      const changed = await app.client().get('/set?a=3', both);
      expect({ status: changed.status, told: told(changed) }).toEqual({ status: 409, told: [] });
    });

    it('one of both is valid: it, and it is told where it came from', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const token = String((await send(app, '/set?a=1', { 'x-session': '' })).headers['x-session']);
      const stale = { headers: { 'x-session': token }, cookie: `sid=${unknownToken()}` };
      expect((await app.client().get('/read', stale)).text).toBe('{"a":"1"}');
      expect(told(await app.client().get('/regenerate', stale))).toEqual(['header']);
    });

    it('a refreshed maxAge is for cookies: the header does not repeat its token', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      const asked = await send(app, '/set?a=1', { 'x-session': '' });
      const token = String(asked.headers['x-session']);
      app.clock.advance(5 * MINUTE);
      expect(told(await send(app, '/read', { 'x-session': token }))).toEqual([]);
      expect(told(await send(app, '/set?a=2', { 'x-session': token }))).toEqual([]);
      expect(told(await app.client().get('/set?a=3', { cookie: `sid=${token}` }))).toEqual(['cookie']);
    });

    it('malformed values are cleared where they came', async () => {
      const app = await start(cell, { routes: verbRoutes, session });
      expect(told(await send(app, '/read', { 'x-session': '../' }))).toEqual(['header']);
      expect(told(await send(app, '/read', {}, { cookie: 'sid=../' }))).toEqual(['cookie']);
      expect(told(await send(app, '/read', { 'x-session': '../' }, { cookie: 'sid=../' }))).toEqual([
        'cookie',
        'header',
      ]);
      expect(told(await send(app, '/read', { 'x-session': unknownToken() }, { cookie: 'sid=../' }))).toEqual([]);
    });
  });

  it('several values in one header are duplicates', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { header: 'x-session' } });
    const tokens: string[] = [];
    for (const n of [1, 2, 3]) tokens.push(String((await send(app, `/set?a=${n}`)).headers['x-session']));
    const [one = '', two = '', three = ''] = tokens;
    expect((await send(app, '/read', { 'x-session': `${one}, ${one}` })).text).toBe('{"a":"1"}');
    expect((await send(app, '/read', { 'x-session': `${unknownToken()}, ${two}` })).text).toBe('{"a":"2"}');
    expect(await send(app, '/set?b=1', { 'x-session': `${one}, ${two}` })).toMatchObject({ status: 409 });
    app.counts.forget();
    expect((await send(app, '/read', { 'x-session': `${one}, ${two}, ${three}` })).text).toBe('{}');
    expect(app.counts.calls).toEqual([]);
  });
});
