import { Controller, Get, Header, HttpCode, Res, StreamableFile, type Type } from '@nestjs/common';
import { Readable } from 'node:stream';
import { of, type Observable } from 'rxjs';
import { broken, brokenStream, largeStream, slowly, slowStream, unreadableStream } from './sources.js';
import { setCookies, Themed, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

/** What a handler returns to be sent while it is produced: nobody waits for its end. */
export const streams: Family = {
  ways: [
    { name: 'StreamableFile of a stream', path: '/file' },
    { name: 'StreamableFile of a Buffer', path: '/file-buffer' },
    { name: 'StreamableFile of a large stream', path: '/file-large' },
    { name: 'StreamableFile with its headers', path: '/file-headers' },
    { name: 'StreamableFile in a Promise', path: '/file-promise' },
    { name: 'StreamableFile in an Observable', path: '/file-observable' },
    { name: 'StreamableFile with passthrough', path: '/file-passthrough', status: 206 },
    { name: 'StreamableFile HEAD', path: '/file', method: 'HEAD', body: /^$/ },
    {
      name: 'StreamableFile that breaks at once',
      path: '/file-unreadable',
      status: 400,
      body: /Bad Request/,
      only: 'express',
    },
    { name: 'StreamableFile that breaks at once', path: '/file-unreadable', status: 500, body: /500/, only: 'fastify' },
    { name: 'StreamableFile that breaks halfway', path: '/file-broken', broken: true },
    { name: 'Readable', path: '/readable' },
    { name: 'async generator of texts', path: '/generator' },
    { name: 'async generator of objects', path: '/generator-objects' },
    { name: 'async generator that changes the session', path: '/generator-changes' },
    { name: 'async generator of nothing', path: '/generator-empty', body: /^$/ },
    { name: 'async generator that throws at once', path: '/generator-unreadable', status: 500, body: /500/ },
    { name: 'async generator that throws halfway', path: '/generator-broken', broken: true },
    { name: 'async iterable', path: '/iterable' },
    { name: 'async iterable HEAD', path: '/iterable', method: 'HEAD', body: /^$/ },
    { name: 'web ReadableStream', path: '/web-stream' },
    { name: 'web ReadableStream of bytes', path: '/web-bytes' },
    { name: 'web ReadableStream that fails at once', path: '/web-unreadable', status: 500, body: /500/ },
    { name: 'web Response of text', path: '/response' },
    { name: 'web Response of JSON', path: '/response-json', status: 203 },
    { name: 'web Response of a stream', path: '/response-stream' },
    { name: 'web Response without a body', path: '/response-empty', status: 204, body: /^$/ },
    { name: 'web Response that redirects', path: '/response-redirect', status: 303, body: /^$/ },
    { name: 'web Response HEAD', path: '/response', method: 'HEAD', body: /^$/ },
  ],
  controllers: (Visited) => [controller(Visited)],
};

function controller(Visited: Visited): Type {
  @Controller()
  class Streams {
    @Get('file')
    @Themed()
    file(@Visited() session: Visit) {
      return visit(session, new StreamableFile(slowStream()));
    }

    @Get('file-buffer')
    @Themed()
    fileBuffer(@Visited() session: Visit) {
      return visit(session, new StreamableFile(Buffer.from('the answer')));
    }

    @Get('file-large')
    @Themed()
    fileLarge(@Visited() session: Visit) {
      return visit(session, new StreamableFile(largeStream()));
    }

    @Get('file-headers')
    @Themed()
    fileHeaders(@Visited() session: Visit) {
      const options = { type: 'text/csv', disposition: 'attachment; filename="wares.csv"', length: 10 };
      return visit(session, new StreamableFile(Readable.from(['the answer']), options));
    }

    @Get('file-promise')
    @Themed()
    async filePromise(@Visited() session: Visit) {
      return visit(session, new StreamableFile(slowStream()));
    }

    @Get('file-observable')
    @Themed()
    fileObservable(@Visited() session: Visit): Observable<StreamableFile> {
      return of(visit(session, new StreamableFile(slowStream())));
    }

    @Get('file-passthrough')
    filePassthrough(
      @Visited() session: Visit,
      @Res({ passthrough: true })
      response: { status(code: number): void; header(name: string, value: readonly string[]): void },
    ) {
      setCookies(response).status(206);
      return visit(session, new StreamableFile(slowStream()));
    }

    @Get('file-unreadable')
    @Themed()
    fileUnreadable(@Visited() session: Visit) {
      return visit(session, new StreamableFile(unreadableStream()));
    }

    @Get('file-broken')
    @Themed()
    fileBroken(@Visited() session: Visit) {
      return visit(session, new StreamableFile(brokenStream()));
    }

    @Get('readable')
    @Themed()
    readable(@Visited() session: Visit) {
      return visit(session, slowStream());
    }

    @Get('generator')
    @Themed()
    generator(@Visited() session: Visit) {
      return visit(session, slowly('the ', 'answer'));
    }

    @Get('generator-objects')
    @Themed()
    generatorObjects(@Visited() session: Visit) {
      return visit(session, slowly({ the: 1 }, { answer: 2 }));
    }

    @Get('generator-changes')
    @Themed()
    async *generatorChanges(@Visited() session: Visit) {
      visit(session);
      yield* slowly('the ', 'answer');
    }

    @Get('generator-empty')
    @Themed()
    generatorEmpty(@Visited() session: Visit) {
      return visit(session, slowly());
    }

    @Get('generator-unreadable')
    @Themed()
    generatorUnreadable(@Visited() session: Visit) {
      return visit(session, broken());
    }

    @Get('generator-broken')
    @Themed()
    generatorBroken(@Visited() session: Visit) {
      return visit(session, broken('the answer, as far as it goes'));
    }

    @Get('iterable')
    @Themed()
    iterable(@Visited() session: Visit): AsyncIterable<string> {
      return visit(session, { [Symbol.asyncIterator]: () => slowly('the ', 'answer') });
    }

    @Get('web-stream')
    @Themed()
    webStream(@Visited() session: Visit) {
      return visit(session, webStreamOf(slowly('the ', 'answer')));
    }

    @Get('web-bytes')
    @Themed()
    webBytes(@Visited() session: Visit) {
      return visit(session, new Blob(['the answer']).stream());
    }

    @Get('web-unreadable')
    @Themed()
    webUnreadable(@Visited() session: Visit) {
      return visit(session, webStreamOf(broken()));
    }

    @Get('response')
    @Themed()
    response(@Visited() session: Visit) {
      return visit(session, new Response('the answer', { headers: { 'set-cookie': 'lang=en' } }));
    }

    @Get('response-json')
    @HttpCode(202)
    @Header('X-Wares', 'overridden')
    @Themed()
    responseJson(@Visited() session: Visit) {
      return visit(session, Response.json({ the: 'answer' }, { status: 203, headers: { 'x-wares': 'mugs' } }));
    }

    @Get('response-stream')
    @Themed()
    responseStream(@Visited() session: Visit) {
      return visit(session, new Response(webStreamOf(slowly(Buffer.from('the '), Buffer.from('answer')))));
    }

    @Get('response-empty')
    @Themed()
    responseEmpty(@Visited() session: Visit) {
      return visit(session, new Response(null, { status: 204 }));
    }

    @Get('response-redirect')
    @Themed()
    responseRedirect(@Visited() session: Visit) {
      return visit(session, new Response(null, { status: 303, headers: { location: '/cart' } }));
    }
  }
  return Streams;
}

function webStreamOf<Chunk>(source: AsyncGenerator<Chunk>): ReadableStream<Chunk> {
  return new ReadableStream<Chunk>({
    async pull(stream) {
      const { done, value } = await source.next();
      if (done === true) stream.close();
      else stream.enqueue(value);
    },
  });
}
