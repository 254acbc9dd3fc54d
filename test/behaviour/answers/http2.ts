import {
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  Redirect,
  Res,
  Sse,
  StreamableFile,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { of, type Observable } from 'rxjs';
import type { Reply } from './res-fastify.js';
import { largeStream, slowly, slowStream } from './sources.js';
import { setCookies, Themed, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

const seenByInterceptor = { storedBy: 'interceptor' } as const;

/** HTTP/2, which Fastify alone speaks: no status message, no connection fields, streams instead of sockets. */
export const http2: Family = {
  only: 'fastify',
  http2: true,
  ways: [
    { name: 'HTTP/2 returned text', path: '/text', ...seenByInterceptor },
    { name: 'HTTP/2 HEAD', path: '/text', method: 'HEAD', body: /^$/, ...seenByInterceptor },
    { name: 'HTTP/2 204', path: '/no-content', status: 204, body: /^$/, ...seenByInterceptor },
    { name: 'HTTP/2 @Redirect()', path: '/redirect', status: 302, body: /^$/, ...seenByInterceptor },
    { name: 'HTTP/2 StreamableFile', path: '/file' },
    { name: 'HTTP/2 StreamableFile HEAD', path: '/file', method: 'HEAD', body: /^$/ },
    { name: 'HTTP/2 StreamableFile of a large stream', path: '/file-large' },
    { name: 'HTTP/2 async generator', path: '/generator' },
    { name: 'HTTP/2 web Response', path: '/response', status: 203 },
    { name: 'HTTP/2 @Sse()', path: '/sse' },
    { name: 'HTTP/2 @Res() send', path: '/send' },
    { name: 'HTTP/2 @Res() send of a stream', path: '/send-stream' },
    { name: 'HTTP/2 handler that throws', path: '/throws', status: 403, body: /Forbidden/ },
    { name: 'HTTP/2 raw end', path: '/raw/end' },
    { name: 'HTTP/2 raw writeHead of an object', path: '/raw/object', status: 203 },
    { name: 'HTTP/2 raw writeHead with cookies', path: '/raw/cookies' },
    { name: 'HTTP/2 raw write in several turns', path: '/raw/write' },
    { name: 'HTTP/2 raw flushHeaders', path: '/raw/flush' },
    { name: 'HTTP/2 raw pipe of a large stream', path: '/raw/pipe' },
  ],
  controllers: (Visited) => [controller(Visited), rawController(Visited)],
};

function controller(Visited: Visited): Type {
  @Controller()
  class OverHttp2 {
    @Get('text')
    @Themed()
    text(@Visited() session: Visit) {
      return visit(session, 'the answer');
    }

    @Get('no-content')
    @HttpCode(204)
    @Themed()
    noContent(@Visited() session: Visit) {
      visit(session);
    }

    @Get('redirect')
    @Redirect('/cart')
    @Themed()
    redirect(@Visited() session: Visit) {
      visit(session);
    }

    @Get('file')
    @Themed()
    file(@Visited() session: Visit) {
      return visit(session, new StreamableFile(slowStream()));
    }

    @Get('file-large')
    @Themed()
    fileLarge(@Visited() session: Visit) {
      return visit(session, new StreamableFile(largeStream()));
    }

    @Get('generator')
    @Themed()
    generator(@Visited() session: Visit) {
      return visit(session, slowly('the ', 'answer'));
    }

    @Get('response')
    @Themed()
    response(@Visited() session: Visit) {
      return visit(session, new Response('the answer', { status: 203, headers: { 'set-cookie': 'lang=en' } }));
    }

    @Sse('sse')
    @Themed()
    sse(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: 'the answer' }));
    }

    @Get('send')
    send(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send('the answer');
    }

    @Get('send-stream')
    sendStream(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(slowStream());
    }

    @Get('throws')
    @Themed()
    throws(@Visited() session: Visit) {
      visit(session);
      throw new ForbiddenException();
    }
  }
  return OverHttp2;
}

function rawController(Visited: Visited): Type {
  @Controller('raw')
  class RawOverHttp2 {
    @Get(':way')
    async answer(@Visited() session: Visit, @Res() reply: Reply) {
      reply.hijack();
      visit(session);
      await writes[reply.raw.req.url ?? '']?.(reply.raw);
    }
  }
  return RawOverHttp2;
}

const writes: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  '/raw/end': (res) => setCookies(res).end('the answer'),
  '/raw/object': (res) => setCookies(res).writeHead(203, { 'x-wares': 'mugs' }).end('the answer'),
  '/raw/cookies': (res) => res.writeHead(200, { 'set-cookie': ['theme=dark', 'lang=en'] }).end('the answer'),
  '/raw/write': async (res) => {
    setCookies(res).write('the ');
    await turn();
    res.end('answer');
  },
  '/raw/flush': async (res) => {
    setCookies(res).flushHeaders();
    await turn();
    res.end('the answer');
  },
  '/raw/pipe': (res) => largeStream().pipe(setCookies(res)),
};
