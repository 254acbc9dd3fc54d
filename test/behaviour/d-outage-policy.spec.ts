import type { SessionOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { endsAtServer, revocableCells, travelCells } from '../support/matrix.js';
import type { Routes } from '../support/routes.js';
import { unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const routes: Routes = {
  ...verbRoutes,
  caught: async ({ session }) => {
    session.data.a = 'unsaved';
    await session.save().catch(() => {});
    return 'success';
  },
  'logout-anyway': async ({ session }) => {
    await session.regenerate().catch(() => {});
    await session.destroy();
    return 'success';
  },
};

/** Every way to change a session, or to ask for what is stored. */
const refused = [
  '/set?a=2',
  '/replace?a=2',
  '/reply?a=2',
  '/save?a=2',
  '/reload',
  '/count',
  '/regenerate',
  '/destroy',
  '/caught',
];

const stored = [...travelCells, ...revocableCells].filter(([, cell]) => endsAtServer(cell));

describe.each(stored)('%s', (_, cell) => {
  const begin = async () => {
    // A cookie that would be refreshed with each request
    const how: SessionOptions = cell.travel === 'header by id' ? {} : { cookie: { maxAge: '1h' } };
    const app = await start(cell, { routes, session: { onOutage: 'readonly', ...how } });
    return { app, client: await clientOf(app, '/set?a=1&nonce=x') };
  };

  it.each(['fail', 'fail raw'] as const)(
    `D1: with onOutage 'readonly' and a read that meets "%s", a page is shown with an empty session, cookie untouched`,
    async (fault) => {
      const { app, client } = await begin();
      const token = client.token();
      const writes = app.counts.count('write');
      void app.faults.set('read', fault);
      expect(await client.get('/read')).toMatchObject({ status: 200, text: '{}', handed: [] });
      expect(await client.get('/facts')).toMatchObject({ status: 200, handed: [] });
      expect(await client.get('/take?key=nonce')).toMatchObject({ status: 200, text: '{}', handed: [] });
      expect(app.counts.count('write')).toBe(writes);
      app.faults.mend();
      expect(client.token()).toBe(token);
      expect(await client.json('/read')).toEqual({ a: '1', nonce: 'x' });
    },
  );

  it(`D2: with onOutage 'readonly', a read that hangs is given up after storageTimeout`, async () => {
    const { app, client } = await begin();
    const hangs = app.faults.set('read', 'hang');
    const { answer } = client.begin('/read');
    await hangs;
    app.clock.advance(5_000);
    expect(await answer).toMatchObject({ status: 200, text: '{}', handed: [] });
  });

  it.each(refused)(`D3: with onOutage 'readonly', %s is 503 with Retry-After, and nothing is stored`, async (path) => {
    const { app, client } = await begin();
    void app.faults.set('read', 'fail', { times: 1 });
    app.counts.forget();
    const { status, headers, text, handed } = await client.get(path);
    expect({ status, handed }).toEqual({ status: 503, handed: [] });
    expect(headers['retry-after']).toBe('5');
    expect(text).not.toMatch(/success|replied|test storage/);
    expect(app.counts.calls.filter(({ verb }) => verb !== 'read')).toEqual([]);
    expect(await client.json('/read')).toEqual({ a: '1', nonce: 'x' });
  });

  it(`D3: with onOutage 'readonly', one failure is told of once, whatever is refused because of it`, async () => {
    const { app, client } = await begin();
    void app.faults.set('read', 'fail');
    await client.get('/caught');
    expect(app.events.filter(({ type }) => type === 'storageFailed')).toHaveLength(1);
  });

  it(`D1: with onOutage 'readonly', an answer without the session is no answer for others`, async () => {
    const { app, client } = await begin();
    const inGoodTimes = await client.get('/read');
    void app.faults.set('read', 'fail');
    const { headers } = await client.get('/read');
    expect(headers['vary']).toBe(inGoodTimes.headers['vary']);
    expect(headers['cache-control']).toBe('private');
    expect((await app.client().get('/read')).headers['cache-control']).toBeUndefined();
  });

  it(`D5: with onOutage 'readonly', a handler that goes on after regenerate() has no logout either`, async () => {
    const { app, client } = await begin();
    void app.faults.set('read', 'fail', { times: 1 });
    expect((await client.get('/logout-anyway')).status).toBe(503);
    expect(await client.json('/read')).toEqual({ a: '1', nonce: 'x' });
  });

  it(`D6: with onOutage 'readonly', visitors without a session get one as ever`, async () => {
    const { app } = await begin();
    void app.faults.set('read', 'fail');
    const visitor = app.client();
    expect(await visitor.get('/set?a=2')).toMatchObject({ status: 200, handed: [{ name: 'sid' }] });
    app.faults.mend();
    expect(await visitor.json('/read')).toEqual({ a: '2' });
  });

  it(`D7: with onOutage 'readonly', a token that is nobody's gets no session that could be written either`, async () => {
    const { app, client } = await begin();
    if (cell.travel === 'cookie by value') return expect(client.id()).not.toBe('');
    void app.faults.set('read', 'fail');
    const stranger = { tokens: { sid: unknownToken() } };
    expect(await client.get('/read', stranger)).toMatchObject({ status: 200, text: '{}', handed: [] });
    expect((await client.get('/set?a=2', stranger)).status).toBe(503);
  });
});
