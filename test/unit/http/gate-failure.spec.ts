import { createServer, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { bigSource } from './gate-answers.js';
import {
  addCookie,
  ask,
  commitInATurn,
  deferred,
  failInATurn,
  LabHooks,
  listen,
  serve,
  unavailable,
} from './gate-lab.js';

/** Serves one gated answer whose first commit fails, and gives what came instead. */
async function failWith(
  answer: (response: ServerResponse) => unknown,
  { hooks = new LabHooks().next(failInATurn), request = 'GET / HTTP/1.1' } = {},
) {
  const port = await serve((_, res) => {
    gate(res, hooks);
    return answer(res);
  });
  return ask(port, request);
}

describe('gate() when a commit fails before the first byte', () => {
  it('answers with the failure in place of the app', async () => {
    const hooks = new LabHooks().next(failInATurn);
    const { statusLine, fields, body } = await failWith(
      (res) => {
        res.statusMessage = 'Great';
        res.setHeader('etag', '"1"');
        res.writeHead(200, 'Splendid', { 'content-type': 'text/html', 'content-length': 4, 'set-cookie': 'a=1' });
        res.end('done');
      },
      { hooks },
    );
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(fields.sort()).toEqual([
      'Connection: close',
      'content-length: 10',
      'content-type: text/plain',
      'retry-after: 5',
    ]);
    expect(body).toBe('not stored');
    expect(hooks.log).toEqual(['commit', 'failure down', 'head 503']);
  });

  it('says the same to HEAD, without a body', async () => {
    const { statusLine, fields, body } = await failWith((res) => res.end('x'), { request: 'HEAD / HTTP/1.1' });
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(fields).toContain('content-length: 10');
    expect(body).toBe('');
  });

  it('sends no body to HEAD where Node would refuse one', async () => {
    const port = await listen(
      createServer({ rejectNonStandardBodyWrites: true }, (_, res) => {
        gate(res, new LabHooks().next(failInATurn));
        res.end();
      }),
    );
    expect((await ask(port, 'HEAD / HTTP/1.1')).statusLine).toBe('HTTP/1.1 503 Service Unavailable');
  });

  it('answers whatever else is wrong with the head that the app gave', async () => {
    const { statusLine } = await failWith((res) => res.writeHead(200, { 'x y': 'z' }).end());
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
  });

  it('wakes a writer that was made to wait', async () => {
    const drained = deferred();
    await failWith((res) => {
      while (res.write('x'.repeat(1024)));
      res.on('drain', () => drained.resolve());
    });
    await drained.promise;
  });

  it('lets head() add what has to go out with whatever leaves', async () => {
    const hooks = new LabHooks().next(failInATurn);
    hooks.addFields = addCookie;
    const { fields } = await failWith(
      (res) => {
        res.setHeader('set-cookie', 'a=1');
        res.end('x');
      },
      { hooks },
    );
    expect(fields.filter((field) => field.startsWith('set-cookie'))).toEqual(['set-cookie: sid=1']);
  });

  const kept = {
    'access-control-allow-origin': 'https://a.example',
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
    'strict-transport-security': 'max-age=1',
    'content-security-policy': "default-src 'self'",
    'content-security-policy-report-only': "default-src 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=()',
    'cross-origin-opener-policy': 'same-origin',
  };
  const dropped = { location: '/', 'cache-control': 'public', 'content-encoding': 'gzip', 'x-app': '1' };

  it.each([
    [
      'setHeader()',
      (res: ServerResponse) => void res.setHeaders(new Map(Object.entries({ ...kept, ...dropped }))).end(),
    ],
    ['writeHead()', (res: ServerResponse) => void res.writeHead(200, { ...kept, ...dropped }).end()],
  ])('keeps the header fields for CORS and security that %s set', async (_, answer) => {
    const { fields } = await failWith(answer);
    const expected = Object.entries(kept).map(([name, value]) => `${name}: ${value}`);
    expect(fields).toEqual(expect.arrayContaining(expected));
    expect(fields).toHaveLength(expected.length + 4);
  });

  it('swallows what the app says after it, and calls it back', async () => {
    const called: string[] = [];
    const swallowed = deferred<unknown[]>();
    const { body } = await failWith(async (res) => {
      res.write('a', () => called.push('held'));
      while (!res.writableEnded) await turn();
      const answers = [
        res.writeHead(200) === res,
        res.flushHeaders(),
        res.write('b', () => called.push('write')),
        res.write('c', 'utf8', () => called.push('encoded write')),
        res.end('d', () => called.push('end')) === res,
        res.end() === res,
      ];
      expect(called).toEqual(['held']);
      await turn();
      swallowed.resolve(answers);
    });
    expect(body).toBe('not stored');
    expect(await swallowed.promise).toEqual([true, undefined, true, true, true, true]);
    expect(called).toEqual(['held', 'write', 'encoded write', 'end']);
  });

  it.each([
    ['pipe()', (res: ServerResponse, closed: () => void) => bigSource().on('close', closed).pipe(res)],
    [
      'pipeline()',
      (res: ServerResponse, closed: () => void) => pipeline(bigSource().on('close', closed), res, () => undefined),
    ],
    [
      'pipe() when it is ahead of the commit',
      (res: ServerResponse, closed: () => void) => bigSource(1, 1).on('close', closed).pipe(res),
    ],
  ])('leaves no stream open that comes in by %s', async (_, pipe) => {
    const closed = deferred();
    const { body } = await failWith((res) => pipe(res, () => closed.resolve()));
    expect(body).toBe('not stored');
    await closed.promise;
  });

  it('tells pipeline() that it is done', async () => {
    const done = deferred<unknown>();
    await failWith((res) => pipeline(bigSource(), res, (error) => done.resolve(error)));
    await done.promise;
  });

  it('fails in a later commit as in the first', async () => {
    const hooks = new LabHooks().next(commitInATurn, failInATurn);
    const { statusLine } = await failWith((res) => res.end('x'), { hooks });
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(hooks.log).toEqual(['commit', 'commit', 'failure down', 'head 503']);
  });

  it('keeps the connection for the next request', async () => {
    const port = await serve((req, res) => {
      gate(res, req.url === '/fails' ? new LabHooks().next(failInATurn) : new LabHooks());
      res.end('fine');
    });
    const { text } = await ask(port, 'GET /fails HTTP/1.1\r\nHost: lab\r\n\r\nGET / HTTP/1.1');
    expect(text).toMatch(/^HTTP\/1.1 503 [^]*not storedHTTP\/1.1 200 OK[^]*fine$/);
  });

  it('ends the connection when the failure itself cannot be told', async () => {
    const hooks = new LabHooks().next(failInATurn);
    hooks.failure = () => ({ ...unavailable, headers: { 'x y': 'z' } });
    const { text } = await failWith((res) => res.end('x'), { hooks });
    expect(text).toBe('');
    expect(hooks.log).toEqual(['commit', expect.stringMatching(/^late Header name must be a valid HTTP token/)]);
  });
});

describe('gate() when Node refuses a call that was held', () => {
  it.each([
    ['a header field', (res: ServerResponse) => void res.writeHead(200, { 'x y': 'z' }).end()],
    ['a chunk', (res: ServerResponse) => void (res.write(null), res.end())],
    ['a status', (res: ServerResponse) => void ((res.statusCode = 9999), res.end())],
    ['a status message', (res: ServerResponse) => void ((res.statusMessage = 'a\nb'), res.end())],
  ])('answers with the failure for %s', async (_, answer) => {
    const { statusLine, body } = await failWith(answer, { hooks: new LabHooks().next(commitInATurn) });
    expect([statusLine, body]).toEqual(['HTTP/1.1 503 Service Unavailable', 'not stored']);
  });

  it('answers with the failure for what head() adds', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    hooks.addFields = (res) => void res.setHeader('x y', 'z');
    const { statusLine } = await failWith((res) => res.end('x'), { hooks });
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(hooks.log.filter((entry) => entry.startsWith('head'))).toEqual(['head 200']);
  });

  it('ends the connection when the head has left, and reports it', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    const closed = deferred();
    await failWith(
      (res) => {
        res.on('close', () => closed.resolve());
        res.write('x');
        res.write(null);
        res.end();
      },
      { hooks },
    );
    await closed.promise;
    expect(hooks.log).toEqual(['commit', 'nothing', 'head 200', expect.stringMatching(/^late May not write null/)]);
  });
});
