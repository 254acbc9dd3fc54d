import { ForbiddenException } from '@nestjs/common';
import { SessionError } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { replying, type Bag, type Call, type Routes } from '../support/routes.js';
import { slowRoutes } from '../support/slow-routes.js';
import { clientOf, start } from '../support/world.js';

const MINUTE = 60_000;

/** What an older request may do, that must not reach the session after the login. */
const older = [
  '/slow/set?a=old',
  '/slow/reply?a=old',
  '/slow/replace?a=old',
  '/slow/save?a=old',
  '/slow/count',
  '/slow/take?key=a',
  '/slow/reload',
  '/slow/regenerate?a=old',
];

describe.each(cells)('%s', (_, cell) => {
  describe.each(['one instance', 'two instances'])('over %s', (where) => {
    it.each(older)('C4: a login while %s is at work: 409, no cookie, nothing of the new state', async (path) => {
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, '/set?a=1');
      const old = client.copy();
      const held = stops.hold('handler');
      const answer = old.get(path);
      await held.reached;
      const login = client.copy(other.origin);
      expect((await login.get('/regenerate?userId=eva&a=private')).setCookies).toHaveLength(1);
      held.release();
      const { status, text, setCookies } = await answer;
      expect({ status, setCookies }).toEqual({ status: 409, setCookies: [] });
      expect(text).not.toMatch(/eva|private/);
      expect(await login.json('/read')).toEqual({ a: 'private', userId: 'eva' });
      expect(await old.json('/read')).toEqual({});
    });

    it('C4: an older request that only reads, or logs out, changes nothing', async () => {
      const { routes, stops } = slowRoutes();
      for (const path of ['/slow/read', '/slow/declared', '/slow/destroy']) {
        const app = await start(cell, { routes });
        const other = where === 'one instance' ? app : await app.another();
        const client = await clientOf(app, '/set?a=1');
        app.clock.advance(5 * MINUTE);
        const old = client.copy();
        const held = stops.hold('handler');
        const answer = old.get(path);
        await held.reached;
        const login = client.copy(other.origin);
        await login.get('/regenerate?userId=eva');
        const written = await app.stored(client.id());
        held.release();
        expect(await answer).toMatchObject({ status: 200, setCookies: [] });
        await app.close();
        expect((await app.stored(client.id()))?.bytes).toEqual(written?.bytes);
      }
    });

    it('C5: of two logins at once one survives; the other is refused with 409 and no cookie', async () => {
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, '/set?a=1');
      const [one, two] = [client.copy(), client.copy(other.origin)];
      const held = [stops.hold('handler'), stops.hold('handler')] as const;
      const answers = [one.get('/slow/regenerate?userId=eva'), two.get('/slow/regenerate?userId=adam')] as const;
      await Promise.all(held.map(({ reached }) => reached));
      for (const { release } of held) release();
      const [first, second] = await Promise.all(answers);
      expect(new Set([first.status, second.status])).toEqual(new Set([200, 409]));
      const [winner, loser] = first.status === 200 ? [one, two] : [two, one];
      const [won, lost] = first.status === 200 ? [first, second] : [second, first];
      expect(won.setCookies).toHaveLength(1);
      expect(lost.setCookies).toEqual([]);
      expect(lost.text).not.toMatch(/eva|adam/);
      expect(await winner.json('/read')).toEqual(JSON.parse(won.text));
      expect(await loser.json('/read')).toEqual({});
    });
  });

  it("C5: the loser's handle stays dead, even if the error is caught", async () => {
    const { routes, stops } = slowRoutes();
    const seen: unknown[] = [];
    const stubborn = async ({ session, request }: Call): Promise<string> => {
      await stops.at('handler');
      for (const attempt of [
        () => session.regenerate(),
        () => session.regenerate({ keep: 'none' }),
        () => session.save(),
        () => session.update((data) => void (data.a = 'old')),
        () => session.reload(),
        () => session.take('a'),
      ]) {
        session.data['userId'] = request.query['userId'];
        seen.push(
          await attempt().then(
            () => 'passed',
            (error: unknown) => error instanceof SessionError && error.code,
          ),
        );
      }
      await session.destroy();
      session.data['userId'] = 'mallory';
      return 'success';
    };
    const app = await start(cell, { routes: { ...routes, stubborn } });
    const client = await clientOf(app, '/set?a=1');
    const held = stops.hold('handler');
    const answer = client.copy().get('/stubborn?userId=mallory');
    await held.reached;
    await client.get('/regenerate?userId=eva');
    held.release();
    expect(await answer).toMatchObject({ status: 409, setCookies: [], text: expect.not.stringContaining('success') });
    expect(seen).toEqual(Array(6).fill('ERR_SESSION_CONFLICT'));
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
  });

  it('C5: a request that regenerated does not merge what another stored since: 409, with its new token', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, {
      routes: {
        ...routes,
        login: async ({ session }) => {
          await session.regenerate();
          await stops.at('handler');
          session.data['userId'] = 'eva';
        },
      },
    });
    const client = await clientOf(app, '/set?a=1');
    const held = stops.hold('handler');
    const answer = client.get('/login');
    await held.reached;
    await app.rewrite(client.id(), ({ bytes }) => bytes);
    held.release();
    const { status, setCookies } = await answer;
    expect(status).toBe(409);
    expect(setCookies).toHaveLength(1);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('C4: the old secret is dead in the instant of the login, the new one lives', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    const held = app.gate.hold('after write');
    const login = client.get('/regenerate?userId=eva');
    await held.reached;
    const other = await app.another();
    expect(await old.copy(other.origin).json('/read')).toEqual({});
    held.release();
    await login;
    expect(client.id()).toBe(old.id());
    expect(client.token()).not.toBe(old.token());
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
  });

  it('C8: regenerate without an option keeps all', async () => {
    const app = await start(cell, { routes: keeping({}) });
    const client = await clientOf(app, '/begin');
    await client.get('/login');
    expect(await client.json('/read')).toEqual({ a: 1, b: { deep: 1 }, n: 5 });
  });

  it.each([
    ['none', 'none' as const, {}],
    ['a list', ['a'], { a: 1 }],
    ['a list with what this request changed', ['b', 'n'], { b: { deep: 1 }, n: 5 }],
    ['a list with what is not there', ['a', 'missing', 'toString', '__proto__'], { a: 1 }],
    ['an empty list', [], {}],
  ])('C8: regenerate with keep: %s keeps only that', async (_what, keep, kept) => {
    const app = await start(cell, { routes: keeping({ keep }) });
    const client = await clientOf(app, '/begin');
    expect(await client.json('/login')).toEqual(kept);
    expect(await client.json('/read')).toEqual(kept);
    expect((await app.stored(client.id()))?.data).toEqual(kept);
  });

  it.each([
    ['none', 'none' as const, {}],
    ['a list', ['n'], { n: 5 }],
  ])('C8: keep: %s of a session without a record keeps only that of the changes', async (_what, keep, kept) => {
    const app = await start(cell, { routes: keeping({ keep }) });
    const client = app.client();
    expect(await client.json('/login')).toEqual(kept);
    expect(client.cookies.size).toBe(Object.keys(kept).length);
  });

  it('C8: keep drops a key that another request has added meanwhile', async () => {
    const { stops } = slowRoutes();
    const routes: Routes = {
      ...keeping({}),
      login: async ({ session }) => {
        await stops.at('handler');
        await session.regenerate({ keep: ['a'] });
      },
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/begin');
    const held = stops.hold('handler');
    const answer = client.get('/login');
    await held.reached;
    await client.copy().get('/add');
    held.release();
    await answer;
    expect(await client.json('/read')).toEqual({ a: 1 });
  });

  it.each(['/set?a=old', '/reply?a=old', '/save?a=old', '/replace?a=old', '/count', '/regenerate?a=old', '/reload'])(
    'C10: %s with the secret that a login has just replaced is refused: 409, no cookie',
    async (path) => {
      const { routes } = slowRoutes();
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      const old = client.copy();
      await client.get('/regenerate?userId=eva');
      for (const passed of [0, MINUTE - 1]) {
        app.clock.advance(passed);
        const { status, text, setCookies } = await old.copy().get(path);
        expect({ status, setCookies }).toEqual({ status: path === '/reload' ? status : 409, setCookies: [] });
        expect(text).not.toContain('eva');
      }
      expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
    },
  );

  it('C10: reading with it is no session, and moves no cookie', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    await client.get('/regenerate?userId=eva');
    const written = await app.stored(client.id());
    for (const path of ['/read', '/take?key=a', '/destroy', '/declared']) {
      const { status, text, setCookies } = await old.get(path);
      expect({ path, status, setCookies }).toEqual({ path, status: 200, setCookies: [] });
      expect(text).not.toContain('eva');
    }
    expect((await app.stored(client.id()))?.bytes).toEqual(written?.bytes);
  });

  it('C10: after 60 seconds it is unknown like any other', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    await client.get('/regenerate?userId=eva');
    app.clock.advance(MINUTE);
    expect((await old.get('/set?a=2')).status).toBe(200);
    expect(old.id()).not.toBe(client.id());
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
  });

  const failures: Record<string, (call: Call) => unknown> = {
    403: () => {
      throw new ForbiddenException();
    },
    500: () => {
      throw new Error('of a later step');
    },
    503: ({ session }) => void (session.data.b = 'not stored'),
  };

  it.each(['403', '500', '503'])(
    'C11: an answer of %s after regenerate was stored carries the new token',
    async (status) => {
      const { routes } = slowRoutes();
      const app = await start(cell, {
        routes: {
          ...routes,
          login: async (call) => {
            call.session.data['userId'] = 'eva';
            await call.session.regenerate();
            if (status === '503') void app.faults.set('write', 'fail');
            return failures[status]!(call);
          },
          'login-reply': replying(async (call) => {
            call.session.data['userId'] = 'eva';
            await call.session.regenerate();
            if (status === '503') void app.faults.set('write', 'fail');
            failures[status]!(call);
            call.reply.send('success');
          }),
        },
      });
      for (const path of ['/login', '/login-reply']) {
        const client = await clientOf(app, '/set?a=1');
        const old = client.copy();
        const answer = await client.get(path);
        expect(answer.status).toBe(Number(status));
        expect(answer.setCookies).toHaveLength(1);
        expect(answer.headers['cache-control']).toBe('no-store');
        app.faults.mend();
        expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
        expect(await old.json('/read')).toEqual({});
      }
    },
  );

  it('C11: regenerate that is not stored keeps the old token, and sends none', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail');
    expect(await client.get('/regenerate?userId=eva')).toMatchObject({ status: 503, setCookies: [] });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('C4: regenerate without a record writes nothing and sends nothing', async () => {
    const { routes } = slowRoutes();
    const app = await start(cell, { routes });
    expect((await app.client().get('/regenerate')).setCookies).toEqual([]);
    expect(app.counts.calls).toEqual([]);
  });
});

/** Handlers that start a session, and log in keeping some of it. */
function keeping(options: { keep?: 'all' | 'none' | string[] }): Routes {
  return {
    begin: ({ session }) => void Object.assign(session.data, { a: 1, b: { deep: 1 } } satisfies Bag),
    add: ({ session }) => void (session.data['added'] = 1),
    login: async ({ session }) => {
      session.data.n = 5;
      await session.regenerate(options);
      return session.data;
    },
    read: ({ session }) => session.data,
  };
}
