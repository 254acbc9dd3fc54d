import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';

/** A source larger than every buffer between it and the client; tells of each chunk that is taken. */
export function bigSource(chunks = 64, size = 16 * 1024, onTaken: (bytes: number) => void = () => undefined): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < chunks; at++) {
        onTaken(size);
        yield Buffer.alloc(size, 65 + (at % 26));
      }
    })(),
    { highWaterMark: 1 },
  );
}

/** Ways to answer over HTTP/1; `HEAD` asks for them with that method. */
export const answers: Record<string, (response: ServerResponse) => unknown> = {
  'end()': (res) => res.end(),
  'end(text)': (res) => res.end('grüße'),
  'end(text, encoding)': (res) => res.end('68c3a9', 'hex'),
  'end(bytes)': (res) => res.end(Buffer.from([0, 1, 254, 255])),
  'end(callback)': (res) => res.end(() => undefined),
  'write(), end()': (res) => {
    res.write('a');
    res.write('62', 'hex');
    res.end('c', 'utf8', () => undefined);
  },
  'write() over several turns': async (res) => {
    res.write('a');
    await turn();
    res.write('b', () => undefined);
    await turn();
    await turn();
    res.end('c');
  },
  'write() with a known length': (res) => {
    res.setHeader('content-length', 2);
    res.write('a');
    res.end('b');
  },
  'setHeader() with cookies': (res) => {
    res.statusCode = 404;
    res.setHeader('X-Case', 'Kept');
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.end('missing');
  },
  'status message': (res) => {
    res.statusCode = 299;
    res.statusMessage = 'Quite All Right';
    res.end('x');
  },
  'writeHead(status)': (res) => res.writeHead(201).end('x'),
  'writeHead(status, message)': (res) => res.writeHead(201, 'Made').end('x'),
  'writeHead(status, object)': (res) => res.writeHead(200, { 'X-A': '1', 'Set-Cookie': ['a=1', 'b=2'] }).end('x'),
  'writeHead(status, undefined, object)': (res) =>
    (res.writeHead as (...args: unknown[]) => ServerResponse)(200, undefined, { 'X-A': '1' }).end('x'),
  'writeHead(status, message, object)': (res) => res.writeHead(200, 'Fine', { 'X-A': '1', 'X-B': 2 }).end('x'),
  'writeHead(status, flat list)': (res) =>
    res.writeHead(200, ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-B', '3']).end('x'),
  'writeHead(status, message, flat list)': (res) => res.writeHead(200, 'Fine', ['X-A', '1', 'X-B', '2']).end('x'),
  'writeHead(status, pairs)': (res) =>
    res
      .writeHead(200, [
        ['X-A', '1'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ] as unknown as string[])
      .end('x'),
  'writeHead(status, object) over setHeader()': (res) => {
    res.setHeader('x-a', 'earlier');
    res.setHeader('x-b', 'kept');
    res.setHeader('set-cookie', 'earlier=1');
    res.writeHead(200, { 'X-A': 'later', 'Set-Cookie': 'later=1' }).end('x');
  },
  'writeHead(status, flat list) over setHeader()': (res) => {
    res.setHeader('x-a', 'earlier');
    res.setHeader('x-b', 'kept');
    res.writeHead(200, ['X-A', 'later']).end('x');
  },
  'writeHead() with a length': (res) => res.writeHead(200, { 'content-length': 3 }).end('abc'),
  'writeHead() of an empty name': (res) => res.setHeader('x-a', '1').writeHead(200, { '': 'x', 'x-b': '2' }).end('x'),
  redirect: (res) => res.writeHead(302, { location: '/there' }).end(),
  '204': (res) => res.writeHead(204).end(),
  '304': (res) => res.writeHead(304, { etag: '"1"' }).end(),
  'flushHeaders(), then a body': async (res) => {
    res.setHeader('x-a', '1');
    res.flushHeaders();
    await turn();
    res.end('late');
  },
  'server-sent events': async (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    for (const event of [1, 2, 3]) {
      await turn();
      res.write(`data: ${event}\n\n`);
    }
    res.end();
  },
  trailers: (res) => {
    res.writeHead(200, { trailer: 'x-sum' });
    res.write('a');
    res.addTrailers({ 'x-sum': '1' });
    res.end();
  },
  'removed Date and Content-Length': (res) => {
    res.sendDate = false;
    res.removeHeader('content-length');
    res.removeHeader('transfer-encoding');
    res.end('until the connection closes');
  },
  'early hints': (res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    res.end('x');
  },
  continue: (res) => {
    res.writeContinue();
    res.end('x');
  },
  'end() twice': (res) => {
    res.end('x');
    res.end();
  },
  'cork()': (res) => {
    res.cork();
    res.write('a');
    res.write('b');
    res.uncork();
    res.end();
  },
  'pipe()': (res) => bigSource().pipe(res),
  'pipeline()': (res) => pipeline(bigSource(), res, () => undefined),
  'pipeline() of an async iterable': (res) =>
    pipelined(async function* () {
      for (let at = 0; at < 40; at++) yield 'x'.repeat(8 * 1024);
    }, res),
};
