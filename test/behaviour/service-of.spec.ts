import {
  Catch,
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SessionsService } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { without, type AnyReply, type AnyRequest, type Bag, type Routes } from '../support/routes.js';
import { clientOf, start, type WorldOptions } from '../support/world.js';

type At = Parameters<SessionsService['of']>[0];

/** Counts `seen` of the session of where it stands, under its own name. */
async function count(sessions: SessionsService, at: unknown, place: string): Promise<void> {
  const { data } = await sessions.of<Bag>(at as At);
  data[place] = Number(data[place] ?? 0) + 1;
}

@Injectable()
class CountingGuard implements CanActivate {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await count(this.sessions, context, 'guard');
    return true;
  }
}

@Injectable()
class RequestGuard implements CanActivate {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await count(this.sessions, context.switchToHttp().getRequest(), 'request');
    return true;
  }
}

@Injectable()
class RefusingGuard implements CanActivate {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await count(this.sessions, context, 'refusing');
    throw new ForbiddenException();
  }
}

@Injectable()
class CountingInterceptor implements NestInterceptor {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    await count(this.sessions, context, 'interceptor');
    return next.handle();
  }
}

@Catch()
@Injectable()
class CountingFilter implements ExceptionFilter {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    await count(this.sessions, host, 'filter');
    const status = error instanceof HttpException ? error.getStatus() : 500;
    host.switchToHttp().getResponse<AnyReply>().status(status).send('filtered');
  }
}

@Injectable()
class CountingMiddleware implements NestMiddleware {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  async use(request: unknown, _response: unknown, next: () => void): Promise<void> {
    await count(this.sessions, request, 'middleware');
    next();
  }
}

@Module({})
class MiddlewareModule implements NestModule {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  configure(consumer: MiddlewareConsumer): void {
    const passing = async (request: unknown, _response: unknown, next: () => void): Promise<void> => {
      await count(this.sessions, request, 'function');
      next();
    };
    const answering = async (request: unknown, response: { end(text: string): void }): Promise<void> => {
      await count(this.sessions, request, 'answering');
      response.end('answered');
    };
    consumer.apply(CountingMiddleware).forRoutes('class-middleware').apply(passing).forRoutes('function-middleware');
    consumer.apply(answering).forRoutes('answering-middleware');
  }
}

const routes: Routes = {
  read: ({ session }) => session.data,
  guard: { decorators: [UseGuards(CountingGuard)], run: ({ session }) => session.data },
  'guard-alone': { ...without(), decorators: [UseGuards(CountingGuard)] },
  'request-guard': { decorators: [UseGuards(RequestGuard)], run: ({ session }) => session.data },
  'refusing-guard': { decorators: [UseGuards(RefusingGuard)], run: ({ session }) => session.data },
  interceptor: { decorators: [UseInterceptors(CountingInterceptor)], run: ({ session }) => session.data },
  filter: {
    decorators: [UseFilters(CountingFilter)],
    run: () => {
      throw new ForbiddenException();
    },
  },
  'class-middleware': ({ session }) => session.data,
  'function-middleware': ({ session }) => session.data,
  'answering-middleware': without(),
  used: ({ session }) => session.data,
};

/** The path, the key that is counted there, and the status. */
const places: readonly (readonly [path: string, key: string, status: number])[] = [
  ['/guard', 'guard', 200],
  ['/guard-alone', 'guard', 200],
  ['/request-guard', 'request', 200],
  ['/refusing-guard', 'refusing', 403],
  ['/interceptor', 'interceptor', 200],
  ['/filter', 'filter', 403],
  ['/class-middleware', 'middleware', 200],
  ['/function-middleware', 'function', 200],
  ['/answering-middleware', 'answering', 200],
  ['/used', 'use', 200],
];

const providers = [CountingGuard, RequestGuard, RefusingGuard, CountingInterceptor, CountingFilter];

function options(interceptor: 'global' | 'declared'): WorldOptions {
  return {
    routes,
    imports: [MiddlewareModule],
    providers,
    options: (storage) => ({ storage, interceptor }),
    before: (app: INestApplication) => {
      const sessions = app.get(SessionsService);
      app.use(async (request: AnyRequest & { url: string }, _response: unknown, next: () => void) => {
        if (request.url === '/used') await count(sessions, request, 'use');
        next();
      });
    },
  };
}

describe.each(cells)('%s', (_, cell) => {
  describe.each(['global', 'declared'] as const)('SessionsService.of(), interceptor %s', (interceptor) => {
    it.each(places)(
      '%s: a change there starts a session, and goes on with the next request',
      async (path, key, status) => {
        const app = await start(cell, options(interceptor));
        const client = app.client();
        const first = await client.get(path);
        expect(first.status).toBe(status);
        expect(first.setCookies).toHaveLength(1);
        expect((await app.stored(client.id()))?.data).toEqual({ [key]: 1 });
        const second = await client.get(path);
        expect({ status: second.status, setCookies: second.setCookies }).toEqual({ status, setCookies: [] });
        expect(await client.json('/read')).toEqual({ [key]: 2 });
      },
    );

    it.each(places.slice(0, 1).concat([places[2]!], places.slice(6, 8)))(
      '%s: it is the session that the handler gets, loaded once',
      async (path, key) => {
        const app = await start(cell, options(interceptor));
        const client = await clientOf(app, path);
        app.counts.forget();
        expect(await client.json(path)).toEqual({ [key]: 2 });
        expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read', 'write']);
      },
    );

    it('a filter for all, at a route that does not exist', async () => {
      const app = await start(cell, {
        ...options(interceptor),
        providers: [...providers, { provide: APP_FILTER, useClass: CountingFilter }],
      });
      const client = app.client();
      const { status, text, setCookies } = await client.get('/nowhere');
      expect({ status, text }).toEqual({ status: 404, text: 'filtered' });
      expect(setCookies).toHaveLength(1);
      expect(await client.json('/read')).toEqual({ filter: 1 });
    });
  });

  it('of() without a session of that name or class says which there are', async () => {
    class Other {}
    const errors: unknown[] = [];
    const app = await start(cell, {
      routes: {
        ask: {
          sessions: [],
          run: async ({ request }) => {
            for (const type of ['other', Other]) {
              await app.service.of(request as never, type).catch((error: unknown) => errors.push(error));
            }
          },
        },
      },
    });
    await app.client().get('/ask');
    expect(errors.map(String)).toEqual([
      'SessionNotRegisteredError: Cannot use session: "other" is not registered: SessionsModule has "sid"',
      'SessionNotRegisteredError: Cannot use session: class Other is not registered: SessionsModule has "sid"',
    ]);
  });

  it('of() without a name among several sessions asks for one', async () => {
    const app = await start(cell, {
      routes: {
        ask: { sessions: [], run: ({ request }) => app.service.of(request as never).catch(String) },
      },
      options: (storage) => ({
        sessions: [
          { name: 'a', storage },
          { name: 'b', storage },
        ],
      }),
    });
    expect((await app.client().get('/ask')).text).toContain('there are several, "a", "b"');
  });

  it('of() of what is no request rejects with a clear error', async () => {
    const app = await start(cell, { routes });
    for (const nothing of [{}, { headers: {} }, { raw: {} }]) {
      await expect(app.service.of(nothing as never)).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_REGISTERED' });
    }
  });

  it('of() gives the same object each time, without another storage call', async () => {
    const app = await start(cell, {
      routes: {
        set: ({ session }) => void (session.data.a = 1),
        ask: async ({ session, request }) => {
          const [one, two] = await Promise.all([
            app.service.of(request as never),
            app.service.of(request as never, 'sid'),
          ]);
          return { same: one === session && two === session };
        },
      },
    });
    const client = await clientOf(app, '/set');
    app.counts.forget();
    expect(await client.json('/ask')).toEqual({ same: true });
    expect(app.counts.count()).toBe(1);
  });
});

const [fastify] = cells.filter(([, { platform }]) => platform === 'fastify');

describe.each(fastify === undefined ? [] : [fastify])('%s', (_, cell) => {
  it.each(places)('inject(): %s keeps its session', async (path, key, status) => {
    const app = await start(cell, options('global'));
    const { inject } = app.nest as unknown as { inject: (request: object) => Promise<Injected> };
    const send = (cookie?: string): Promise<Injected> =>
      inject.call(app.nest, { method: 'GET', url: path, headers: cookie === undefined ? {} : { cookie } });
    const first = await send();
    expect(first.statusCode).toBe(status);
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).toMatch(/^sid=[\w-]{22}\./);
    expect((await send(cookie)).statusCode).toBe(status);
    expect(await app.client().json('/read', { cookie })).toEqual({ [key]: 2 });
  });
});

interface Injected {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
}
