import { describe, expect, it } from 'vitest';
import { endsAtServer, isByValue, revocableCells, travelCells } from '../support/matrix.js';
import { replying, type Routes } from '../support/routes.js';
import { secretOf } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const routes: Routes = {
  ...verbRoutes,
  'destroy-then-set': async ({ session }) => {
    const { id } = session;
    await session.destroy();
    session.data.a = 'new';
    return { before: id, after: session.id, isNew: session.isNew };
  },
  'destroy-then-save': async ({ session }) => {
    await session.destroy();
    session.data.a = 'new';
    await session.save();
    return session.data;
  },
  'destroy-then-update': async ({ session }) => {
    await session.destroy();
    return session.update((data) => void (data.a = 'new'));
  },
  'destroy-then-regenerate': async ({ session }) => {
    await session.destroy();
    session.data.a = 'new';
    await session.regenerate();
    return session.data;
  },
  'destroy-then-reply': replying(async ({ session, reply }) => {
    await session.destroy();
    session.data.a = 'new';
    reply.send('replied');
  }),
  'destroy-then-empty': async ({ session }) => {
    await session.destroy();
    session.data = {};
  },
  'destroy-then-read': async ({ session }) => {
    await session.destroy();
    return session.data;
  },
  'set-then-destroy': async ({ session }) => {
    session.data.a = 'new';
    await session.destroy();
  },
  'save-then-destroy': async ({ session }) => {
    session.data.a = 'new';
    await session.save();
    await session.destroy();
  },
  'set-then-undo': ({ session }) => {
    session.data.a = 'new';
    delete session.data.a;
  },
  'destroy-twice': async ({ session }) => {
    await session.destroy();
    await session.destroy();
  },
  same: ({ session }) => {
    const { a } = session.data;
    session.data.a = a;
    session.data = structuredClone(session.data);
  },
  'same-by-verbs': async ({ session }) => {
    session.data.a = structuredClone(session.data.a);
    await session.save();
    await session.update((data) => void (data.a = structuredClone(data.a)));
  },
};

describe.each([...travelCells, ...revocableCells])('%s', (_, cell) => {
  it.each([
    '/destroy-then-set',
    '/destroy-then-save',
    '/destroy-then-update',
    '/destroy-then-regenerate',
    '/destroy-then-reply',
  ])('A10: %s starts a session under a new id and secret', async (path) => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=old&b=old');
    const old = client.copy();
    const { status, handed } = await client.get(path);
    expect(status).toBe(200);
    expect(handed).toMatchObject([{ name: 'sid', isCleared: false }]);
    expect(client.id()).not.toBe(old.id());
    if (!isByValue(cell)) {
      expect(secretOf(client.token())).not.toBe(secretOf(old.token()));
      expect(await app.stored(old.id())).toBeUndefined();
    }
    expect(await client.json('/read')).toEqual({ a: 'new' });
    expect(await old.json('/read')).toEqual(endsAtServer(cell) ? {} : { a: 'old', b: 'old' });
  });

  it.each([0, false, null, '', [], {}])('A6: take gives a stored %j, once', async (value) => {
    const stored: Routes = { ...routes, 'set-value': ({ session }) => void (session.data.a = value) };
    const app = await start(cell, { routes: stored });
    const client = await clientOf(app, '/set-value');
    expect(await client.json('/take?key=a')).toEqual({ taken: value });
    expect(await client.json('/take?key=a')).toEqual({});
    expect(await client.json('/read')).toEqual({});
  });

  it('A6: take of a key that is not stored writes nothing, and hands out nothing', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    for (const key of ['b', 'toString', '__proto__', '']) {
      expect(await client.get(`/take?key=${key}`)).toMatchObject({ text: '{}', handed: [] });
    }
    expect(app.counts.count('write')).toBe(0);
  });

  it('A6: reload drops what the request has changed', async () => {
    const changed: Routes = {
      ...routes,
      'set-then-reload': async ({ session }) => {
        Object.assign(session.data, { a: 'changed', b: 'added' });
        await session.reload();
        return session.data;
      },
    };
    const app = await start(cell, { routes: changed });
    const client = await clientOf(app, '/set?a=1');
    app.counts.forget();
    expect(await client.get('/set-then-reload')).toMatchObject({ text: '{"a":"1"}', handed: [] });
    expect(app.counts.count('write')).toBe(0);
    expect(await app.client().json('/set-then-reload')).toEqual({});
  });

  it('A10: the handle takes its new id at once', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=old');
    const before = client.id();
    expect(await client.json('/destroy-then-set')).toEqual({ before, after: client.id(), isNew: true });
  });

  it('A10: what was there before destroy is not in the data after it', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=old');
    expect(await client.json('/destroy-then-read')).toEqual({});
  });

  it.each(['/destroy', '/destroy-twice'])('A11: %s with no session sends nothing and is no error', async (path) => {
    const app = await start(cell, { routes });
    const { status, headers, handed } = await app.client().get(path);
    expect({ status, handed }).toEqual({ status: 200, handed: [] });
    expect(headers).not.toHaveProperty('set-cookie');
    expect(app.counts.calls).toEqual([]);
  });

  it('A11: destroy ends the session at once where the server keeps one, and makes the client forget it', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    const { status, handed, headers } = await client.get('/destroy');
    expect(status).toBe(200);
    expect(handed).toMatchObject([{ name: 'sid', value: '', isCleared: true }]);
    expect(headers['cache-control']).toBe('no-store');
    if (!isByValue(cell)) expect(await app.stored(old.id())).toBeUndefined();
    expect(await old.json('/read')).toEqual(endsAtServer(cell) ? {} : { a: '1' });
    const last = endsAtServer(cell) ? 'refused' : 'loaded';
    expect(app.events.map(({ type }) => type)).toEqual(['created', 'loaded', 'destroyed', last]);
  });

  it.each(['/destroy-then-empty', '/set-then-destroy', '/save-then-destroy', '/destroy-twice'])(
    'A12: %s leaves no record, and nothing at the client',
    async (path) => {
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      const id = client.id();
      const { status, handed } = await client.get(path);
      expect(status).toBe(200);
      expect(handed).toMatchObject([{ name: 'sid', isCleared: true }]);
      expect(client.tokens.size).toBe(0);
      if (isByValue(cell)) return expect(app.counts.writtenIds).toEqual(cell.isRevocable === true ? [id] : []);
      for (const written of app.counts.writtenIds) expect(await app.stored(written)).toBeUndefined();
      expect(await app.stored(id)).toBeUndefined();
    },
  );

  it.each(['/destroy-then-empty', '/set-then-destroy', '/set-then-undo', '/replace'])(
    'A12: %s with no session stores nothing and hands out nothing',
    async (path) => {
      const app = await start(cell, { routes });
      const { status, headers, handed } = await app.client().get(path);
      expect({ status, handed }).toEqual({ status: 200, handed: [] });
      expect(headers).not.toHaveProperty('set-cookie');
      expect(app.counts.calls).toEqual([]);
    },
  );

  it('A12: a session that was made and ended in one request leaves no record', async () => {
    const app = await start(cell, { routes });
    const client = app.client();
    await client.get('/save-then-destroy');
    expect(client.tokens.size).toBe(0);
    expect(app.counts.writtenIds).toHaveLength(isByValue(cell) ? 0 : 1);
    for (const id of app.counts.ids) expect(await app.stored(id)).toBeUndefined();
  });

  it.each(['/set?a=1', '/reply?a=1', '/save?a=1', '/replace?a=1', '/same', '/same-by-verbs'])(
    'A13: %s assigns what is there and writes nothing',
    async (path) => {
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      app.counts.forget();
      const { status, handed } = await client.get(path);
      expect({ status, handed }).toEqual({ status: 200, handed: [] });
      expect(app.counts.count('write')).toBe(0);
    },
  );
});
