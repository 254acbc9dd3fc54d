import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Response } from 'express';
import fastify, { type FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { addCookie, ask, commitInATurn, exchange, failInATurn, LabHooks, serve } from './gate-lab.js';

const isCookie = (field: string) => /^set-cookie: sid=1$/i.test(field);

function hooksWithCookie(...commits: Parameters<LabHooks['next']>): LabHooks {
  const hooks = new LabHooks().next(...commits);
  hooks.addFields = addCookie;
  return hooks;
}

const kinds = [
  ['with nothing to store', undefined],
  ['behind a commit', commitInATurn],
] as const;

describe.each(kinds)('gate() on Express %s', (_, commit) => {
  const answers: Record<string, (res: Response, file: string) => unknown> = {
    'send()': (res) => res.send('text'),
    'json()': (res) => res.status(201).json({ a: 1 }),
    'redirect()': (res) => res.redirect('/there'),
    'sendStatus()': (res) => res.sendStatus(404),
    'sendFile()': (res, file) => res.sendFile(file),
    'cookie()': (res) => res.cookie('a', '1').send('x'),
    'error handler': () => {
      throw Object.assign(new Error('refused'), { status: 403 });
    },
  };

  it.each(Object.keys(answers))('sends what %s sends, with the cookie', async (name) => {
    const directory = await mkdtemp(join(tmpdir(), 'gate-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'file.txt');
    await writeFile(file, 'x'.repeat(300_000));
    const hooks = hooksWithCookie(commit);
    const start = (gated: boolean) =>
      serve(
        express()
          .set('env', 'test')
          .use((_, res) => {
            if (gated) gate(res, hooks);
            (answers[name] as (res: Response, file: string) => unknown)(res, file);
          }),
      );
    const bare = (text: string) =>
      text
        .replace(/^set-cookie: sid=1\r\n/im, '')
        .replace(/^set-cookie/gim, 'set-cookie')
        .replace(/<br>.*/, '');
    const text = await exchange(await start(true));
    expect(text.match(/^set-cookie: sid=1\r$/gim)).toHaveLength(1);
    expect(bare(text)).toBe(bare(await exchange(await start(false))));
  });

  it('stands inside of functions that are replaced after it, and outside of those before', async () => {
    const order: string[] = [];
    const note = (name: string) => (_: unknown, res: Response, next: () => void) => {
      const { end } = res;
      res.end = function (this: Response, ...args: unknown[]) {
        order.push(name);
        return (end as (...args: unknown[]) => Response).apply(this, args);
      } as Response['end'];
      next();
    };
    const hooks = hooksWithCookie(commit);
    const commitOf = hooks.commit.bind(hooks);
    hooks.commit = () => (order.push('gate'), commitOf());
    const app = express()
      .use(note('before'))
      .use((_, res, next) => {
        gate(res, hooks);
        next();
      })
      .use(note('after'))
      .use((_, res) => void res.end('x'));
    const { body, fields } = await ask(await serve(app));
    expect([body, fields.filter(isCookie).length]).toEqual(['x', 1]);
    expect(order.filter((name, at) => order.indexOf(name) === at)).toEqual(['after', 'gate', 'before']);
  });
});

describe('gate() on Express', () => {
  it('stores and reports what a sub-application sends past it, by replacing the prototype of the response', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    const app = express()
      .use((_, res, next) => {
        gate(res, hooks);
        next();
      })
      .use(express().use((_, res) => void res.send('x')));
    expect((await ask(await serve(app))).body).toBe('x');
    expect(hooks.log).toEqual(['commit', 'late Cannot hold back a response: it was sent past its gate', 'nothing']);
  });
});

describe.each(kinds)('gate() on Fastify %s', (_, commit) => {
  const answers: Record<string, (reply: FastifyReply) => unknown> = {
    'send()': (reply) => reply.code(201).header('x-a', '1').send('text'),
    'send() of an object': (reply) => reply.header('set-cookie', 'a=1').send({ a: 1 }),
    'send() of a stream': (reply) => reply.send(Readable.from(['a', 'b'])),
    'redirect()': (reply) => reply.redirect('/there'),
    'hijack()': (reply) => void reply.hijack().raw.end('raw'),
    'an error': (reply) => reply.code(403).send(new Error('refused')),
  };

  it.each(Object.keys(answers))('sends what %s sends, with the cookie, over a socket and injected', async (name) => {
    const start = (gated: boolean) => {
      const app = fastify();
      onTestFinished(() => app.close());
      app.get('/', (_, reply) => {
        if (gated) gate(reply.raw, hooksWithCookie(commit));
        return (answers[name] as (reply: FastifyReply) => unknown)(reply);
      });
      return app;
    };
    const [gated, plain] = [start(true), start(false)];
    const [injected, expected] = [await gated.inject('/'), await plain.inject('/')];
    expect([injected.statusCode, injected.body]).toEqual([expected.statusCode, expected.body]);
    expect(injected.cookies.filter((cookie) => cookie.name === 'sid')).toHaveLength(1);

    await Promise.all([gated.listen(), plain.listen()]);
    const port = (app: typeof gated) => (app.server.address() as { port: number }).port;
    const bare = (text: string) => text.replace(/^set-cookie: sid=1\r\n/im, '');
    const text = await exchange(port(gated));
    expect(text.match(/^set-cookie: sid=1\r$/gim)).toHaveLength(1);
    expect(bare(text)).toBe(bare(await exchange(port(plain))));
  });
});

describe('gate() on an injected response', () => {
  it('answers with the failure when a commit fails', async () => {
    const app = fastify();
    app.get('/', (_, reply) => {
      gate(reply.raw, hooksWithCookie(failInATurn));
      return { stored: true };
    });
    const { statusCode, body, headers } = await app.inject('/');
    expect([statusCode, body]).toEqual([503, 'not stored']);
    expect(headers).toMatchObject({ 'set-cookie': ['sid=1'], 'retry-after': '5', 'content-length': '10' });
    await app.close();
  });
});
