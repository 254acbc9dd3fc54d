import { createServer, type ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { bigSource } from './gate-answers.js';
import { answerWith, ask, commitInATurn, deferred, failInATurn, LabHooks, listen, serve } from './gate-lab.js';

describe('gate() while a commit is in flight', () => {
  it('lets no byte leave', async () => {
    const commit = deferred();
    const hooks = new LabHooks().next(commit.promise);
    const held = deferred<ServerResponse>();
    const answered = answerWith(hooks, (res) => {
      res.setHeader('x-a', '1');
      res.writeHead(201);
      res.flushHeaders();
      res.write('body');
      res.end();
      held.resolve(res);
    });
    const response = await held.promise;
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(response.socket?.bytesWritten).toBe(0);
    expect(hooks.log).toEqual(['commit']);

    commit.resolve();
    expect((await answered).statusLine).toBe('HTTP/1.1 201 Created');
    expect(hooks.log).toEqual(['commit', 'nothing', 'head 201']);
  });

  it('reads as what the app takes the response for, and as what it is afterwards', async () => {
    const commit = deferred();
    const reads = (res: ServerResponse) => [res.headersSent, res.writableEnded, res.finished, res.writableFinished];
    const seen: boolean[][] = [];
    const done = deferred();
    await answerWith(new LabHooks().next(commit.promise), async (res) => {
      seen.push(reads(res));
      res.write('a');
      seen.push(reads(res));
      res.end('b');
      seen.push(reads(res));
      res.once('finish', () => {
        seen.push(reads(res));
        done.resolve();
      });
      commit.resolve();
    });
    await done.promise;
    expect(seen).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, false, false],
      [true, true, true, true],
    ]);
  });

  it('keeps the status of the moment when the answer began', async () => {
    const { statusLine } = await answerWith(new LabHooks().next(commitInATurn), (res) => {
      res.statusCode = 404;
      res.statusMessage = 'Nothing Here';
      res.end('x');
      res.statusCode = 500;
      res.statusMessage = 'Broken';
    });
    expect(statusLine).toBe('HTTP/1.1 404 Nothing Here');
  });

  it('refuses a second head as Node does', async () => {
    const hooks = new LabHooks().next(commitInATurn);
    const { statusLine } = await answerWith(hooks, (res) => {
      res.writeHead(201).write('x');
      expect(() => res.writeHead(500)).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }));
      res.end();
    });
    expect(statusLine).toBe('HTTP/1.1 201 Created');
    expect(hooks.log).toEqual(['commit', 'nothing', 'head 201']);
  });

  it('answers true to writes of up to 64 KiB, then false, and wakes the writer afterwards', async () => {
    const commit = deferred();
    const answers: boolean[] = [];
    const { body } = await answerWith(new LabHooks().next(commit.promise), (res) => {
      res.setHeader('content-length', 64 * 1024 + 2);
      answers.push(res.write(Buffer.alloc(64 * 1024)), res.write('x'));
      res.once('drain', () => res.end('y'));
      commit.resolve();
    });
    expect(answers).toEqual([true, false]);
    expect(body).toMatch(/xy$/);
  });

  it('calls the callbacks of held calls', async () => {
    const called: unknown[] = [];
    const finished = deferred();
    await answerWith(new LabHooks().next(commitInATurn), (res) => {
      res.write('a', (error) => called.push('write', error ?? undefined));
      res.write('62', 'hex', () => called.push('encoded write'));
      res.end(() => {
        called.push('end');
        finished.resolve();
      });
      expect(called).toEqual([]);
    });
    await finished.promise;
    expect(called).toEqual(['write', undefined, 'encoded write', 'end']);
  });

  it('does not stall a stream that is piped in, however big', async () => {
    const commit = deferred();
    const { body } = await answerWith(new LabHooks().next(commit.promise), async (res) => {
      res.setHeader('content-length', 512 * 64 * 1024);
      bigSource(512, 64 * 1024).pipe(res);
      for (let turns = 0; turns < 20; turns++) await turn();
      commit.resolve();
    });
    expect(body).toHaveLength(512 * 64 * 1024);
  });

  it('does not hold more than it said of a stream that is piped in', async () => {
    const commit = deferred();
    let taken = 0;
    const source = bigSource(512, 64 * 1024, (bytes) => (taken += bytes));
    const { body } = await answerWith(new LabHooks().next(commit.promise), async (res) => {
      source.pipe(res);
      for (let turns = 0; turns < 100; turns++) await turn();
      expect(taken).toBeLessThanOrEqual(3 * 64 * 1024);
      commit.resolve();
    });
    expect(body.length).toBeGreaterThan(512 * 64 * 1024);
  });

  it('stores a change that was made meanwhile before the replay', async () => {
    const [first, second] = [deferred(), deferred()];
    const hooks = new LabHooks().next(first.promise, second.promise);
    const answered = answerWith(hooks, (res) => {
      res.end('x');
      first.resolve();
    });
    await first.promise;
    await turn();
    expect(hooks.log).toEqual(['commit', 'commit']);
    second.resolve();
    await answered;
    expect(hooks.log).toEqual(['commit', 'commit', 'nothing', 'head 200']);
  });

  it('fails a response for which there is something to store after 8 commits', async () => {
    const hooks = new LabHooks().next(...Array.from({ length: 8 }, () => commitInATurn), failInATurn);
    const { statusLine } = await answerWith(hooks, (res) => res.end('x'));
    expect(statusLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(hooks.log.filter((entry) => entry === 'commit')).toHaveLength(9);
    expect(hooks.log.at(-2)).toMatch(/^failure Cannot send a response/);
  });

  it('keeps the connection through server.close()', async () => {
    const commit = deferred();
    const server = createServer((_, res) => {
      gate(res, new LabHooks().next(commit.promise));
      res.end('x');
      server.close();
      setImmediate(commit.resolve);
    });
    const port = await listen(server);
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect(await response.text()).toBe('x');
  });

  it('keeps two responses of one connection apart', async () => {
    const commits = [deferred(), deferred()];
    let at = 0;
    const port = await serve((_, res) => {
      const commit = commits[at++] as { promise: Promise<void> };
      gate(res, new LabHooks().next(commit.promise));
      res.end(`answer ${at}`);
    });
    const answered = ask(port, 'GET /a HTTP/1.1\r\nHost: lab\r\n\r\nGET /b HTTP/1.1');
    while (at < 2) await turn();
    commits[1]?.resolve();
    await turn();
    commits[0]?.resolve();
    expect((await answered).text).toMatch(/answer 1[^]*answer 2/);
  });
});
