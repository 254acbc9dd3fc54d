import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { sendRaw } from '../support/raw-socket.js';
import { unknownToken, withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const KEY = 'k'.repeat(32);

/** What a handler does that would change something. */
const changing = ['/set?a=2', '/reply?a=2', '/save?a=2', '/replace?a=2', '/count', '/regenerate'];

describe.each(cells)('%s', (_, cell) => {
  it.each([
    ['first', (valid: string, other: string) => [valid, other]],
    ['second', (valid: string, other: string) => [other, valid]],
  ])('A7: of two well-formed values the valid one counts, when it comes %s', async (_order, inOrder) => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    for (const [n, other] of [unknownToken(), withOtherSecret(token)].entries()) {
      const cookie = cookies(...inOrder(token, other));
      expect(await client.json('/read', { cookie })).toMatchObject({ a: '1' });
      const { status, setCookies } = await client.get(`/set?n=${n}`, { cookie });
      expect({ status, setCookies }).toEqual({ status: 200, setCookies: [] });
      expect((await app.stored(client.id()))?.data).toEqual({ a: '1', n: String(n) });
    }
  });

  it('A7: the same value twice is one value', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    expect(await client.json('/read', { cookie: cookies(client.token(), client.token(), client.token()) })).toEqual({
      a: '1',
    });
    expect(app.counts.count()).toBe(1);
  });

  it('A7: two valid values are no session to a reader, and no cookie moves', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { cookie } = await twoSessions(app);
    for (const path of ['/read', '/declared', '/save', '/take?key=a']) {
      const { status, text, setCookies } = await app.client().get(path, { cookie });
      expect(status).toBe(200);
      expect(text).not.toMatch(/one|two/);
      expect(setCookies).toEqual([]);
    }
  });

  it.each(changing)('A7: two valid values let %s change nothing: 409, no cookie', async (path) => {
    const app = await start(cell, { routes: verbRoutes });
    const { cookie, ids } = await twoSessions(app);
    const before = await Promise.all(ids.map((id) => app.stored(id)));
    app.counts.forget();
    const { status, setCookies } = await app.client().get(path, { cookie });
    expect({ status, setCookies }).toEqual({ status: 409, setCookies: [] });
    expect(app.counts.count('write') + app.counts.count('invalidate')).toBe(0);
    expect(await Promise.all(ids.map((id) => app.stored(id)))).toEqual(before);
  });

  it('A7: two valid values let destroy end neither, and clear nothing', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { cookie, ids } = await twoSessions(app);
    const { setCookies } = await app.client().get('/destroy', { cookie });
    expect(setCookies).toEqual([]);
    for (const id of ids) expect(await app.stored(id)).toBeDefined();
  });

  it('A7: values in two Cookie fields are two values', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { ids, cookie } = await twoSessions(app);
    const [one, two] = cookie.split('; ');
    const request = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${one}\r\nCookie: ${two}\r\n\r\n`;
    expect(await sendRaw(app.origin, request('/read'))).toMatchObject({ status: 200, setCookies: [] });
    expect(await sendRaw(app.origin, request('/set?a=3'))).toMatchObject({ status: 409, setCookies: [] });
    for (const id of ids) expect((await app.stored(id))?.data).not.toEqual({ a: '3' });
  });

  it('A7: three well-formed values are not even looked up', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    app.counts.forget();
    const cookie = cookies(client.token(), unknownToken(), unknownToken());
    const { text, setCookies } = await client.get('/read', { cookie });
    expect({ text, setCookies }).toEqual({ text: '{}', setCookies: [] });
    expect(app.counts.calls).toEqual([]);
    expect((await client.get('/set?a=2', { cookie })).status).toBeLessThan(500);
    expect((await app.stored(id))?.data).toEqual({ a: '1' });
    expect(app.events).toContainEqual({ type: 'refused', session: 'sid', reason: 'duplicates' });
  });

  it.each(['../x', '', '%zz', '"'])(
    'A7: a well-formed value counts beside the malformed %j, and nothing is cleared',
    async (bad) => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      for (const cookie of [cookies(bad, client.token()), cookies(client.token(), bad)]) {
        const { text, setCookies } = await client.get('/read', { cookie });
        expect({ data: JSON.parse(text), setCookies }).toEqual({ data: { a: '1' }, setCookies: [] });
      }
    },
  );

  it('A7: nothing is cleared beside a well-formed value that is unknown', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { text, setCookies } = await app.client().get('/read', { cookie: cookies('../x', unknownToken()) });
    expect({ text, setCookies }).toEqual({ text: '{}', setCookies: [] });
  });

  it('A7: two signed values, one of them forged, are the one that is not', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [KEY] } });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    const cookie = cookies(`${unknownToken()}.${'A'.repeat(43)}`, client.token());
    expect(await client.json('/read', { cookie })).toEqual({ a: '1' });
    expect(app.counts.ids).toEqual([client.id()]);
  });
});

function cookies(...values: readonly string[]): string {
  return values.map((value) => `sid=${value}`).join('; ');
}

async function twoSessions(app: World): Promise<{ readonly cookie: string; readonly ids: readonly string[] }> {
  const [one, two] = [await clientOf(app, '/set?a=one'), await clientOf(app, '/set?a=two')];
  return { cookie: cookies(one.token(), two.token()), ids: [one.id(), two.id()] };
}
