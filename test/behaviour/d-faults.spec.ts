import { Readable } from 'node:stream';
import { Inject, Injectable, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { replying, without, type Bag, type Routes } from '../support/routes.js';
import { unknownToken } from '../support/tokens.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

@Injectable()
class LoadingGuard implements CanActivate {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const session = await this.sessions.of<Bag>(context);
    session.data.a = 'guard';
    return true;
  }
}

const routes: Routes = {
  ...verbRoutes,
  guarded: { ...without(() => 'success'), decorators: [UseGuards(LoadingGuard)] },
  ok: ({ session }) => {
    session.data.a = 'new';
    return 'success';
  },
  redirect: replying(({ session, reply }) => {
    session.data.a = 'new';
    reply.status(302).redirect('/read');
  }),
  stream: replying(({ session, reply }) => {
    session.data.a = 'new';
    reply.send(Readable.from(['success']));
  }),
};

const counted = (data: Bag): void => void (data.n = (data.n ?? 0) + 1);

/** Every way to answer a request that changes its session. */
const changing = [
  '/ok',
  '/reply?a=new',
  '/redirect',
  '/stream',
  '/save?a=new',
  '/count',
  '/regenerate?a=new',
  '/guarded',
];

/** What asks for the session. */
const reading = ['/read', '/declared', '/facts', '/reload', '/take?key=a', '/destroy', ...changing];

describe.each(cells)('%s', (_, cell) => {
  describe.each(['global', 'declared'] as const)('interceptor %s', (interceptor) => {
    const begin = () =>
      start(cell, {
        routes,
        providers: [LoadingGuard],
        options: (storage) => ({ storage, interceptor, cookie: { maxAge: '1h' } }),
      });

    it.each(reading)('D1: a read that fails answers %s with 503 and Retry-After, cookie untouched', async (path) => {
      const app = await begin();
      const client = await clientOf(app, '/set?a=1');
      for (const fault of ['fail', 'fail raw', 'fail after effect', 'cut stream'] as const) {
        void app.faults.set('read', fault);
        app.counts.forget();
        expectUnavailable(await client.get(path));
        // Of nothing no stream is cut
        if (fault !== 'cut stream') expectUnavailable(await client.get(path, { cookie: `sid=${unknownToken()}` }));
        expect(app.counts.count('write')).toBe(0);
      }
      expect(app.events.filter(({ type }) => type === 'refused')).toEqual([]);
      app.faults.mend();
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it.each(changing)('D3: a write that fails answers %s with 503, no success, no cookie', async (path) => {
      const app = await begin();
      const client = await clientOf(app, '/set?a=1');
      for (const fault of ['fail', 'fail raw', 'cut stream', 'fail after effect'] as const) {
        void app.faults.set('write', fault);
        expectUnavailable(await app.client().get(path));
        expectUnavailable(await app.client().get(path, { cookie: `sid=${unknownToken()}` }));
        if (fault !== 'fail after effect') expectUnavailable(await client.get(path));
      }
      app.faults.mend();
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it.each(changing)('D2: a hanging write ends %s with 503 after storageTimeout', async (path) => {
      const app = await begin();
      for (const client of [await clientOf(app, '/set?a=1'), app.client()]) {
        const before = client.cookies.size;
        const hangs = app.faults.set('write', 'hang');
        const { answer } = client.begin(path);
        await hangs;
        app.clock.advance(4_999);
        expect(app.counts.calls.at(-1)?.options?.signal?.aborted).toBe(false);
        app.clock.advance(1);
        expectUnavailable(await answer);
        expect(app.counts.calls.at(-1)?.options?.signal?.aborted).toBe(true);
        expect(client.cookies.size).toBe(before);
        app.faults.mend();
      }
    });

    it.each(reading)('D2: a hanging read ends %s with 503 after storageTimeout', async (path) => {
      const app = await begin();
      const client = await clientOf(app, '/set?a=1');
      const hangs = app.faults.set('read', 'hang');
      const { answer } = client.begin(path);
      await hangs;
      app.clock.advance(5_000);
      expectUnavailable(await answer);
      expect(app.counts.calls.at(-1)?.options?.signal?.aborted).toBe(true);
      app.faults.mend();
      expect(await client.json('/read')).toEqual({ a: '1' });
    });
  });

  it('D1: a cookie that is malformed is not cleared by an answer of 503', async () => {
    const app = await start(cell, { routes });
    void app.faults.set('write', 'fail');
    expectUnavailable(await app.client().get('/ok', { cookie: 'sid=../x' }));
  });

  it('D2: storageTimeout is an option', async () => {
    const app = await start(cell, { routes, session: { storageTimeout: '1m' } });
    const client = await clientOf(app, '/set?a=1');
    const hangs = app.faults.set('read', 'hang');
    const { answer } = client.begin('/read');
    await hangs;
    app.clock.advance(59_999);
    app.clock.advance(1);
    expectUnavailable(await answer);
  });

  it('D2: who waits in line behind a hanging write is answered with 503 too', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const hangs = app.faults.set('write', 'hang', { times: 1 });
    const first = client.get('/set?b=1');
    await hangs;
    const second = client.get('/set?c=1');
    await app.seen('loaded', 2);
    app.clock.advance(5_000);
    expectUnavailable(await first);
    // It may have come to the line a moment before that, or after
    const { status } = await second;
    expect([200, 503]).toContain(status);
    app.faults.mend();
    expect(await client.json('/read')).toEqual(status === 200 ? { a: '1', c: '1' } : { a: '1' });
  });

  it('D2: no timer stays behind an answered request', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    // A cache watches its bus from its first use on
    const timers = app.clock.timers;
    await client.get('/read');
    void app.faults.set('write', 'fail');
    await client.get('/ok');
    expect(app.clock.timers).toBe(timers);
    const hangs = app.faults.set('read', 'hang');
    const answer = client.get('/ok');
    await hangs;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    expect(app.clock.timers).toBe(timers);
  });

  it('D3: the failure is told of by id, without secret or data', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail raw');
    await client.get('/set?a=private');
    expect(app.events.at(-1)).toMatchObject({ type: 'storageFailed', session: 'sid', id: client.id() });
    expect(app.logs.filter(({ level, text }) => level === 'error' && text.includes(client.id()))).toHaveLength(1);
    expect(JSON.stringify([app.events, app.logs])).not.toMatch(/private/);
    expect(JSON.stringify([app.events, app.logs])).not.toContain(client.token().split('.')[1]);
  });

  it.each(['ENOSPC', 'EACCES', 'EMFILE'])('D9: a storage that meets %s is told of by that code: 503', async (code) => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail', { code });
    for (const path of changing.filter((path) => path !== '/guarded')) expectUnavailable(await client.get(path));
    expect(app.events.at(-1)).toMatchObject({ type: 'storageFailed', reason: expect.stringContaining(code) });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D4: a create that the driver sent twice is one session', async () => {
    const app = await start(cell, { routes });
    void app.faults.set('write', 'resent');
    const client = app.client();
    expect(await client.get('/set?a=1')).toMatchObject({ status: 200 });
    app.faults.mend();
    expect(app.counts.writtenIds).toEqual([client.id()]);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D4: a change that the driver sent twice is applied once', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1&nonce=x');
    void app.faults.set('write', 'resent');
    expect((await client.get('/set?b=2')).status).toBe(200);
    expect(await client.json('/count')).toMatchObject({ n: 1 });
    expect(await client.json('/count')).toMatchObject({ n: 2 });
    expect(await client.json('/take?key=nonce')).toEqual({ taken: 'x' });
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1', b: '2', n: 2 });
  });

  it('D4: a regenerate that the driver sent twice is its own winner', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    void app.faults.set('write', 'resent');
    const { status, setCookies } = await client.get('/regenerate?userId=eva');
    expect(status).toBe(200);
    expect(setCookies).toHaveLength(1);
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
    expect(await old.json('/read')).toEqual({});
  });

  it('D4: a destroy that the driver sent twice is a logout', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const old = client.copy();
    void app.faults.set('write', 'resent');
    void app.faults.set('invalidate', 'resent');
    expect((await client.get('/destroy')).status).toBe(200);
    app.faults.mend();
    expect(await app.stored(old.id())).toBeUndefined();
    expect(await old.json('/read')).toEqual({});
  });

  it('D4: sent twice with another writer in between, it is still known as its own', async () => {
    const app = await start(cell, { routes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('after write');
    const answer = client.json('/count');
    await held.reached;
    await client.copy(other.origin).get('/set?b=2');
    held.release();
    expect(await answer).toMatchObject({ n: 1 });
    expect(await client.json('/read')).toEqual({ a: '1', b: '2', n: 1 });
  });

  it.each(['fail', 'fail raw', 'cut stream'] as const)(
    'D5: a destroy that meets "%s" is no success, and the cookie stays',
    async (fault) => {
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('write', fault);
      void app.faults.set('invalidate', fault);
      expectUnavailable(await client.get('/destroy'));
      app.faults.mend();
      expect(await client.json('/read')).toEqual({ a: '1' });
    },
  );

  it.each(['destroy', 'update', 'save', 'regenerate'] as const)(
    'D5: a %s() that nobody awaits, and that fails, is no success either',
    async (verb) => {
      const app = await start(cell, {
        routes: {
          ...verbRoutes,
          forgetful: ({ session }) => {
            session.data.a = 'lost';
            void session[verb]((data: Bag) => void (data.n = 1));
            return 'success';
          },
        },
      });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('write', 'fail');
      expectUnavailable(await client.get('/forgetful'));
      app.faults.mend();
      expect(await client.json('/read')).toEqual({ a: '1' });
    },
  );

  it.each<[string, Routes[string]]>([
    ['by catch()', ({ session }) => (void session.update(counted).catch(() => {}), 'fallback')],
    [
      'of several at once',
      async ({ session }) => {
        await Promise.all([session.update(counted), session.update(counted)]).catch(() => {});
        return 'fallback';
      },
    ],
    [
      'after the answer',
      replying(async ({ session, reply }) => {
        const update = session.update(counted);
        reply.send('fallback');
        await update.catch(() => {});
      }),
    ],
  ])("D3: a failure that the handler catches %s is the handler's", async (_, route) => {
    const app = await start(cell, { routes: { ...verbRoutes, caught: route } });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail');
    expect(await client.get('/caught')).toMatchObject({ status: 200, text: 'fallback', handed: [] });
  });

  it('C11: a regenerate() under way beside a verb that failed hands out its token', async () => {
    const app = await start(cell, {
      routes: {
        ...verbRoutes,
        both: replying(({ session, reply }) => {
          void session.update(() => {
            throw new Error('of the change');
          });
          void session.regenerate();
          reply.send('success');
        }),
      },
    });
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const answer = client.get('/both');
    await held.reached;
    held.release();
    expect(await answer).toMatchObject({ status: 500, handed: [{ name: 'sid', isCleared: false }] });
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('D5: a destroy that hangs is no success either', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const hangs = Promise.race([app.faults.set('write', 'hang'), app.faults.set('invalidate', 'hang')]);
    const { answer } = client.begin('/destroy');
    await hangs;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    expect(client.cookies.size).toBe(1);
  });

  it('D6: when the storage is up again the next request works, and clients keep their tokens', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    void app.faults.set('read', 'fail');
    void app.faults.set('write', 'fail');
    for (const path of ['/read', '/set?a=2', '/destroy', '/regenerate']) expectUnavailable(await client.get(path));
    app.faults.mend();
    expect(client.token()).toBe(token);
    expect(await client.json('/read')).toEqual({ a: '1' });
    expect((await client.get('/set?b=2')).status).toBe(200);
    expect((await app.client().get('/set?a=3')).status).toBe(200);
  });

  it('D7: routes that do not use sessions work during an outage, and first-time readers too', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    for (const fault of ['fail', 'hang'] as const) {
      void app.faults.set('read', fault);
      void app.faults.set('write', fault);
      expect(await client.get('/plain')).toMatchObject({ status: 200, text: 'ok', setCookies: [] });
      expect((await client.get('/nowhere')).status).toBe(404);
      expect(await app.client().get('/read')).toMatchObject({ status: 200, text: '{}' });
    }
  });

  it('D7: a touch that fails does not fail its request', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(5 * 60_000);
    void app.faults.set('write', 'fail');
    expect(await client.get('/read')).toMatchObject({ status: 200, text: '{"a":"1"}' });
    await app.seen('storageFailed', 1);
  });
});
