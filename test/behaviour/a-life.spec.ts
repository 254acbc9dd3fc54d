import { describe, expect, it } from 'vitest';
import { cells, idCells, isByValue, ofStorage, perChange, travelCells, valueCells } from '../support/matrix.js';
import { replying, without, type Routes } from '../support/routes.js';
import { clientOf, start } from '../support/world.js';

const routes: Routes = {
  plain: without(),
  declared: () => 'ok',
  read: ({ session }) => session.data,
  set: ({ session, request }) => void (session.data[request.query['key'] ?? 'a'] = request.query['value'] ?? 1),
  redirect: replying(({ session, reply }) => {
    session.data.a = 1;
    reply.status(302).redirect('/read');
  }),
  send: replying(({ session, reply }) => {
    session.data.a = 1;
    reply.send('sent');
  }),
  save: async ({ session }) => {
    session.data.a = 1;
    await session.save();
    return { isNew: session.isNew, id: session.id };
  },
  facts: ({ session }) => ({ isNew: session.isNew, id: session.id }),
};

describe.each(travelCells)('%s', (_, cell) => {
  it.each(['/plain', '/declared'])(
    'A1: %s without a token asks the storage nothing and sends nothing',
    async (path) => {
      const app = await start(cell, { routes });
      const { status, headers, text, handed } = await app.client().get(path);
      expect({ status, text, handed }).toEqual({ status: 200, text: 'ok', handed: [] });
      expect(headers).not.toHaveProperty('set-cookie');
      expect(headers).not.toHaveProperty('vary');
      expect(headers).not.toHaveProperty('cache-control');
      expect(app.counts.calls).toEqual([]);
    },
  );

  it('A1: a route that does not declare the session asks the storage nothing even with a token', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    app.counts.forget();
    app.clock.advance(5 * 60_000);
    const { headers, handed } = await client.get('/plain');
    expect(handed).toEqual([]);
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('vary');
    expect(headers).not.toHaveProperty('cache-control');
    expect(app.counts.calls).toEqual([]);
  });

  it('A2: reading without a token stores nothing and hands out nothing', async () => {
    const app = await start(cell, { routes });
    const { headers, text, handed } = await app.client().get('/read');
    expect({ text, handed }).toEqual({ text: '{}', handed: [] });
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('vary');
    expect(app.counts.calls).toEqual([]);
  });

  it.each(['/set', '/redirect', '/send', '/save'])(
    'A3: the first change, by %s, makes one record, if any, and hands out one value',
    async (path) => {
      const app = await start(cell, { routes });
      const client = app.client();
      const { status, headers, handed } = await client.get(path);
      expect(status).toBe(path === '/redirect' ? 302 : 200);
      expect(handed).toMatchObject([{ name: 'sid', isCleared: false }]);
      expect(handed[0]?.value).toMatch(isByValue(cell) ? /^[\w-]{64,}$/ : /^[\w-]{22}\.[\w-]{43}$/);
      expect(headers['cache-control']).toBe('no-store');
      const created = { verb: 'write', id: client.id(), options: { expect: 'absent' } };
      expect(app.counts.calls).toMatchObject(ofStorage(cell, [created]));
      expect((await app.kept(client))?.data).toEqual({ a: 1 });
    },
  );

  it('A3: a session is new until it is stored, and keeps the id that it had from the start', async () => {
    const app = await start(cell, { routes });
    const client = app.client();
    const saved = await client.json('/save');
    expect(saved).toEqual({ isNew: false, id: client.id() });
    expect(await client.json('/facts')).toEqual({ isNew: false, id: client.id() });
    expect(await app.client().json('/facts')).toMatchObject({ isNew: true });
  });

  it('A4: a later change keeps the id, and hands out nothing but what itself travels', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    const [id, token] = [client.id(), client.token()];
    app.counts.forget();
    const { handed, headers } = await client.get('/set?key=b&value=2');
    expect(handed).toHaveLength(perChange(cell));
    expect(headers['cache-control']).toBe(isByValue(cell) ? 'no-store' : 'private');
    const calls = app.counts.calls.map(({ verb, id }) => `${verb} ${id}`);
    expect(calls).toEqual(ofStorage(cell, [`read ${id}`, `write ${id}`]));
    expect(client.id()).toBe(id);
    expect(client.token() === token).toBe(!isByValue(cell));
    expect(await client.json('/read')).toEqual({ a: 1, b: '2' });
  });

  it('A4: reading asks the storage once, if there is one, and hands out nothing', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    app.counts.forget();
    const { handed, headers } = await client.get('/read');
    expect(handed).toEqual([]);
    expect(headers['vary']?.toLowerCase()).toContain(cell.travel === 'header by id' ? 'x-session' : 'cookie');
    expect(app.counts.calls).toMatchObject(ofStorage(cell, [{ verb: 'read', id: client.id() }]));
  });
});

describe.each(idCells)('%s', (_, cell) => {
  it('A3: the record keeps the hash of the secret, and never the secret', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    const secret = client.token().split('.')[1] ?? '';
    const record = await app.stored(client.id());
    expect(Buffer.from(record?.bytes ?? '').toString()).not.toContain(secret);
  });

  it('A3: the record is stored before the first byte of the answer', async () => {
    const app = await start(cell, { routes });
    for (const path of ['/set', '/redirect', '/send']) {
      const order: string[] = [];
      const held = app.gate.hold('before write');
      const { head, answer } = app.client().begin(path);
      void head.then(() => order.push('head'));
      await held.reached;
      order.push('stored');
      held.release();
      await answer;
      expect(order, path).toEqual(['stored', 'head']);
    }
  });
});

describe.each([...cells, ...valueCells])('%s', (_, cell) => {
  it('A4: a later change refreshes a cookie that has a maxAge', async () => {
    const app = await start(cell, { routes, session: { cookie: { maxAge: '1h' } } });
    const client = await clientOf(app, '/set');
    const token = client.token();
    const { setCookies } = await client.get('/set?key=b');
    expect(setCookies).toMatchObject([{ name: 'sid', attributes: { 'max-age': '3600' } }]);
    expect(client.token() === token).toBe(!isByValue(cell));
  });
});
