import {
  connect,
  createServer,
  type ClientHttp2Stream,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { pipeline } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { bigSource } from './gate-answers.js';
import { addCookie, commitInATurn, deferred, failInATurn, LabHooks, listen } from './gate-lab.js';

type Answer = (response: Http2ServerResponse) => unknown;

async function open(handler: Answer, request: OutgoingHttpHeaders = {}): Promise<ClientHttp2Stream> {
  const port = await listen(createServer((_, res) => void handler(res)));
  const session = connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session.request(request).on('error', () => undefined);
}

async function ask(handler: Answer, request?: OutgoingHttpHeaders) {
  const stream = await open(handler, request);
  const received = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve) => {
    stream.on('response', resolve);
  });
  const headers = Object.fromEntries(Object.entries(received));
  const body = await text(stream);
  delete headers['date'];
  return { headers, body };
}

const answers: Record<string, Answer> = {
  'end()': (res) => res.end(),
  'end(text)': (res) => res.end('grüße'),
  'write(), end()': (res) => {
    res.write('a', () => undefined);
    res.write('62', 'hex');
    res.end('c', () => undefined);
  },
  'setHeader()': (res) => {
    res.statusCode = 404;
    res.setHeader('x-a', '1');
    res.setHeader('set-cookie', ['a=1', 'b=2']);
    res.end('missing');
  },
  'writeHead(status, object)': (res) => {
    res.setHeader('x-a', 'earlier');
    res.writeHead(201, { 'X-A': 'later', 'set-cookie': ['a=1', 'b=2'] }).end('x');
  },
  'writeHead(status, flat list)': (res) => {
    res.setHeader('x-a', 'earlier');
    res.writeHead(201, ['x-a', 'later', 'set-cookie', 'a=1', 'set-cookie', 'b=2'] as never).end('x');
  },
  'writeHead(status, pairs)': (res) => {
    res.setHeader('x-a', 'earlier');
    res.writeHead(201, [['x-a', 'later'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']] as never).end('x'); // prettier-ignore
  },
  '204': (res) => res.writeHead(204).end(),
  'flushHeaders()': async (res) => {
    (res as Http2ServerResponse & { flushHeaders(): void }).flushHeaders();
    await turn();
    res.end('x');
  },
  trailers: (res) => {
    res.write('x');
    res.addTrailers({ 'x-sum': '1' });
    res.end();
  },
  'pipe()': (res) => bigSource().pipe(res),
  'pipeline()': (res) => pipeline(bigSource(), res, () => undefined),
};

describe('gate() over HTTP/2', () => {
  // Node warns once a process: whatever calls for it first has to be seen.
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  beforeAll(() => void process.on('warning', warn));
  afterAll(() => {
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  describe.each([
    ['with nothing to store', undefined],
    ['behind a commit', commitInATurn],
  ])('%s', (_, commit) => {
    it.each(Object.keys(answers))('leaves %s as it is', async (name) => {
      const answer = answers[name] as Answer;
      for (const request of [{}, { ':method': 'HEAD' }]) {
        const hooks = new LabHooks().next(commit);
        const gated: Answer = (res) => {
          gate(res, hooks);
          return answer(res);
        };
        expect(await ask(gated, request)).toEqual(await ask(answer, request));
        expect(hooks.log.filter((entry) => /head|late|failure/.test(entry))).toEqual([expect.stringContaining('head')]);
      }
    });

    it('lets head() add a cookie to those that writeHead() got', async () => {
      const hooks = new LabHooks().next(commit);
      hooks.addFields = addCookie;
      const { headers } = await ask((res) => {
        gate(res, hooks);
        res.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end('x');
      });
      expect(headers['set-cookie']).toEqual(['a=1', 'b=2', 'sid=1']);
    });
  });

  it('holds the response back, and lets it read as what the app takes it for', async () => {
    const commit = deferred();
    const reads = (res: Http2ServerResponse) => [res.headersSent, res.writableEnded];
    const seen: boolean[][] = [];
    await ask(async (res) => {
      gate(res, new LabHooks().next(commit.promise));
      seen.push(reads(res));
      res.write('a');
      seen.push(reads(res));
      res.end('b');
      seen.push(reads(res));
      await turn();
      expect(res.stream.headersSent).toBe(false);
      res.on('finish', () => seen.push(reads(res)));
      commit.resolve();
    });
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, true],
      [true, true],
    ]);
  });

  it('answers with the failure when the commit fails', async () => {
    const hooks = new LabHooks().next(failInATurn);
    const { headers, body } = await ask((res) => {
      gate(res, hooks);
      res.setHeader('x-app', '1');
      bigSource().pipe(res);
    });
    expect(headers).toEqual({
      ':status': 503,
      'content-type': 'text/plain',
      'retry-after': '5',
      'content-length': '10',
    });
    expect(body).toBe('not stored');
  });

  it('answers HEAD with the failure and no body', async () => {
    const { headers, body } = await ask(
      (res) => {
        gate(res, new LabHooks().next(failInATurn));
        res.end('x');
      },
      { ':method': 'HEAD' },
    );
    expect([headers[':status'], headers['content-length'], body]).toEqual([503, '10', '']);
  });

  it('holds the end back until a later change is stored', async () => {
    const commit = deferred();
    const hooks = new LabHooks().next(undefined, commit.promise);
    const stream = await open(async (res) => {
      gate(res, hooks);
      res.write('first');
      await turn();
      res.end('last');
      await turn();
      expect(res.stream.writableEnded).toBe(false);
      commit.resolve();
    });
    expect(await text(stream)).toBe('firstlast');
    expect(hooks.log).toEqual(['nothing', 'head 200', 'commit', 'nothing']);
  });

  it('drops what is held when the client goes away, and stores what was changed meanwhile', async () => {
    const commit = deferred();
    const hooks = new LabHooks().next(commit.promise, commitInATurn);
    const closed = deferred();
    const callbacks: unknown[] = [];
    const stream = await open((res) => {
      gate(res, hooks);
      res.on('close', () => closed.resolve());
      res.write('x', (error) => callbacks.push((error as { code?: string } | undefined)?.code));
      stream.close(8);
    });
    await closed.promise;
    await turn();
    expect(callbacks).toEqual(['ERR_STREAM_DESTROYED']);
    commit.resolve();
    while (hooks.log.length < 3) await turn();
    expect(hooks.log).toEqual(['commit', 'commit', 'nothing']);
  });
});
