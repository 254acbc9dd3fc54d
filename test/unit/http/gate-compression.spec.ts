import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { createGunzip, type ZlibOptions } from 'node:zlib';
import { request, type IncomingMessage } from 'node:http';
import compression, { type CompressionOptions } from 'compression';
import express, { type RequestHandler, type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { addCookie, commitInATurn, deferred, failInATurn, LabHooks, serve, type Commit } from './gate-lab.js';

const line = 'The quick brown fox jumps over the lazy dog.\n';

/** 8 MB of text, and more of noise than any buffer takes. */
function source(): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < 512; at++) yield `${at} ${Math.sin(at)} ${line.repeat(400)}`;
    })(),
  );
}

async function fetchText(port: number, method = 'GET'): Promise<{ message: IncomingMessage; body: string }> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ method, port, host: '127.0.0.1', headers: { 'accept-encoding': 'gzip' }, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  const zipped = message.headers['content-encoding'] === 'gzip';
  return { message, body: await text(zipped ? message.pipe(createGunzip()) : message) };
}

describe.each(['before', 'after'])('gate() with compression %s it', (order) => {
  async function start(
    hooks: LabHooks,
    answer: (res: Response) => unknown,
    options: CompressionOptions & ZlibOptions & { highWaterMark?: number } = {},
  ): Promise<number> {
    const gating: RequestHandler = (_, res, next) => {
      gate(res, hooks);
      next();
    };
    const compressing = compression(options);
    const app = express()
      .use(order === 'before' ? [compressing, gating] : [gating, compressing])
      .use((_, res) => void answer(res));
    return serve(app);
  }

  const commits: Record<string, Commit | undefined> = { 'nothing to store': undefined, 'a commit': commitInATurn };

  describe.each(Object.keys(commits))('and %s', (kind) => {
    const makeHooks = () => {
      const hooks = new LabHooks().next(commits[kind]);
      hooks.addFields = addCookie;
      return hooks;
    };

    it('lets send() be compressed', async () => {
      const port = await start(makeHooks(), (res) => res.type('text').send(line.repeat(100)));
      const { message, body } = await fetchText(port);
      expect(message.headers).toMatchObject({ 'content-encoding': 'gzip', 'set-cookie': ['sid=1'] });
      expect(body).toBe(line.repeat(100));
    });

    it('leaves a body alone that is too small to be compressed', async () => {
      const { message, body } = await fetchText(await start(makeHooks(), (res) => res.type('text').send('small')));
      expect(message.headers['content-encoding']).toBeUndefined();
      expect(message.headers['content-length']).toBe('5');
      expect([message.headers['set-cookie'], body]).toEqual([['sid=1'], 'small']);
    });

    it('does not stall a stream that is piped in', async () => {
      const expected = await text(source());
      const { message, body } = await fetchText(await start(makeHooks(), (res) => source().pipe(res.type('text'))));
      expect(message.headers['content-encoding']).toBe('gzip');
      expect(body === expected).toBe(true);
    });

    it('does not stall a stream that is piped in and not compressed', async () => {
      const expected = await text(source());
      const port = await start(makeHooks(), (res) => source().pipe(res.type('text')), { filter: () => false });
      const { message, body } = await fetchText(port);
      expect(message.headers['content-encoding']).toBeUndefined();
      expect(body === expected).toBe(true);
    });
  });

  it.each([
    ['that the stream of compression has room for', 'GET', { highWaterMark: 2 ** 20 }],
    ['that nothing is compressed of', 'GET', { filter: () => false }],
    ['that nothing is sent of', 'HEAD', {}],
  ])('wakes a writer once, of a body %s', async (_, method, options) => {
    const commit = deferred();
    let drained = 0;
    const answer = async (res: Response) => {
      res.type('text').on('drain', () => (drained += 1));
      while (res.write(line));
      commit.resolve();
      while (drained === 0 || res.writableLength > 0) await turn();
      await turn();
      res.end();
    };
    await fetchText(await start(new LabHooks().next(commit.promise), answer, options), method);
    expect(drained).toBe(1);
  });

  it('answers with the failure when the commit fails, and lets the stream run to its end', async () => {
    const ended = deferred();
    const port = await start(new LabHooks().next(failInATurn), (res) => {
      source()
        .on('end', () => ended.resolve())
        .pipe(res.type('text'));
    });
    const { message, body } = await fetchText(port);
    expect([message.statusCode, body]).toEqual([503, 'not stored']);
    expect(message.headers['content-encoding']).toBeUndefined();
    await ended.promise;
  });

  // After it, compression itself makes the writer wait, and gives up on it when the response closes.
  if (order === 'before')
    it('wakes a writer that was made to wait, when the commit fails', async () => {
      const drained = deferred();
      const port = await start(new LabHooks().next(failInATurn), (res) => {
        res.type('text').on('drain', () => drained.resolve());
        while (res.write(line));
      });
      expect((await fetchText(port)).message.statusCode).toBe(503);
      await drained.promise;
    });
});
