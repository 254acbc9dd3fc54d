import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
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

describe.each(cells)('%s', (_, cell) => {
  it.each(['/plain', '/declared'])(
    'A1: %s without a token asks the storage nothing and sends nothing',
    async (path) => {
      const app = await start(cell, { routes });
      const { status, headers, text } = await app.client().get(path);
      expect({ status, text }).toEqual({ status: 200, text: 'ok' });
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
    const { headers } = await client.get('/plain');
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('vary');
    expect(headers).not.toHaveProperty('cache-control');
    expect(app.counts.calls).toEqual([]);
  });

  it('A2: reading without a token stores nothing and sends no cookie', async () => {
    const app = await start(cell, { routes });
    const { headers, text } = await app.client().get('/read');
    expect(text).toBe('{}');
    expect(headers).not.toHaveProperty('set-cookie');
    expect(headers).not.toHaveProperty('vary');
    expect(app.counts.calls).toEqual([]);
  });

  it.each(['/set', '/redirect', '/send', '/save'])(
    'A3: the first change, by %s, makes one record and one cookie',
    async (path) => {
      const app = await start(cell, { routes });
      const client = app.client();
      const { status, headers, setCookies } = await client.get(path);
      expect(status).toBe(path === '/redirect' ? 302 : 200);
      expect(setCookies).toHaveLength(1);
      expect(setCookies[0]?.value).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
      expect(headers['cache-control']).toBe('no-store');
      expect(app.counts.calls).toMatchObject([{ verb: 'write', id: client.id(), options: { expect: 'absent' } }]);
      expect((await app.stored(client.id()))?.data).toEqual({ a: 1 });
    },
  );

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

  it('A3: a session is new until it is stored, and keeps the id that it had from the start', async () => {
    const app = await start(cell, { routes });
    const client = app.client();
    const saved = await client.json('/save');
    expect(saved).toEqual({ isNew: false, id: client.id() });
    expect(await client.json('/facts')).toEqual({ isNew: false, id: client.id() });
    expect(await app.client().json('/facts')).toMatchObject({ isNew: true });
  });

  it('A4: a later change keeps id and secret, and sends no cookie', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    const token = client.token();
    app.counts.forget();
    const { setCookies, headers } = await client.get('/set?key=b&value=2');
    expect(setCookies).toEqual([]);
    expect(headers['cache-control']).not.toBe('no-store');
    expect(app.counts.calls.map(({ verb, id }) => `${verb} ${id}`)).toEqual([
      `read ${client.id()}`,
      `write ${client.id()}`,
    ]);
    expect(client.token()).toBe(token);
    expect(await client.json('/read')).toEqual({ a: 1, b: '2' });
  });

  it('A4: a later change refreshes a cookie that has a maxAge, with the same token', async () => {
    const app = await start(cell, { routes, session: { cookie: { maxAge: '1h' } } });
    const client = await clientOf(app, '/set');
    const token = client.token();
    const { setCookies } = await client.get('/set?key=b');
    expect(setCookies).toMatchObject([{ name: 'sid', value: token, attributes: { 'max-age': '3600' } }]);
  });

  it('A4: reading asks the storage once and sends no cookie', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    app.counts.forget();
    const { setCookies } = await client.get('/read');
    expect(setCookies).toEqual([]);
    expect(app.counts.calls).toMatchObject([{ verb: 'read', id: client.id() }]);
  });
});
