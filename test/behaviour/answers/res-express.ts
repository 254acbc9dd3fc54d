import { Controller, Get, Next, Res, type Type } from '@nestjs/common';
import type { NextFunction, Response } from 'express';
import { pipeline } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { FIXTURES, largeStream, slowly, slowStream } from './sources.js';
import { useEta } from './values.js';
import { setCookies, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

/** `@Res()` on Express: the handler answers by itself. */
export const resOnExpress: Family = {
  only: 'express',
  ways: [
    { name: '@Res() send text', path: '/send' },
    { name: '@Res() send Buffer', path: '/send-buffer' },
    { name: '@Res() send after an await', path: '/send-async' },
    { name: '@Res() send in a later turn', path: '/send-later' },
    { name: '@Res() change and send in a later turn', path: '/change-later' },
    { name: '@Res() send, then throw', path: '/send-throw' },
    { name: '@Res() HEAD', path: '/send', method: 'HEAD', body: /^$/ },
    { name: '@Res() 304', path: '/send', headers: { 'if-none-match': '*' }, status: 304, body: /^$/ },
    { name: '@Res() json', path: '/json', status: 201 },
    { name: '@Res() jsonp', path: '/jsonp?callback=show' },
    { name: '@Res() sendStatus', path: '/send-status', status: 202, body: /Accepted/ },
    { name: '@Res() 204', path: '/no-content', status: 204, body: /^$/ },
    { name: '@Res() redirect', path: '/redirect', status: 302, body: /cart/ },
    { name: '@Res() redirect 303', path: '/redirect-303', status: 303, body: /cart/ },
    { name: '@Res() end', path: '/end' },
    { name: '@Res() end without a body', path: '/end-empty', body: /^$/ },
    { name: '@Res() write and end', path: '/write' },
    { name: '@Res() write and end in several turns', path: '/write-slowly' },
    { name: '@Res() pipe', path: '/pipe' },
    { name: '@Res() pipe of a large stream', path: '/pipe-large' },
    { name: '@Res() pipeline', path: '/pipeline' },
    { name: '@Res() pipeline of an async generator', path: '/pipeline-generator' },
    { name: '@Res() sendFile', path: '/send-file' },
    { name: '@Res() sendFile of a range', path: '/send-file', headers: { range: 'bytes=4-9' }, status: 206 },
    { name: '@Res() sendFile HEAD', path: '/send-file', method: 'HEAD', body: /^$/ },
    { name: '@Res() sendFile 304', path: '/send-file', headers: { 'if-none-match': '*' }, status: 304, body: /^$/ },
    { name: '@Res() sendFile of no file', path: '/send-file-missing', status: 404, body: /Not Found/i },
    { name: '@Res() download', path: '/download' },
    { name: '@Res() render', path: '/render' },
    { name: '@Res() format', path: '/format', headers: { accept: 'text/html' } },
    { name: '@Res() and @Next() to nowhere', path: '/next', status: 404, body: /Cannot GET/ },
  ],
  controllers: (Visited) => [controller(Visited)],
  prepare: useEta,
};

function controller(Visited: Visited): Type {
  @Controller()
  class OnExpress {
    @Get('send')
    send(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).send('the answer');
    }

    @Get('send-buffer')
    sendBuffer(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).send(Buffer.from('the answer'));
    }

    @Get('send-async')
    async sendAsync(@Visited() session: Visit, @Res() res: Response) {
      await turn();
      visit(session);
      setCookies(res).send('the answer');
    }

    @Get('send-later')
    sendLater(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res);
      setImmediate(() => res.send('the answer'));
    }

    @Get('change-later')
    changeLater(@Visited() session: Visit, @Res() res: Response) {
      setImmediate(() => {
        visit(session);
        setCookies(res).send('the answer');
      });
    }

    @Get('send-throw')
    sendThrow(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).send('the answer');
      throw new Error('a shelf broke');
    }

    @Get('json')
    json(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).status(201).json({ the: 'answer' });
    }

    @Get('jsonp')
    jsonp(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).jsonp({ the: 'answer' });
    }

    @Get('send-status')
    sendStatus(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).sendStatus(202);
    }

    @Get('no-content')
    noContent(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).status(204).end();
    }

    @Get('redirect')
    redirect(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).redirect('/cart');
    }

    @Get('redirect-303')
    seeOther(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).redirect(303, '/cart');
    }

    @Get('end')
    end(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).end('the answer');
    }

    @Get('end-empty')
    endEmpty(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).end();
    }

    @Get('write')
    write(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).write('the ');
      res.write('answer');
      res.end();
    }

    @Get('write-slowly')
    async writeSlowly(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res);
      for await (const part of slowly('the ', 'answer')) res.write(part);
      res.end();
    }

    @Get('pipe')
    pipe(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      slowStream().pipe(setCookies(res));
    }

    @Get('pipe-large')
    pipeLarge(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      largeStream().pipe(setCookies(res));
    }

    @Get('pipeline')
    pipeline(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      pipeline(largeStream(), setCookies(res), () => undefined);
    }

    @Get('pipeline-generator')
    async pipelineGenerator(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      await pipelined(slowly('the ', 'answer'), setCookies(res));
    }

    @Get('send-file')
    sendFile(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).sendFile('file.txt', { root: FIXTURES });
    }

    @Get('send-file-missing')
    sendNoFile(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).sendFile('missing.txt', { root: FIXTURES }, () => res.sendStatus(404));
    }

    @Get('download')
    download(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).download('file.txt', 'wares.txt', { root: FIXTURES });
    }

    @Get('render')
    render(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).render('page', { count: 42 });
    }

    @Get('format')
    format(@Visited() session: Visit, @Res() res: Response) {
      visit(session);
      setCookies(res).format({ html: () => res.send('<p>the answer'), json: () => res.json('the answer') });
    }

    @Get('next')
    next(@Visited() session: Visit, @Res() res: Response, @Next() next: NextFunction) {
      visit(session);
      setCookies(res);
      next();
    }
  }
  return OnExpress;
}
