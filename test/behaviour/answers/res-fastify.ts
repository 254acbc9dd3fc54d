import { Controller, Get, Res, type INestApplication, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { FIXTURES, largeStream, slowly, slowStream } from './sources.js';
import { useEta } from './values.js';
import { setCookies, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

/** As much of Fastify's reply as these handlers use. */
export interface Reply {
  readonly raw: ServerResponse;
  header(name: string, value: string | readonly string[]): Reply;
  code(status: number): Reply;
  send(body?: unknown): Reply;
  redirect(url: string, status?: number): Reply;
  hijack(): Reply;
  callNotFound(): Reply;
  view(page: string, model: object): Reply;
  sendFile(name: string): Reply;
  download(name: string, as: string): Reply;
}

/** `@Res()` on Fastify: the handler answers by itself. */
export const resOnFastify: Family = {
  only: 'fastify',
  ways: [
    { name: '@Res() send text', path: '/send' },
    { name: '@Res() send Buffer', path: '/send-buffer' },
    { name: '@Res() send after an await', path: '/send-async' },
    { name: '@Res() send in a later turn', path: '/send-later' },
    { name: '@Res() change and send in a later turn', path: '/change-later' },
    { name: '@Res() send, then throw', path: '/send-throw' },
    { name: '@Res() HEAD', path: '/send', method: 'HEAD', body: /^$/ },
    { name: '@Res() send JSON', path: '/json', status: 201 },
    { name: '@Res() send of a stream', path: '/send-stream' },
    { name: '@Res() send of a large stream', path: '/send-large' },
    { name: '@Res() send of a web ReadableStream', path: '/send-web-stream' },
    { name: '@Res() send of a web Response', path: '/send-response', status: 203 },
    { name: '@Res() 204', path: '/no-content', status: 204, body: /^$/ },
    { name: '@Res() 304', path: '/not-modified', status: 304, body: /^$/ },
    { name: '@Res() redirect', path: '/redirect', status: 302, body: /^$/ },
    { name: '@Res() redirect 303', path: '/redirect-303', status: 303, body: /^$/ },
    { name: '@Res() callNotFound', path: '/not-found', status: 404, body: /Cannot GET/ },
    { name: '@Res() view', path: '/view' },
    { name: '@Res() sendFile', path: '/send-file' },
    { name: '@Res() sendFile of a range', path: '/send-file', headers: { range: 'bytes=4-9' }, status: 206 },
    { name: '@Res() sendFile HEAD', path: '/send-file', method: 'HEAD', body: /^$/ },
    { name: '@Res() sendFile 304', path: '/send-file', headers: { 'if-none-match': '*' }, status: 304, body: /^$/ },
    { name: '@Res() sendFile of no file', path: '/send-file-missing', status: 404, body: /Cannot GET/ },
    { name: '@Res() download', path: '/download' },
    { name: '@Res() raw end', path: '/end' },
    { name: '@Res() raw write and end', path: '/write' },
    { name: '@Res() raw write and end in several turns', path: '/write-slowly' },
    { name: '@Res() pipe into raw', path: '/pipe' },
    { name: '@Res() pipe of a large stream into raw', path: '/pipe-large' },
    { name: '@Res() pipeline into raw', path: '/pipeline' },
    { name: 'hijack and raw end', path: '/hijack' },
    { name: 'hijack and raw answer in a later turn', path: '/hijack-later' },
    { name: 'hijack, change and raw answer in a later turn', path: '/hijack-change-later' },
    { name: 'hijack and pipeline into raw', path: '/hijack-pipeline' },
  ],
  controllers: (Visited) => [controller(Visited)],
  prepare: (app) => {
    useEta(app, 'fastify');
    useFiles(app);
  },
};

function useFiles(app: INestApplication): void {
  (app as NestFastifyApplication).useStaticAssets({ root: FIXTURES, prefix: '/static/' });
}

function controller(Visited: Visited): Type {
  @Controller()
  class OnFastify {
    @Get('send')
    send(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send('the answer');
    }

    @Get('send-buffer')
    sendBuffer(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(Buffer.from('the answer'));
    }

    @Get('send-async')
    async sendAsync(@Visited() session: Visit, @Res() reply: Reply) {
      await turn();
      visit(session);
      setCookies(reply).send('the answer');
    }

    @Get('send-later')
    sendLater(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply);
      setImmediate(() => reply.send('the answer'));
    }

    @Get('change-later')
    changeLater(@Visited() session: Visit, @Res() reply: Reply) {
      setImmediate(() => {
        visit(session);
        setCookies(reply).send('the answer');
      });
    }

    @Get('send-throw')
    sendThrow(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send('the answer');
      throw new Error('a shelf broke');
    }

    @Get('json')
    json(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).code(201).send({ the: 'answer' });
    }

    @Get('send-stream')
    sendStream(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(slowStream());
    }

    @Get('send-large')
    sendLarge(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(largeStream());
    }

    @Get('send-web-stream')
    sendWebStream(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(new Response('the answer').body);
    }

    @Get('send-response')
    sendResponse(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).send(new Response('the answer', { status: 203, headers: { 'x-wares': 'mugs' } }));
    }

    @Get('no-content')
    noContent(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).code(204).send();
    }

    @Get('not-modified')
    notModified(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).header('ETag', '"42"').code(304).send();
    }

    @Get('redirect')
    redirect(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).redirect('/cart', 302);
    }

    @Get('redirect-303')
    seeOther(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).redirect('/cart', 303);
    }

    @Get('not-found')
    notFound(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).callNotFound();
    }

    @Get('view')
    view(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).view('page.eta', { count: 42 });
    }

    @Get('send-file')
    sendFile(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).sendFile('file.txt');
    }

    @Get('send-file-missing')
    sendNoFile(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).sendFile('missing.txt');
    }

    @Get('download')
    download(@Visited() session: Visit, @Res() reply: Reply) {
      visit(session);
      setCookies(reply).download('file.txt', 'wares.txt');
    }

    @Get('end')
    end(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      setCookies(raw).end('the answer');
    }

    @Get('write')
    write(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      setCookies(raw).write('the ');
      raw.write('answer');
      raw.end();
    }

    @Get('write-slowly')
    async writeSlowly(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      setCookies(raw);
      for await (const part of slowly('the ', 'answer')) raw.write(part);
      raw.end();
    }

    @Get('pipe')
    pipe(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      slowStream().pipe(setCookies(raw));
    }

    @Get('pipe-large')
    pipeLarge(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      largeStream().pipe(setCookies(raw));
    }

    @Get('pipeline')
    pipeline(@Visited() session: Visit, @Res() { raw }: Reply) {
      visit(session);
      pipeline(largeStream(), setCookies(raw), () => undefined);
    }

    @Get('hijack')
    hijack(@Visited() session: Visit, @Res() reply: Reply) {
      reply.hijack();
      visit(session);
      setCookies(reply.raw).end('the answer');
    }

    @Get('hijack-later')
    hijackLater(@Visited() session: Visit, @Res() reply: Reply) {
      reply.hijack();
      visit(session);
      setImmediate(() => setCookies(reply.raw).end('the answer'));
    }

    @Get('hijack-change-later')
    hijackChangeLater(@Visited() session: Visit, @Res() reply: Reply) {
      reply.hijack();
      setImmediate(() => {
        visit(session);
        setCookies(reply.raw).end('the answer');
      });
    }

    @Get('hijack-pipeline')
    async hijackPipeline(@Visited() session: Visit, @Res() reply: Reply) {
      reply.hijack();
      visit(session);
      await pipelined(slowly('the ', 'answer'), setCookies(reply.raw));
    }
  }
  return OnFastify;
}
