import { describe, expect, it } from 'vitest';
import { idCells, isByValue, ofStorage, revocableCells, travelCells, type Cell } from '../support/matrix.js';
import { idOf, secretOf, unknownSealed, unknownToken, withBitFlipped, withOtherSecret } from '../support/tokens.js';
import { headerOf, sealed } from '../support/travel.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

type Stranger = readonly [name: string, token: (app: World, cell: Cell) => Promise<string>];

const unknown: Stranger = [
  'nobody has issued',
  async (_, cell) => (isByValue(cell) ? unknownSealed() : unknownToken()),
];

const expired: Stranger = [
  'has expired',
  async (app) => {
    const token = (await clientOf(app, '/set?a=of.old')).token();
    app.clock.advance(30 * 60_000);
    return token;
  },
];

const ended: Stranger = [
  'was ended',
  async (app) => {
    const client = await clientOf(app, '/set?a=of.old');
    const token = client.token();
    await client.get('/destroy');
    return token;
  },
];

const ofOtherSecret: Stranger = [
  'belongs to an id with another secret',
  async (app) => withOtherSecret((await clientOf(app, '/set?a=of.old')).token()),
];

const ofOtherKey: Stranger = [
  'was sealed under another key',
  async (app) => {
    const client = await clientOf(app, '/set?a=of.old');
    return sealed((await app.kept(client))?.bytes ?? Buffer.alloc(0), 'another key'.repeat(3));
  },
];

const changed: Stranger = [
  'was changed',
  async (app) => withBitFlipped((await clientOf(app, '/set?a=of.old')).token(), 400),
];

/** Well-formed tokens that are no session, or none any more; by value alone nobody knows of one that was ended. */
function strangersIn(cell: Cell): readonly Stranger[] {
  if (!isByValue(cell)) return [unknown, ended, expired, ofOtherSecret];
  return [unknown, expired, ofOtherKey, changed, ...(cell.isRevocable === true ? [ended] : [])];
}

/** What a handler does that stores nothing when there is no session. */
const idle = ['/read', '/declared', '/facts', '/save', '/reload', '/regenerate', '/destroy', '/take?key=a'];

/** What a handler does that starts a session when there is none. */
const starting = ['/set?a=new', '/reply?a=new', '/save?a=new', '/regenerate?a=new', '/replace?a=new', '/count'];

describe.each([...travelCells, ...revocableCells])('%s', (_, cell) => {
  describe.each(strangersIn(cell))('a token that %s', (_, tokenFor) => {
    it.each(idle)('A5, A6, A8: %s stores nothing, and leaves what the client has alone', async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app, cell);
      app.counts.forget();
      const { status, handed, text } = await app.client().get(path, { tokens: { sid: token } });
      expect(status).toBe(200);
      expect(handed).toEqual([]);
      expect(text).not.toContain('of.old');
      expect(text).not.toContain(idIn(app, token));
      expect(app.counts.count('write') + app.counts.count('invalidate')).toBe(0);
    });

    it.each(starting)('A5, A6, A8: %s starts a session under a new id', async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app, cell);
      const id = idIn(app, token);
      const before = isByValue(cell) ? undefined : await app.stored(id);
      app.counts.forget();
      const client = app.client();
      const { status, handed } = await client.get(path, { tokens: { sid: token } });
      expect(status).toBe(200);
      expect(handed).toMatchObject([{ name: 'sid', isCleared: false }]);
      expect(client.id()).not.toBe(id);
      expect(app.counts.writtenIds).toEqual(ofStorage(cell, [client.id()]));
      expect(app.counts.count('invalidate')).toBe(0);
      if (!isByValue(cell)) expect((await app.stored(id))?.bytes).toEqual(before?.bytes);
      expect(await client.json('/read')).toEqual(path === '/count' ? { n: 1 } : { a: 'new' });
    });

    it('A5, A8: the request is told of, without what makes the token good', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const token = await tokenFor(app, cell);
      const [seen, logged] = [app.events.length, app.logs.length];
      await app.client().get('/read', { tokens: { sid: token } });
      const id = isByValue(cell) ? {} : { id: idOf(token) };
      // The sweeper, which time has woken, tells of the record when it comes to it
      const told = app.events.slice(seen).filter(({ type }) => type !== 'expired');
      expect(told).toMatchObject([{ type: 'refused', session: 'sid', ...id }]);
      expect(app.logs.slice(logged).map(({ level }) => level)).toEqual(['debug']);
      const hidden = isByValue(cell) ? token.slice(40, 80) : secretOf(token);
      expect(JSON.stringify([app.events, app.logs])).not.toContain(hidden);
    });
  });
});

describe.each(idCells)('%s', (_, cell) => {
  it('A8: a wrong secret moves no deadline, whatever the handler does', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const before = await app.stored(client.id());
    for (const path of [...idle, ...starting]) {
      app.clock.advance(90_000);
      await app.client().get(path, { tokens: { sid: withOtherSecret(client.token()) } });
    }
    expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });
});

describe.each(travelCells)('%s', (_, cell) => {
  it('A8: a token that is right but for one bit is none', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    const bits = Buffer.from(token, 'base64url').length * 8;
    const bent = isByValue(cell)
      ? [0, 8, 40, 136, 240, bits - 200, bits - 1].map((bit) => withBitFlipped(token, bit))
      : [`${idOf(token)}.${withBitFlipped(secretOf(token), 255)}`];
    for (const sid of bent) {
      expect(await app.client().json('/read', { tokens: { sid } })).toEqual({});
      expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: isByValue(cell) ? 'signature' : 'secret' });
    }
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('A9: a token in query, body, path or another header is ignored', async () => {
    const app = await start(cell, { routes: { ...verbRoutes, 'read/:sid': verbRoutes.read } });
    const token = (await clientOf(app, '/set?a=1')).token();
    app.counts.forget();
    const elsewhere =
      cell.travel === 'header by id'
        ? { cookie: `sid=${token}; ${headerOf('sid')}=${token}`, [headerOf('other')]: token }
        : { [headerOf('sid')]: token, cookie: `SID=${token}; xsid=${token}; sid2=${token}; other="sid=${token}"` };
    const answers = await Promise.all([
      app.client().json(`/read?sid=${token}&${headerOf('sid')}=${token}`),
      // Longer parameters Fastify refuses
      app.client().json(`/read/${token.slice(0, 100)}`),
      app.client().json('/read', { method: 'POST', body: { sid: token, [headerOf('sid')]: token } }),
      app.client().json('/read', { headers: { authorization: `Bearer ${token}` } }),
      app.client().json('/read', { headers: { sid: token, 'x-sid': token, cookie2: `sid=${token}` } }),
      app.client().json('/read', { headers: elsewhere, cookie: elsewhere.cookie }),
    ]);
    expect(answers).toHaveLength(6);
    expect(answers).toEqual(answers.map(() => ({})));
    expect(app.counts.calls).toEqual([]);
    expect(app.events.filter(({ type }) => type !== 'created')).toEqual([]);
  });
});

/** The public id in a token, or the token itself where nobody can read one. */
function idIn(app: World, token: string): string {
  const client = app.client();
  client.tokens.set('sid', token);
  return client.id() || token;
}
