import { createServer, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import {
  addCookie,
  answerWith,
  ask,
  commitInATurn,
  deferred,
  failInATurn,
  LabHooks,
  listen,
  serve,
} from './gate-lab.js';

describe('gate()', () => {
  describe('with nothing to store', () => {
    it('passes calls on synchronously', async () => {
      const hooks = new LabHooks();
      const seen: unknown[] = [];
      await answerWith(hooks, (res) => {
        seen.push(res.headersSent, res.writableEnded);
        seen.push(res.write('a'), res.headersSent);
        res.end('b');
        seen.push(res.writableEnded, res.finished);
      });
      expect(seen).toEqual([false, false, true, true, true, true]);
      expect(hooks.log).toEqual(['nothing', 'head 200', 'nothing']);
    });

    it('asks for a commit once where end() is the whole answer', async () => {
      const hooks = new LabHooks();
      await answerWith(hooks, (res) => res.end('x'));
      expect(hooks.log).toEqual(['nothing', 'head 200']);
    });

    it('returns what Node returns', async () => {
      const returned: unknown[] = [];
      await answerWith(new LabHooks(), (res) => {
        returned.push(res.writeHead(200) === res, res.flushHeaders() === undefined, res.write('x'), res.end() === res);
      });
      expect(returned).toEqual([true, true, true, true]);
    });

    it('lets what Node refuses reach the caller, and the answer after it', async () => {
      const hooks = new LabHooks();
      const codes: unknown[] = [];
      const refused = (call: () => unknown) => {
        try {
          call();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      };
      hooks.addFields = addCookie;
      const { statusLine, fields, body } = await answerWith(hooks, (res) => {
        refused(() => res.writeHead(99));
        refused(() => res.writeHead(1000));
        refused(() => res.writeHead(200, { 'x y': 'z' }));
        refused(() => res.writeHead(200, ['x-a']));
        refused(() => res.write(null));
        expect(res.headersSent).toBe(false);
        res.writeHead(400).write('refused');
        refused(() => res.writeHead(200));
        res.end();
      });
      expect(codes).toEqual([
        'ERR_HTTP_INVALID_STATUS_CODE',
        'ERR_HTTP_INVALID_STATUS_CODE',
        'ERR_INVALID_HTTP_TOKEN',
        'ERR_INVALID_ARG_VALUE',
        'ERR_STREAM_NULL_VALUES',
        'ERR_HTTP_HEADERS_SENT',
      ]);
      expect([statusLine, body]).toEqual(['HTTP/1.1 400 Bad Request', expect.stringContaining('refused')]);
      expect(fields).toContain('set-cookie: sid=1');
      expect(hooks.log.filter((entry) => entry.startsWith('head'))).toEqual(['head 400']);
    });

    it('asks again for a commit when a call did not bring the head out', async () => {
      const hooks = new LabHooks().next(undefined, commitInATurn);
      const { body } = await answerWith(hooks, (res) => {
        expect(() => res.write(null)).toThrow();
        res.end('x');
      });
      expect(body).toBe('x');
      expect(hooks.log).toEqual(['nothing', 'commit', 'nothing', 'head 200']);
    });
  });

  describe('after the first byte', () => {
    it('holds the end back until a later change is stored', async () => {
      const commit = deferred();
      const hooks = new LabHooks().next(undefined, commit.promise);
      const ended = deferred<ServerResponse>();
      const answered = answerWith(hooks, async (res) => {
        res.write('first');
        await turn();
        res.end('last');
        ended.resolve(res);
      });
      const response = await ended.promise;
      await turn();
      expect([response.writableEnded, response.writableFinished]).toEqual([true, false]);
      expect(hooks.log).toEqual(['nothing', 'head 200', 'commit']);
      commit.resolve();
      expect((await answered).body).toMatch(/first[^]*last/);
      expect(hooks.log).toEqual(['nothing', 'head 200', 'commit', 'nothing']);
    });

    it('reports a later change that was not stored, and ends the response', async () => {
      const hooks = new LabHooks().next(undefined, failInATurn);
      const { statusLine, body } = await answerWith(hooks, (res) => {
        res.write('first');
        res.end('last');
      });
      expect([statusLine, body]).toEqual(['HTTP/1.1 200 OK', expect.stringContaining('last')]);
      expect(hooks.log).toEqual(['nothing', 'head 200', 'commit', 'late down']);
    });

    it('holds the end alone of a response that was gated after its head had left', async () => {
      const hooks = new LabHooks().next(commitInATurn);
      const port = await serve((_, res) => {
        res.write('first');
        gate(res, hooks);
        res.write('second');
        expect(hooks.log).toEqual([]);
        res.end('last');
      });
      expect((await ask(port)).body).toMatch(/first[^]*second[^]*last/);
      expect(hooks.log).toEqual(['commit', 'nothing', 'nothing']); // the last at the close
    });

    it('does not count an informational status as the head', async () => {
      const hooks = new LabHooks().next(commitInATurn);
      const { statusLine } = await answerWith(hooks, (res) => {
        res.writeHead(101);
        res.end();
      });
      expect(statusLine).toBe('HTTP/1.1 101 Switching Protocols');
      expect(hooks.log).toEqual(['commit', 'nothing', 'nothing']); // the last at the close
    });

    it.each([
      ['nothing, nothing', undefined, undefined, ['nothing']],
      ['nothing, a commit', undefined, commitInATurn, ['commit', 'nothing']],
      ['a commit, nothing', commitInATurn, undefined, ['nothing']],
      ['a commit, a commit', commitInATurn, commitInATurn, ['commit', 'nothing']],
    ])('asks at the end again after an informational head (%s)', async (_, first, last, expected) => {
      const hooks = new LabHooks().next(first);
      const closed = deferred();
      let asked = false;
      await answerWith(hooks, async (res) => {
        res.on('close', () => closed.resolve());
        res.statusCode = 101;
        res.flushHeaders();
        while (res.socket?.bytesWritten === 0) await turn();
        hooks.log.length = 0;
        hooks.next(last);
        res.end();
        asked = hooks.log.length > 0;
      });
      await closed.promise;
      expect([asked, hooks.log]).toEqual([true, [...expected, 'nothing']]); // the last at the close
    });

    it('leaves a response alone that has ended', async () => {
      const hooks = new LabHooks();
      const port = await serve((_, res) => {
        res.end('x');
        const { end } = res;
        gate(res, hooks);
        expect(res.end).toBe(end);
      });
      await ask(port);
      expect(hooks.log).toEqual([]);
    });
  });

  it('refuses a response that has a gate', async () => {
    const port = await serve((_, res) => {
      gate(res, new LabHooks());
      expect(() => gate(res, new LabHooks())).toThrow('Cannot gate a response: it has a gate already');
      res.end('x');
    });
    expect((await ask(port)).body).toBe('x');
  });

  it('puts its functions on the responses of a class of its own', async () => {
    class Custom extends ServerResponse {
      override end(...args: unknown[]): this {
        return super.end(`[${String(args[0])}]`);
      }
    }
    const hooks = new LabHooks().next(commitInATurn);
    const port = await listen(
      createServer({ ServerResponse: Custom }, (_, res) => {
        gate(res, hooks);
        res.end('x');
      }),
    );
    expect((await ask(port)).body).toBe('[x]');
    expect(hooks.log).toEqual(['commit', 'nothing', 'head 200']);
  });
});
