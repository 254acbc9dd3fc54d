import { Controller, Get, Res, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { setCookies, visit, type Visit, type Visited } from './visits.js';
import type { Family } from './way.js';

const continued = 'HTTP/1.1 100 Continue\r\n\r\n';
const processing = 'HTTP/1.1 102 Processing\r\n\r\n';
const hinted = 'HTTP/1.1 103 Early Hints\r\nLink: </shop.css>; rel=preload; as=style\r\n\r\n';

/** Node's own response, in all the forms in which it takes a head: `res` on Express, `reply.raw` on Fastify. */
export const raw: Family = {
  ways: [
    { name: 'raw writeHead of a status', path: '/status', status: 203 },
    { name: 'raw writeHead with a message', path: '/message', status: 203 },
    { name: 'raw writeHead of an object', path: '/object', status: 203 },
    { name: 'raw writeHead of a message and an object', path: '/message-object', status: 203 },
    { name: 'raw writeHead of a flat list', path: '/list', status: 203 },
    { name: 'raw writeHead of a message and a flat list', path: '/message-list', status: 203 },
    { name: 'raw writeHead of a list of pairs', path: '/pairs', status: 203 },
    { name: 'raw writeHead of an object with cookies', path: '/object-cookies' },
    { name: 'raw writeHead of an object with one cookie', path: '/object-cookie' },
    { name: 'raw writeHead of a flat list with cookies', path: '/list-cookies' },
    { name: 'raw writeHead of a list of pairs with cookies', path: '/pairs-cookies' },
    { name: 'raw writeHead with cookies over those of setHeader()', path: '/cookies-over' },
    { name: 'raw writeHead with fields over those of setHeader()', path: '/fields-over' },
    { name: 'raw writeHead and Cache-Control and Vary', path: '/caching' },
    { name: 'raw writeHead, body in a later turn', path: '/head-first' },
    { name: 'raw writeHead of 204', path: '/no-content', status: 204, body: /^$/ },
    { name: 'raw writeHead HEAD', path: '/object', method: 'HEAD', status: 203, body: /^$/ },
    { name: 'raw appendHeader', path: '/append' },
    { name: 'raw flushHeaders', path: '/flush' },
    { name: 'raw write without a head', path: '/write' },
    { name: 'raw write of a known length', path: '/length' },
    { name: 'raw cork', path: '/cork' },
    { name: 'raw trailers', path: '/trailers' },
    { name: 'raw end with a callback', path: '/callback' },
    { name: 'raw body that ends with the connection', path: '/until-close' },
    { name: 'raw statusMessage', path: '/status-message', status: 299 },
    { name: 'raw end, then another status', path: '/status-late', status: 203 },
    { name: 'raw end, then another field', path: '/field-late' },
    { name: 'raw end twice', path: '/end-twice' },
    { name: 'raw writeContinue', path: '/continue', informed: continued },
    { name: 'raw writeProcessing', path: '/processing', informed: processing },
    { name: 'raw writeEarlyHints', path: '/hints', informed: hinted },
    {
      name: 'request that expects 100',
      path: '/status',
      headers: { expect: '100-continue' },
      status: 203,
      informed: continued,
    },
  ],
  controllers: (Visited) => [controller(Visited)],
  prepare(app, platform) {
    // Lists keep what they repeat, and may be pairs, only while no field was set before
    if (platform === 'express') (app as NestExpressApplication).disable('x-powered-by');
  },
};

/** A response of Express, which is Node's own, or a reply of Fastify. */
type AnyResponse = ServerResponse & { readonly raw?: ServerResponse };

const COOKIES = ['theme=dark; Path=/', 'lang=en'];

type Write = (response: ServerResponse) => unknown;

function controller(Visited: Visited): Type {
  @Controller()
  class Raw {
    @Get(':way')
    async answer(@Visited() session: Visit, @Res() response: AnyResponse) {
      const raw = response.raw ?? response;
      visit(session);
      await writes[new URL(raw.req.url ?? '', 'http://shop').pathname]?.(raw);
    }
  }
  return Raw;
}

const writes: Readonly<Record<string, Write>> = {
  '/status': (res) => setCookies(res).writeHead(203).end('the answer'),
  '/message': (res) => setCookies(res).writeHead(203, 'Mostly').end('the answer'),
  '/object': (res) => setCookies(res).writeHead(203, { 'X-Wares': 'mugs' }).end('the answer'),
  '/message-object': (res) => setCookies(res).writeHead(203, 'Mostly', { 'X-Wares': 'mugs' }).end('the answer'),
  '/list': (res) => setCookies(res).writeHead(203, ['X-Wares', 'mugs', 'X-Count', '2']).end('the answer'),
  '/message-list': (res) => setCookies(res).writeHead(203, 'Mostly', ['X-Wares', 'mugs']).end('the answer'),
  '/pairs': (res) => res.writeHead(203, pairs(['X-Wares', 'mugs'], ['Set-Cookie', 'theme=dark'])).end('the answer'),
  '/object-cookies': (res) => res.writeHead(200, { 'Set-Cookie': COOKIES }).end('the answer'),
  '/object-cookie': (res) => res.writeHead(200, { 'set-cookie': 'theme=dark' }).end('the answer'),
  '/list-cookies': (res) =>
    res
      .writeHead(
        200,
        COOKIES.flatMap((cookie) => ['Set-Cookie', cookie]),
      )
      .end('the answer'),
  '/pairs-cookies': (res) =>
    res.writeHead(200, pairs(...COOKIES.map((cookie) => ['Set-Cookie', cookie] as const))).end('the answer'),
  '/cookies-over': (res) => setCookies(res).writeHead(200, { 'Set-Cookie': 'theme=light' }).end('the answer'),
  '/fields-over': (res) => {
    setCookies(res).setHeader('X-Wares', 'mugs');
    res.writeHead(200, { 'x-wares': 'lamps' }).end('the answer');
  },
  '/caching': (res) => {
    setCookies(res).setHeader('Vary', 'Accept');
    res.writeHead(200, { 'Cache-Control': 'max-age=60', Vary: 'Accept-Language' }).end('the answer');
  },
  '/head-first': async (res) => {
    setCookies(res).writeHead(200, { 'content-length': 10 });
    await turn();
    res.write('the ');
    await turn();
    res.end('answer');
  },
  '/no-content': (res) => setCookies(res).writeHead(204).end(),
  '/append': (res) => {
    for (const cookie of COOKIES) res.appendHeader('Set-Cookie', cookie);
    res.appendHeader('X-Wares', ['mugs', 'lamps']).end('the answer');
  },
  '/flush': async (res) => {
    setCookies(res).flushHeaders();
    await turn();
    res.end('the answer');
  },
  '/write': (res) => {
    setCookies(res).write('746865', 'hex');
    res.write(' answer', () => res.end());
  },
  '/length': (res) => {
    setCookies(res).setHeader('Content-Length', 10);
    res.write('the ');
    res.end('answer');
  },
  '/cork': (res) => {
    setCookies(res).cork();
    res.write('the ');
    res.write('answer');
    res.uncork();
    res.end();
  },
  '/trailers': (res) => {
    setCookies(res).writeHead(200, { Trailer: 'X-Sum' }).write('the answer');
    res.addTrailers({ 'X-Sum': '42' });
    res.end();
  },
  '/callback': (res) => new Promise<void>((resolve) => setCookies(res).end('the answer', resolve)),
  '/until-close': (res) => {
    setCookies(res).removeHeader('transfer-encoding');
    res.removeHeader('content-length');
    res.end('the answer');
  },
  '/status-message': (res) => {
    setCookies(res).statusCode = 299;
    res.statusMessage = 'Quite All Right';
    res.end('the answer');
  },
  '/status-late': (res) => {
    setCookies(res).statusCode = 203;
    res.end('the answer');
    res.statusCode = 500;
  },
  '/field-late': (res) => {
    setCookies(res).end('the answer');
    try {
      res.setHeader('X-Late', 'yes');
    } catch {
      // Node refuses it.
    }
  },
  '/end-twice': (res) => {
    setCookies(res).end('the answer');
    res.end();
  },
  '/continue': (res) => {
    res.writeContinue();
    setCookies(res).end('the answer');
  },
  '/processing': (res) => {
    res.writeProcessing();
    setCookies(res).end('the answer');
  },
  '/hints': (res) => {
    res.writeEarlyHints({ link: '</shop.css>; rel=preload; as=style' });
    setCookies(res).end('the answer');
  },
};

/** Node takes pairs, its types do not say so. */
function pairs(...fields: readonly (readonly [string, string])[]): string[] {
  return fields as unknown as string[];
}
