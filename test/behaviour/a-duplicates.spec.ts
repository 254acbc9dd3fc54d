import { describe, expect, it } from 'vitest';
import { idCells, isByValue, ofStorage, perChange, travelCells } from '../support/matrix.js';
import { beforeValue, getWithLine, sendRaw } from '../support/raw-socket.js';
import { unknownSealed, unknownToken, withBitFlipped, withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const KEY = 'k'.repeat(32);

/** What a handler does that would change something. */
const changing = ['/set?a=2', '/reply?a=2', '/save?a=2', '/replace?a=2', '/count', '/regenerate'];

describe.each(travelCells)('%s', (_, cell) => {
  /** Well-formed values that are none: nobody has issued them, or they have been changed. */
  const others = (token: string): readonly string[] =>
    isByValue(cell) ? [unknownSealed(), withBitFlipped(token, 300)] : [unknownToken(), withOtherSecret(token)];

  it.each([
    ['first', (valid: string, other: string) => [valid, other]],
    ['second', (valid: string, other: string) => [other, valid]],
  ])('A7: of two well-formed values the valid one counts, when it comes %s', async (_order, inOrder) => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    for (const [n, other] of others(token).entries()) {
      const tokens = { sid: inOrder(token, other) };
      expect(await client.json('/read', { tokens })).toMatchObject({ a: '1' });
      const { status, handed } = await client.get(`/set?n=${n}`, { tokens });
      expect({ status, handed: handed.length }).toEqual({ status: 200, handed: perChange(cell) });
      expect((await app.kept(client))?.data).toEqual({ a: '1', n: String(n) });
    }
  });

  it('A7: the same value twice is one value', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    const token = client.token();
    expect(await client.json('/read', { tokens: { sid: [token, token, token] } })).toEqual({ a: '1' });
    expect(app.counts.calls).toMatchObject(ofStorage(cell, [{ verb: 'read' }]));
  });

  it('A7: two valid values are no session to a reader, and nothing is handed out', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { tokens } = await twoSessions(app);
    for (const path of ['/read', '/declared', '/save', '/take?key=a']) {
      const { status, text, handed } = await app.client().get(path, { tokens });
      expect(status).toBe(200);
      expect(text).not.toMatch(/one|two/);
      expect(handed).toEqual([]);
    }
  });

  it.each(changing)('A7: two valid values let %s change nothing: 409, nothing is handed out', async (path) => {
    const app = await start(cell, { routes: verbRoutes });
    const { tokens, clients } = await twoSessions(app);
    const before = await Promise.all(clients.map((client) => app.kept(client)));
    app.counts.forget();
    const { status, handed } = await app.client().get(path, { tokens });
    expect({ status, handed }).toEqual({ status: 409, handed: [] });
    expect(app.counts.count('write') + app.counts.count('invalidate')).toBe(0);
    expect(await Promise.all(clients.map((client) => app.kept(client)))).toEqual(before);
  });

  it('A7: two valid values let destroy end neither, and clear nothing', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { tokens, clients } = await twoSessions(app);
    const { handed } = await app.client().get('/destroy', { tokens });
    expect(handed).toEqual([]);
    expect(await Promise.all(clients.map((client) => client.json('/read')))).toEqual([{ a: 'one' }, { a: 'two' }]);
  });

  it('A7: values in two header fields of one name are two values', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { tokens, clients } = await twoSessions(app);
    const lines = tokens.sid.map((token) => `${beforeValue(cell)}${token}`).join('\r\n');
    expect(await sendRaw(app.origin, getWithLine('/read', lines))).toMatchObject({
      status: 200,
      body: expect.stringContaining('{}'),
      handed: [],
    });
    expect(await sendRaw(app.origin, getWithLine('/set?a=3', lines))).toMatchObject({ status: 409, handed: [] });
    expect(await Promise.all(clients.map((client) => client.json('/read')))).toEqual([{ a: 'one' }, { a: 'two' }]);
  });

  it('A7: three well-formed values are not even looked up', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const mine = client.copy();
    app.counts.forget();
    const [other = ''] = others(client.token());
    const tokens = { sid: [client.token(), other, ...others(client.token()).slice(0, 1)] };
    const { text, handed } = await client.get('/read', { tokens });
    expect({ text, handed }).toEqual({ text: '{}', handed: [] });
    expect(app.counts.calls).toEqual([]);
    expect((await client.get('/set?a=2', { tokens })).status).toBeLessThan(500);
    expect((await app.kept(mine))?.data).toEqual({ a: '1' });
    expect(app.events).toContainEqual({ type: 'refused', session: 'sid', reason: 'duplicates' });
  });

  it.each(['../x', '', '%zz', '"'])(
    'A7: a well-formed value counts beside the malformed %j, and nothing is cleared',
    async (bad) => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      for (const sid of [
        [bad, client.token()],
        [client.token(), bad],
      ]) {
        const { text, handed } = await client.get('/read', { tokens: { sid } });
        expect({ data: JSON.parse(text), handed }).toEqual({ data: { a: '1' }, handed: [] });
      }
    },
  );

  it('A7: nothing is cleared beside a well-formed value that is unknown', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { text, handed } = await app.client().get('/read', { tokens: { sid: ['../x', unknownSealed()] } });
    expect({ text, handed }).toEqual({ text: '{}', handed: [] });
  });
});

describe.each(idCells)('%s', (_, cell) => {
  it('A7: two signed values, one of them forged, are the one that is not', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { keys: [KEY] } });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    const forged = Buffer.concat([Buffer.from(unknownToken()), Buffer.alloc(32)]).toString('base64url');
    expect(forged).toHaveLength(client.token().length);
    expect(await client.json('/read', { tokens: { sid: [forged, client.token()] } })).toEqual({ a: '1' });
    expect(app.counts.ids).toEqual([client.id()]);
  });
});

async function twoSessions(app: World) {
  const clients = [await clientOf(app, '/set?a=one'), await clientOf(app, '/set?a=two')];
  return { tokens: { sid: clients.map((client) => client.token()) }, clients };
}
