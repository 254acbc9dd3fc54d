import { Controller, Get, Inject, Injectable, type INestApplication, type NestMiddleware } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SessionsService } from 'nest-sessions';
import { FIXTURES } from './sources.js';
import { setCookies, visit, Visits, type VisitsOf } from './visits.js';
import type { Family } from './way.js';

const shop = 'https://shop.example';
const preflight = { origin: shop, 'access-control-request-method': 'POST' };

/** What answers outside of handlers: middleware, static files, CORS, no route, hooks of Fastify. */
export const middleware: Family = {
  ways: [
    { name: 'middleware that answers', path: '/functional', status: 202 },
    { name: 'middleware class that answers', path: '/class', status: 202 },
    { name: 'middleware of main.ts that answers', path: '/main', status: 202 },
    { name: 'middleware that changes and passes', path: '/passes', storedBy: 'interceptor' },
    { name: 'middleware that changes and fails', path: '/fails', status: 500, body: /Internal/ },
    { name: 'middleware that changes, HEAD', path: '/passes', method: 'HEAD', body: /^$/, storedBy: 'interceptor' },
    { name: 'no route', path: '/elsewhere/nowhere', status: 404, body: /Cannot GET/ },
    { name: 'no such method', path: '/passes', method: 'DELETE', status: 404, body: /Cannot DELETE/ },
    { name: 'static file', path: '/static/file.txt' },
    { name: 'static file HEAD', path: '/static/file.txt', method: 'HEAD', body: /^$/ },
    { name: 'static file 304', path: '/static/file.txt', headers: { 'if-none-match': '*' }, status: 304, body: /^$/ },
    { name: 'static file of a range', path: '/static/file.txt', headers: { range: 'bytes=0-9' }, status: 206 },
    { name: 'static file that is missing', path: '/static/none.txt', status: 404, body: /Cannot GET/ },
    { name: 'CORS', path: '/passes', headers: { origin: shop }, storedBy: 'interceptor' },
    {
      name: 'CORS preflight',
      path: '/early',
      method: 'OPTIONS',
      headers: preflight,
      status: 204,
      body: /^$/,
      only: 'express',
    },
    { name: 'onRequest hook that answers', path: '/hook/request', status: 202, only: 'fastify' },
    { name: 'preHandler hook that changes', path: '/hook/handler', only: 'fastify', storedBy: 'interceptor' },
    { name: 'onSend hook that changes', path: '/hook/send', only: 'fastify' },
  ],
  controllers: () => [Passes],
  configure(consumer, sessions) {
    const counts = counting(sessions);
    consumer.apply(counts, answers).forRoutes('functional');
    consumer.apply(AnsweringMiddleware).forRoutes('class');
    consumer.apply(counts, fails).forRoutes('fails');
    consumer.apply(counts).forRoutes('passes', 'elsewhere/*path');
  },
  async prepare(app, platform, sessions) {
    const counts = counting(sessions);
    app.use('/early', counts);
    app.enableCors({ origin: [shop], credentials: true });
    app.use('/main', (request: IncomingMessage, response: ServerResponse, next: Next) =>
      counts(request, response, (error) => (error === undefined ? answers(request, response) : next(error))),
    );
    app.use('/static', counts);
    const files = app as NestFastifyApplication & NestExpressApplication;
    if (platform === 'express') files.useStaticAssets(FIXTURES, { prefix: '/static/' });
    else files.useStaticAssets({ root: FIXTURES, prefix: '/static/' });
    if (platform === 'fastify') addHooks(app, sessions);
  },
};

/** An app with a hook of its own in the one place that Nest's adapter for Fastify has for it. */
export const hooked: Family = {
  only: 'fastify',
  ways: [{ name: 'middleware beside setOnRequestHook()', path: '/functional', status: 202 }],
  configure(consumer, sessions) {
    consumer.apply(counting(sessions), answers).forRoutes('functional');
  },
  prepare(app) {
    const adapter = app.getHttpAdapter() as unknown as HasRequestHook;
    adapter.setOnRequestHook((_request, _reply, done) => done());
  },
};

interface HasRequestHook {
  setOnRequestHook(hook: (request: object, reply: object, done: () => void) => void): void;
}

type Next = (error?: unknown) => void;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** Changes the session and passes on. */
function counting(sessions: VisitsOf): Middleware {
  return (request, response, next) => {
    sessions.of(request, Visits).then((session) => {
      visit(session);
      setCookies(response);
      next();
    }, next);
  };
}

function answers(_: IncomingMessage, response: ServerResponse): void {
  response.statusCode = 202;
  response.end('the answer');
}

function fails(_: IncomingMessage, __: ServerResponse, next: Next): void {
  next(new Error('a shelf broke'));
}

@Injectable()
class AnsweringMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(@Inject(SessionsService) private readonly sessions: VisitsOf) {}

  async use(request: IncomingMessage, response: ServerResponse): Promise<void> {
    visit(await this.sessions.of(request, Visits));
    answers(request, setCookies(response));
  }
}

@Controller()
class Passes {
  @Get(['passes', 'hook/handler', 'hook/send', 'fails'])
  passes() {
    return 'the answer';
  }
}

/** As much of a Fastify instance as these need. */
interface HasHooks {
  addHook(name: 'onRequest' | 'preHandler' | 'onSend', hook: Hook): void;
}
interface HookRequest {
  readonly url: string;
  readonly raw: IncomingMessage;
}
type Hook = (request: HookRequest, reply: HookReply) => Promise<unknown>;
interface HookReply {
  code(status: number): HookReply;
  header(name: string, value: readonly string[]): HookReply;
  send(body: string): HookReply;
}

function addHooks(app: INestApplication, sessions: VisitsOf): void {
  const fastify = app.getHttpAdapter().getInstance() as HasHooks;
  const count = async (request: HookRequest, reply: HookReply): Promise<void> => {
    visit(await sessions.of(request, Visits));
    setCookies(reply);
  };
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.url !== '/hook/request') return;
    await count(request, reply);
    reply.code(202).send('the answer');
  });
  fastify.addHook('preHandler', async (request, reply) => {
    if (request.url === '/hook/handler') await count(request, reply);
  });
  fastify.addHook('onSend', async (request, reply) => {
    if (request.url === '/hook/send') await count(request, reply);
  });
}
