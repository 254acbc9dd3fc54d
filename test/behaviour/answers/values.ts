import {
  Controller,
  Get,
  Head,
  Header,
  HttpCode,
  Post,
  Redirect,
  Render,
  Res,
  Scope,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Eta } from 'eta';
import { setImmediate as turn } from 'node:timers/promises';
import { concatWith, defer, of, type Observable } from 'rxjs';
import { FIXTURES } from './sources.js';
import { setCookies, Themed, visit, type Visit, type Visited } from './visits.js';
import type { Family, Platform, Way } from './way.js';

const ways: readonly Omit<Way, 'storedBy'>[] = [
  { name: 'returned text', path: '/text' },
  { name: 'returned text on a connection that is kept', path: '/text', headers: { connection: 'keep-alive' } },
  { name: 'returned JSON', path: '/json' },
  { name: 'returned number', path: '/number', body: /^42$/ },
  { name: 'returned undefined', path: '/undefined', body: /^$/ },
  { name: 'returned null', path: '/null', body: /^(null)?$/ },
  { name: 'returned Buffer', path: '/buffer', body: /97|answer/ },
  { name: 'returned Promise', path: '/promise' },
  { name: 'returned Observable of one value', path: '/observable' },
  { name: 'returned Observable of several values', path: '/observable-several', body: /^the last answer$/ },
  { name: 'returned Promise of an Observable', path: '/promise-observable' },
  { name: 'POST', path: '/post', method: 'POST', status: 201 },
  { name: 'request-scoped controller', path: '/scoped' },
  { name: '@Header()', path: '/header' },
  { name: '@Header() of no-transform', path: '/no-transform' },
  { name: '@HttpCode()', path: '/http-code', status: 202 },
  { name: '@HttpCode(204)', path: '/no-content', status: 204, body: /^$/ },
  { name: '@HttpCode(304)', path: '/not-modified', status: 304, body: /^$/ },
  { name: '@Redirect() static', path: '/redirect', status: 302, body: /^/ },
  { name: '@Redirect() dynamic', path: '/redirect-dynamic', status: 307, body: /^/ },
  { name: '@Render()', path: '/render', body: /^the answer 42$/ },
  { name: '@Res() with passthrough', path: '/passthrough', status: 201 },
  { name: 'HEAD of a @Get()', path: '/text', method: 'HEAD', body: /^$/ },
  { name: '@Head()', path: '/head', method: 'HEAD', body: /^$/ },
];

/** What a handler returns, and what decorators make of it. */
export const values: Family = {
  // A page is rendered, a redirect made, after the handler has finished: the interceptor sees all of these.
  ways: [
    ...ways.map((way): Way => ({ ...way, storedBy: 'interceptor' })),
    {
      name: '304 by If-None-Match',
      only: 'express',
      path: '/text',
      headers: { 'if-none-match': '*' },
      status: 304,
      body: /^$/,
      storedBy: 'interceptor',
    },
  ],
  controllers: (Visited) => [controller(Visited), scopedController(Visited)],
  prepare: useEta,
};

function controller(Visited: Visited): Type {
  @Controller()
  class Values {
    @Get('text')
    @Themed()
    text(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('json')
    @Themed()
    json(@Visited() session: Visit) {
      return visit(session, { the: ['answer', 42] });
    }

    @Get('number')
    @Themed()
    number(@Visited() session: Visit) {
      return visit(session, 42);
    }

    @Get('undefined')
    @Themed()
    undefined(@Visited() session: Visit) {
      return visit(session, undefined);
    }

    @Get('null')
    @Themed()
    null(@Visited() session: Visit) {
      return visit(session, null);
    }

    @Get('buffer')
    @Themed()
    buffer(@Visited() session: Visit) {
      return visit(session, Buffer.from('the answer'));
    }

    @Get('promise')
    @Themed()
    async promise(@Visited() session: Visit) {
      await turn();
      return visit(session, 'the answer');
    }

    @Get('observable')
    @Themed()
    observable(@Visited() session: Visit): Observable<string> {
      return defer(() => of(visit(session, 'the answer')));
    }

    @Get('observable-several')
    @Themed()
    several(@Visited() session: Visit): Observable<string> {
      const late = defer(async () => {
        await turn();
        return visit(session, 'the last answer');
      });
      return of('one', 'another').pipe(concatWith(late));
    }

    @Get('promise-observable')
    @Themed()
    async promised(@Visited() session: Visit): Promise<Observable<string>> {
      await turn();
      return of(visit(session, 'the answer'));
    }

    @Post('post')
    @Themed()
    post(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('header')
    @Header('X-Wares', 'mugs')
    @Header('Cache-Control', 'max-age=60')
    @Header('Vary', 'Accept-Language')
    @Themed()
    header(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('no-transform')
    @Header('Cache-Control', 'public, no-transform')
    @Themed()
    noTransform(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('http-code')
    @HttpCode(202)
    @Themed()
    httpCode(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('no-content')
    @HttpCode(204)
    @Themed()
    noContent(@Visited() session: Visit) {
      visit(session);
    }

    @Get('not-modified')
    @HttpCode(304)
    @Header('ETag', '"42"')
    @Themed()
    notModified(@Visited() session: Visit) {
      visit(session);
    }

    @Get('redirect')
    @Redirect('/cart')
    @Themed()
    redirect(@Visited() session: Visit) {
      visit(session);
    }

    @Get('redirect-dynamic')
    @Redirect('/cart')
    @Themed()
    redirectDynamic(@Visited() session: Visit) {
      return visit(session, { url: '/elsewhere', statusCode: 307 });
    }

    @Get('render')
    @Render('page.eta')
    @Themed()
    render(@Visited() session: Visit) {
      return visit(session, { count: 42 });
    }

    @Get('passthrough')
    passthrough(
      @Visited() session: Visit,
      @Res({ passthrough: true })
      response: { status(code: number): void; header(name: string, value: readonly string[]): void },
    ) {
      setCookies(response).status(201);
      return visit(session, 'the answer');
    }

    @Head('head')
    @Themed()
    head(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }
  }
  return Values;
}

function scopedController(Visited: Visited): Type {
  @Controller({ scope: Scope.REQUEST })
  class Scoped {
    @Get('scoped')
    @Themed()
    scoped(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }
  }
  return Scoped;
}

/** Sets up pages: a template engine on each platform. */
export function useEta(app: INestApplication, platform: Platform): void {
  const eta = new Eta({ views: FIXTURES });
  if (platform === 'fastify') {
    (app as NestFastifyApplication).setViewEngine({ engine: { eta }, templates: FIXTURES });
    return;
  }
  const express = app as NestExpressApplication;
  express.engine('eta', (path: string, model: object, done: (error: unknown, html?: string) => void) => {
    eta.renderAsync(path.slice(FIXTURES.length), model).then((html) => done(null, html), done);
  });
  express.setBaseViewsDir(FIXTURES);
  express.setViewEngine('eta');
}
