import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { bigSource } from './gate-answers.js';
import { commitInATurn, deferred, failInATurn, LabHooks, serve } from './gate-lab.js';

/** A request whose client goes away as soon as the app is done with its part; resolves when the response knows. */
async function abortAfter(hooks: LabHooks, answer: (response: ServerResponse, leave: () => void) => unknown) {
  const closed = deferred<ServerResponse>();
  const port = await serve(async (_, res) => {
    gate(res, hooks);
    res.on('close', () => closed.resolve(res));
    await answer(res, () => client.destroy());
  });
  const client: Socket = connect(port, '127.0.0.1').on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nHost: lab\r\n\r\n');
  return closed.promise;
}

describe('gate() when the client goes away', () => {
  it('stores what there is, when no call has been made', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    await abortAfter(hooks, (_, leave) => leave());
    await turn();
    expect(hooks.log).toEqual(['commit', 'nothing']);
  });

  it('stores what there is in the middle of a body', async () => {
    const hooks = new LabHooks().next(undefined, commitInATurn);
    await abortAfter(hooks, (res, leave) => {
      res.write('x');
      leave();
    });
    await turn();
    expect(hooks.log).toEqual(['nothing', 'head 200', 'commit', 'nothing']);
  });

  it('reports what cannot be stored, and rejects nowhere', async () => {
    const hooks = new LabHooks().next(failInATurn);
    await abortAfter(hooks, (_, leave) => leave());
    while (hooks.lateErrors.length === 0) await turn();
    expect(hooks.log).toEqual(['commit', 'late down']);
  });

  it('drops what is held, tells its writers, and stores what was changed meanwhile', async () => {
    const commit = deferred();
    const hooks = new LabHooks().next(commit.promise, commitInATurn);
    const callbacks: unknown[] = [];
    const response = await abortAfter(hooks, (res, leave) => {
      res.write('a', (error) => callbacks.push((error as { code?: string } | undefined)?.code));
      res.end('b', () => callbacks.push('ended'));
      leave();
    });
    await turn();
    expect(callbacks).toEqual(['ERR_STREAM_DESTROYED']);
    expect(response.writableFinished).toBe(false);
    expect(hooks.log).toEqual(['commit']);

    commit.resolve();
    while (hooks.log.length < 3) await turn();
    expect(hooks.log).toEqual(['commit', 'commit', 'nothing']);
  });

  it('reports the commit that it held for, when that fails', async () => {
    const commit = deferred();
    const hooks = new LabHooks().next(commit.promise);
    await abortAfter(hooks, (res, leave) => {
      res.end('x');
      leave();
    });
    commit.reject(new Error('down'));
    while (hooks.lateErrors.length === 0) await turn();
    expect(hooks.log).toEqual(['commit', 'late down']);
  });

  it.each([
    ['big', () => bigSource()],
    ['small', () => bigSource(1, 1)],
  ])('does not leave pipeline() of a %s stream hanging', async (_, source) => {
    const hooks = new LabHooks().next(deferred().promise);
    const done = deferred<unknown>();
    await abortAfter(hooks, async (res, leave) => {
      pipeline(source(), res, (error) => done.resolve(error));
      while (!res.headersSent) await turn();
      leave();
    });
    expect(await done.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  it('stores what the app changes before it ends a response that nobody gets', async () => {
    const hooks = new LabHooks().next(undefined, commitInATurn);
    const response = await abortAfter(hooks, (_, leave) => leave());
    response.end();
    await turn();
    expect(hooks.log).toEqual(['nothing', 'commit', 'nothing']);
  });

  it('stores what the app changes when the response is gated too late', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    const closed = deferred<ServerResponse>();
    const port = await serve((_, res) => {
      res.on('close', () => closed.resolve(res));
      client.destroy();
    });
    const client: Socket = connect(port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: lab\r\n\r\n');
    const response = await closed.promise;
    gate(response, hooks);
    response.end();
    await turn();
    expect(hooks.log).toEqual(['commit', 'nothing']);
  });

  it('asks once more when a response that has ended is closed', async () => {
    const hooks = new LabHooks();
    await abortAfter(hooks, (res, leave) => {
      res.on('finish', leave);
      res.end('x');
    });
    await turn();
    expect(hooks.log).toEqual(['nothing', 'head 200']);
    expect(hooks.askedAtClose).toBe(1);
  });

  it('stores a change that was made after a response had ended', async () => {
    const hooks = new LabHooks();
    await abortAfter(hooks, (res, leave) => {
      res.on('finish', () => {
        hooks.next(commitInATurn);
        leave();
      });
      res.end('x');
    });
    await turn();
    expect(hooks.log).toEqual(['nothing', 'head 200', 'commit']);
  });
});
