import { Agent } from 'node:http';
import {
  Catch,
  HttpException,
  Inject,
  Injectable,
  Module,
  ServiceUnavailableException,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
} from '@nestjs/common';
import { SessionsService, SessionStorageMemory, type SessionOptions } from 'nest-sessions';
import { FaultStorage } from 'nest-sessions/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cells } from '../support/matrix.js';
import { replying, without, type AnyReply, type Bag, type Call, type Routes } from '../support/routes.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

type At = Parameters<SessionsService['of']>[0];

@Injectable()
class LoadingInterceptor implements NestInterceptor {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    (await this.sessions.of<Bag>(context)).data.a = 'interceptor';
    return next.handle();
  }
}

@Module({})
class LoadingMiddleware implements NestModule {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  configure(consumer: MiddlewareConsumer): void {
    const load = async (request: unknown, _response: unknown, next: () => void): Promise<void> => {
      (await this.sessions.of<Bag>(request as At)).data.a = 'middleware';
      next();
    };
    consumer.apply(load).forRoutes('middleware');
  }
}

/** Answers in the app's own words, and says when to try again by itself where it is told to. */
@Catch(HttpException)
class OwnWords implements ExceptionFilter<HttpException> {
  catch(error: HttpException, host: ArgumentsHost): void {
    const { url } = host.switchToHttp().getRequest<{ url: string }>();
    const reply = host.switchToHttp().getResponse<AnyReply>();
    if (url.startsWith('/own-retry')) reply.header('Retry-After', '60');
    reply.status(error.getStatus()).send('in own words');
  }
}

const change: Routes[string] = ({ session }) => void (session.data.a = 'new');

const routes: Routes = {
  ...verbRoutes,
  interceptor: { ...without(() => 'success'), decorators: [UseInterceptors(LoadingInterceptor)] },
  middleware: without(() => 'success'),
  'own-words': { run: change, decorators: [UseFilters(OwnWords)] },
  'own-retry': { run: change, decorators: [UseFilters(OwnWords)] },
  'busy-elsewhere': ({ session }) => {
    session.data.a = 'new';
    throw new ServiceUnavailableException('the printer');
  },
  'busy-reply': replying(({ session, reply }) => {
    session.data.a = 'new';
    reply.status(503).send('the printer');
  }),
  'save-anyway': async ({ session }) => {
    session.data.a = 'new';
    await session.save().catch(() => {});
    session.data = { a: '1' };
    return 'without it';
  },
};

describe.each(cells)('%s', (_, cell) => {
  it.each(['find', 'invalidate'] as const)(
    'D1: a handler that fails with the error of SessionsService.%s() is answered with 503 and Retry-After',
    async (verb) => {
      const asks = ({ request }: Call): Promise<unknown> => app.service[verb](request.query['id'] ?? '');
      const routes: Routes = { ...verbRoutes, declared: asks, bare: without(asks) };
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('read', 'fail', { times: 1 });
      expectUnavailable(await app.client().get(`/declared?id=${client.id()}`));
      void app.faults.set('read', 'fail raw', { times: 1 });
      expectUnavailable(await client.get(`/bare?id=${client.id()}`));
    },
  );

  const begin = () => start(cell, { routes, imports: [LoadingMiddleware], providers: [LoadingInterceptor, OwnWords] });

  it.each(['/interceptor', '/middleware'])('D1, D2, D3: what fails for %s is answered with 503', async (path) => {
    const app = await begin();
    const client = await clientOf(app, '/set?a=1');
    for (const verb of ['read', 'write'] as const) {
      void app.faults.set(verb, 'fail raw');
      expectUnavailable(await client.get(path));
      const hangs = app.faults.set(verb, 'hang');
      const { answer } = client.begin(path);
      await hangs;
      app.clock.advance(5_000);
      expectUnavailable(await answer);
      app.faults.mend();
    }
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it.each([
    ['/own-words', '5'],
    ['/own-retry', '60'],
  ])('D1, D3: an answer in the words of a filter, %s, says when to try again: %s', async (path, retryAfter) => {
    const app = await begin();
    const client = await clientOf(app, '/set?a=1');
    for (const verb of ['read', 'write'] as const) {
      void app.faults.set(verb, 'fail');
      const { status, text, headers, setCookies } = await client.get(path);
      expect({ status, text, setCookies }).toEqual({ status: 503, text: 'in own words', setCookies: [] });
      expect(headers['retry-after']).toBe(retryAfter);
      app.faults.mend();
    }
  });

  it.each(['/busy-elsewhere', '/busy-reply'])(
    "D1: a 503 of %s that no storage has caused is the app's own",
    async (path) => {
      const app = await begin();
      const client = app.client();
      const { status, headers, text, setCookies } = await client.get(path);
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: undefined });
      expect(text).toContain('the printer');
      expect(setCookies).toHaveLength(1);
      expect(await client.json('/read')).toEqual({ a: 'new' });
    },
  );

  it('D3: a handler that can do without what failed answers as it likes', async () => {
    const app = await begin();
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail', { times: 1 });
    const { status, text, headers } = await client.get('/save-anyway');
    expect({ status, text }).toEqual({ status: 200, text: 'without it' });
    expect(headers['retry-after']).toBeUndefined();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it.each(['read', 'write'] as const)(
    'D2, D6: after a %s that hung its connection serves the next request, and no token has changed',
    async (verb) => {
      const app = await begin();
      const client = await clientOf(app, '/set?a=1');
      const token = client.token();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const hangs = app.faults.set(verb, 'hang');
      const { answer } = client.begin('/set?a=2', { agent });
      await hangs;
      app.clock.advance(5_000);
      expectUnavailable(await answer);
      expect((await client.get('/plain', { agent })).status).toBe(200);
      app.faults.mend();
      for (const change of ['/set?b=2', '/count', '/reply?c=3']) {
        expect((await client.get(change, { agent })).status).toBe(200);
      }
      expect(await client.json('/read', { agent })).toEqual({ a: '1', b: '2', n: 1, c: '3' });
      expect(client.token()).toBe(token);
    },
  );
});

const twoRoutes: Routes = {
  plain: without(),
  user: { sessions: ['user'], run: ({ session }) => session.data },
  cart: { sessions: ['cart'], run: ({ session }) => session.data },
  'set-user': { sessions: ['user'], run: ({ session, request }) => void Object.assign(session.data, request.query) },
  'set-cart': { sessions: ['cart'], run: ({ session, request }) => void Object.assign(session.data, request.query) },
  'set-both': {
    sessions: ['user', 'cart'],
    run: ({ sessions, request }) => {
      for (const { data } of sessions) Object.assign(data, request.query);
      return 'success';
    },
  },
  'login-and-cart': {
    sessions: ['user', 'cart'],
    run: async ({ sessions: [user, cart] }) => {
      await user!.regenerate();
      cart!.data.a = 'new';
      return 'success';
    },
  },
};

describe.each(cells)('%s, two sessions of which one has lost its storage', (_, cell) => {
  async function begin() {
    const carts = new FaultStorage(new SessionStorageMemory());
    const app = await start(cell, {
      routes: twoRoutes,
      options: (storage) => ({
        sessions: [
          { name: 'user', storage },
          { name: 'cart', storage: carts },
        ] satisfies SessionOptions[],
      }),
    });
    return { app, carts, client: await clientOf(app, '/set-both?a=1') };
  }

  it.each(['fail', 'hang'] as const)('D7: "%s": routes of the other session work', async (fault) => {
    const { carts, client } = await begin();
    for (const verb of ['read', 'write', 'invalidate'] as const) void carts.set(verb, fault);
    expect((await client.get('/set-user?b=2')).status).toBe(200);
    expect(await client.get('/user')).toMatchObject({ status: 200, text: '{"a":"1","b":"2"}' });
    expect((await client.get('/plain')).status).toBe(200);
  });

  it.each(['read', 'write'] as const)(
    'D1, D3: whose %s fails, 503 for who uses it; both cookies stay',
    async (verb) => {
      const { app, carts, client } = await begin();
      const tokens = new Map(client.tokens);
      void carts.set(verb, 'fail');
      for (const path of ['/set-cart?a=2', '/set-both?a=2']) expectUnavailable(await client.get(path));
      if (verb === 'write')
        for (const path of ['/set-cart?a=2', '/set-both?a=2']) expectUnavailable(await app.client().get(path));
      carts.mend();
      expect(client.tokens).toEqual(tokens);
      expect(await client.json('/cart')).toEqual({ a: '1' });
    },
  );

  it('D3: a login that is stored goes out with the 503 that the other session causes', async () => {
    const { carts, client } = await begin();
    const old = client.copy();
    void carts.set('write', 'fail');
    const { status, setCookies } = await client.get('/login-and-cart');
    expect({ status, names: setCookies.map(({ name }) => name) }).toEqual({ status: 503, names: ['user'] });
    carts.mend();
    expect(await client.json('/user')).toEqual({ a: '1' });
    expect(await old.json('/user')).toEqual({});
    expect(await client.json('/cart')).toEqual({ a: '1' });
  });

  it('D2: whose read hangs, 503 after storageTimeout for who uses it', async () => {
    const { app, carts, client } = await begin();
    const hangs = carts.set('read', 'hang');
    const { answer } = client.begin('/set-both?a=2');
    await hangs;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    expect(await client.json('/user')).toEqual({ a: '1' });
  });
});
