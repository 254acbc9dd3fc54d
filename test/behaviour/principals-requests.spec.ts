import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cells, PLATFORMS } from '../support/matrix.js';
import { principalRoutes } from '../support/principal-routes.js';
import { replying, type Call, type Routes } from '../support/routes.js';
import { during } from '../support/slow-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const EVA = 'eva@example.org';
const LOGIN = `/login?principal=${EVA}&label=Firefox`;

const routes: Routes = {
  /** Goes on when it is refused. */
  'login/careless': async ({ session }) => {
    session.principal = EVA;
    await session.save().catch(() => {});
    return 'welcome';
  },
  /** Waits for nobody. */
  'login/hasty': ({ session }) => {
    session.principal = EVA;
    void session.save();
    void session.update((data) => void (data.n = 1));
    return 'welcome';
  },
  'login/reply': replying(({ session, reply }) => {
    session.principal = EVA;
    reply.send('welcome');
  }),
  'replace/all': ({ session }) => void (session.data = {}),
  wrong: ({ session, request }) => {
    const wrong: Record<string, unknown> = { number: 5, empty: '', null: null };
    session.principal = wrong[request.query['what'] ?? ''] as string;
  },
  /** Ends all sessions of who it was, but for its own, as with a new password. */
  password: async ({ session, request }: Call) => {
    session.data['password'] = request.query['new'];
    await session.regenerate();
  },
};

describe.each(cells)('%s', (_, cell) => {
  const open = async (session = {}): Promise<World & { stops: ReturnType<typeof principalRoutes>['stops'] }> => {
    const { routes: usual, stops } = principalRoutes();
    return { ...(await start(cell, { routes: { ...usual, ...routes }, session })), stops };
  };
  const listed = async (app: World): Promise<readonly string[]> => {
    const ids: string[] = [];
    for await (const { id } of app.service.list({ principal: EVA })) ids.push(id);
    return ids;
  };

  it('tells no line, no event and no answer who it is, whatever goes wrong', async () => {
    const app = await open({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    const client = await clientOf(app, LOGIN);
    const texts = [await app.client().get(LOGIN), await app.client().get('/login/reply')].map(({ text }) => text);
    app.clock.advance(1);
    const late = during(app.stops, app.client(), `/slow${LOGIN}`, async () => {
      app.clock.advance(1);
      await app.service.invalidateAll({ principal: EVA });
    });
    texts.push((await late).text, (await client.get('/facts')).text);
    void app.faults.set('write', 'fail', { times: 1, code: 'ENOSPC' });
    texts.push((await app.client().get(LOGIN)).text);
    await app.service.invalidate(client.id(), { principal: EVA });
    const told = [texts, app.events, app.logs.map(({ text }) => text)];
    expect(inspect(told, { depth: 10 })).not.toMatch(/eva|Firefox/);
  });

  it('answers 409, and stores nothing, where a handler goes on that was refused', async () => {
    const app = await open({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    const id = (await clientOf(app, LOGIN)).id();
    for (const path of ['/login/careless', '/login/hasty', '/login/reply']) {
      const client = app.client();
      const answer = await client.get(path);
      expect([path, answer.status, answer.handed]).toEqual([path, 409, []]);
      expect(answer.text).toContain('as many as they may');
    }
    expect(await listed(app)).toEqual([id]);
  });

  it('lets who waits for nobody in where there is room', async () => {
    const app = await open({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
    const client = await clientOf(app, '/login/hasty');
    expect(await listed(app)).toEqual([client.id()]);
    expect(await client.json('/read')).toEqual({ n: 1 });
  });

  it('stays theirs when all of the data is replaced', async () => {
    const app = await open();
    const client = await clientOf(app, LOGIN);
    await client.get('/replace/all');
    expect(await client.json('/read')).toEqual({});
    expect(await client.json('/marks')).toEqual({ principal: EVA, label: 'Firefox' });
    expect(await listed(app)).toEqual([client.id()]);
  });

  it('stays what another request has made it, in one that knows of nothing', async () => {
    const app = await open();
    const client = await clientOf(app, '/set?a=1');
    await during(app.stops, client.copy(), '/slow/set?b=2', () => client.copy().get(LOGIN));
    expect(await client.json('/marks')).toEqual({ principal: EVA, label: 'Firefox' });
    expect(await client.json('/read')).toMatchObject({ a: '1', b: '2', userId: EVA });
  });

  it('excepts the session that a new password has rotated, and no other, whatever stands in `except`', async () => {
    const app = await open();
    const [here, there] = [await clientOf(app, LOGIN), await clientOf(app, LOGIN)];
    await here.get('/password?new=x');
    expect(await app.service.invalidateAll({ principal: EVA, except: here.id() })).toBe(1);
    expect(await listed(app)).toEqual([here.id()]);
    expect(await there.json('/marks')).toEqual({});
    for (const except of ['', '../x', 'x'.repeat(300)]) {
      await here.get(LOGIN);
      expect(await app.service.invalidateAll({ principal: EVA, except })).toBe(1);
      app.clock.advance(1);
    }
  });

  it('ends the session that was there, when a login in it comes too late, and its client begins anew', async () => {
    const app = await open();
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('after write');
    const { answer } = client.begin(LOGIN);
    await held.reached;
    app.clock.advance(1000);
    await (await app.another()).service.invalidateAll({ principal: EVA });
    held.release();
    expect(await answer).toMatchObject({ status: 409, handed: [] });
    expect(await client.json('/read')).toEqual({});
    app.clock.advance(1);
    expect((await client.get(LOGIN)).status).toBe(200);
    expect(await listed(app)).toEqual([client.id()]);
  });
});

describe.each(PLATFORMS)('%s, memory', (platform) => {
  const [, cell] = cells.find(([name]) => name === `${platform}, memory`)!;

  it.each(['number', 'empty', 'null'])('answers 500 to a principal that is no text: %s', async (what) => {
    const app = await start(cell, { routes });
    expect(await app.client().get(`/wrong?what=${what}`)).toMatchObject({ status: 500, handed: [] });
    expect(app.logs.some(({ text }) => text.includes('it must be a text of 1 to 255 characters'))).toBe(true);
    expect(app.counts.calls).toEqual([]);
  });

  it.each(['', undefined, 5, null])('asks nobody for the sessions of %o: a TypeError', async (principal) => {
    const app = await start(cell, { routes });
    const of = { principal: principal as string };
    const error = new TypeError('Cannot use principal: it must be a text of 1 to 255 characters');
    await expect(app.service.list(of).next()).rejects.toThrow(error);
    await expect(app.service.invalidate('an-id', of)).rejects.toThrow(error);
    await expect(app.service.invalidateAll(of)).rejects.toThrow(error);
  });

  it('knows whose sessions are by name: two of one client may be those of two, and each has its own limit', async () => {
    const app = await start(cell, {
      routes: {
        login: {
          sessions: ['user', 'admin'],
          run: ({ sessions: [user, admin] }) => {
            if (user === undefined || admin === undefined) throw new Error('no sessions');
            user.principal = EVA;
            admin.principal = EVA;
          },
        },
        admin: { sessions: ['admin'], run: ({ session }) => ({ principal: session.principal }) },
      },
      options: (storage) => ({
        sessions: [
          { name: 'user', storage },
          { name: 'admin', storage, limit: { perPrincipal: 1 } },
        ],
      }),
    });
    const [first, second] = [await clientOf(app, '/login'), await clientOf(app, '/login')];
    const ids = async (type: string): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const { id } of app.service.list({ principal: EVA, type })) found.push(id);
      return found;
    };
    expect(await ids('user')).toEqual([first.id('user'), second.id('user')]);
    expect(await ids('admin')).toEqual([second.id('admin')]);
    expect(await app.service.invalidate(first.id('user'), { principal: EVA, type: 'admin' })).toBe(false);
    expect(await app.service.invalidateAll({ principal: EVA, type: 'admin' })).toBe(1);
    expect(await second.json('/admin')).toEqual({});
    expect(await ids('user')).toHaveLength(2);
    await expect(app.service.invalidateAll({ principal: EVA })).rejects.toThrow('there are several');
  });
});
