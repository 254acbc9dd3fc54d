import {
  Controller,
  Get,
  Res,
  Sse,
  StreamableFile,
  type INestApplication,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyCompress from '@fastify/compress';
import compression from 'compression';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { of, type Observable } from 'rxjs';
import { largeStream, slowStream } from './sources.js';
import { setCookies, Themed, visit, Visits, type Visit, type Visited, type VisitsOf } from './visits.js';
import type { Family, Platform, Way } from './way.js';

const headers = { 'accept-encoding': 'gzip' };

function ways(order: string): readonly Way[] {
  return [
    { name: `returned text, ${order}`, path: '/text', storedBy: 'interceptor', headers },
    { name: `returned JSON, ${order}`, path: '/json', storedBy: 'interceptor', headers },
    { name: `returned text that the client wants plain, ${order}`, path: '/text', storedBy: 'interceptor' },
    { name: `HEAD, ${order}`, path: '/text', method: 'HEAD', storedBy: 'interceptor', headers, body: /^$/ },
    { name: `StreamableFile, ${order}`, path: '/file', headers },
    { name: `StreamableFile of a large stream, ${order}`, path: '/file-large', headers },
    { name: `@Res() pipe of a large stream, ${order}`, path: '/pipe', only: 'express', headers },
    { name: `@Res() write and end, ${order}`, path: '/write', only: 'express', headers },
    { name: `@Sse(), ${order}`, path: '/sse', headers },
    { name: `handler that throws, ${order}`, path: '/throws', status: 500, headers, body: /Internal/ },
  ];
}

/** Compression under the session: what wraps the response was there before somebody asked for the session. */
export const compressedBefore: Family = {
  ways: ways('compression first'),
  controllers: (Visited) => [controller(Visited)],
  prepare: compress,
};

/** Compression over the session: a middleware asked for the session first. */
export const compressedAfter: Family = {
  ways: ways('session first'),
  controllers: (Visited) => [controller(Visited)],
  async prepare(app, platform, sessions) {
    app.use(asking(sessions));
    await compress(app, platform);
  },
};

async function compress(app: INestApplication, platform: Platform): Promise<void> {
  if (platform === 'express') app.use(compression({ threshold: 0 }));
  else await (app as NestFastifyApplication).register(fastifyCompress, { threshold: 0 });
}

function asking(sessions: VisitsOf) {
  return (request: IncomingMessage, _: unknown, next: (error?: unknown) => void): void => {
    sessions.of(request, Visits).then(() => next(), next);
  };
}

function controller(Visited: Visited): Type {
  @Controller()
  class Compressed {
    @Get('text')
    @Themed()
    text(@Visited() session: Visit) {
      return visit(session, 'the answer, '.repeat(100));
    }

    @Get('json')
    @Themed()
    json(@Visited() session: Visit) {
      return visit(session, { the: Array.from({ length: 100 }, () => 'answer') });
    }

    @Get('file')
    @Themed()
    file(@Visited() session: Visit) {
      return visit(session, new StreamableFile(slowStream(), { type: 'text/plain' }));
    }

    @Get('file-large')
    @Themed()
    fileLarge(@Visited() session: Visit) {
      return visit(session, new StreamableFile(largeStream(), { type: 'text/plain' }));
    }

    @Get('pipe')
    pipe(@Visited() session: Visit, @Res() res: ServerResponse) {
      visit(session);
      setCookies(res).setHeader('Content-Type', 'text/plain');
      largeStream().pipe(res);
    }

    @Get('write')
    write(@Visited() session: Visit, @Res() res: ServerResponse) {
      visit(session);
      setCookies(res).setHeader('Content-Type', 'text/plain');
      res.write('the ');
      res.end('answer');
    }

    @Sse('sse')
    @Themed()
    sse(@Visited() session: Visit): Observable<MessageEvent> {
      return visit(session, of({ data: 'the answer' }));
    }

    @Get('throws')
    @Themed()
    throws(@Visited() session: Visit) {
      visit(session);
      throw new Error('a shelf broke');
    }
  }
  return Compressed;
}
