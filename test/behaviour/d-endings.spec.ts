import { execFile } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SessionStorageMemory } from 'nest-sessions';
import { ManualClock } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../src/testing/deferred.js';
import { cells, PLATFORMS } from '../support/matrix.js';
import { replying, type AnyReply, type AnyRequest, type Routes } from '../support/routes.js';
import { slowRoutes } from '../support/slow-routes.js';
import { Stops } from '../../src/testing/stops.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

/** The connection of a request. */
function socketOf(request: AnyRequest): IncomingMessage['socket'] {
  return ('raw' in request ? (request.raw as IncomingMessage) : (request as unknown as IncomingMessage)).socket;
}

function rawOf(reply: AnyReply): ServerResponse {
  return 'raw' in reply ? (reply.raw as ServerResponse) : (reply as unknown as ServerResponse);
}

/** Handlers whose client goes away while they work. */
function leavingRoutes(stops: Stops<'handler'>): Routes {
  const leave = async (request: AnyRequest): Promise<void> => {
    const closed = once(socketOf(request), 'close');
    await stops.at('handler');
    await closed;
  };
  return {
    ...verbRoutes,
    'leave-then-set': async ({ session, request }) => {
      await leave(request);
      session.data.a = 'later';
    },
    'set-then-leave': async ({ session, request }) => {
      session.data.a = 'later';
      await leave(request);
    },
    'leave-then-reply': replying(async ({ session, request, reply }) => {
      await leave(request);
      session.data.a = 'later';
      reply.send('nobody reads this');
    }),
    'stream-then-set': replying(async ({ session, request, reply }) => {
      const response = rawOf(reply);
      response.write('first');
      await leave(request);
      session.data.a = 'later';
      response.end('last');
    }),
    'set-then-stream': replying(async ({ session, request, reply }) => {
      const response = rawOf(reply);
      session.data.a = 'later';
      response.write('first');
      await leave(request);
      response.end('last');
    }),
  };
}

describe.each(cells)('%s', (_, cell) => {
  it.each(['/leave-then-set', '/set-then-leave', '/leave-then-reply', '/stream-then-set', '/set-then-stream'])(
    'D10: the client leaves during %s: what was changed is stored',
    async (path) => {
      const stops = new Stops<'handler'>();
      const app = await start(cell, { routes: leavingRoutes(stops) });
      const client = await clientOf(app, '/set?a=1');
      const held = stops.hold('handler');
      const { abort, answer } = client.begin(path);
      await held.reached;
      abort();
      held.release();
      await answer.catch(() => {});
      await app.seen('changed', 1);
      expect((await app.stored(client.id()))?.data).toEqual({ a: 'later' });
      expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it.each(['/leave-then-set', '/set-then-leave', '/leave-then-reply'])(
    'D10: the client leaves during %s: no session is created that nobody would have',
    async (path) => {
      const stops = new Stops<'handler'>();
      const app = await start(cell, { routes: leavingRoutes(stops) });
      const held = stops.hold('handler');
      const { abort, answer } = app.client().begin(path);
      await held.reached;
      abort();
      held.release();
      await answer.catch(() => {});
      await app.seen('refused', 1);
      expect(app.events).toMatchObject([{ type: 'refused', reason: 'too late' }]);
      expect(app.counts.count('write')).toBe(0);
    },
  );

  it.each(['/leave-then-set', '/set-then-leave', '/leave-then-reply', '/stream-then-set', '/set-then-stream'])(
    'D10: the client leaves during %s, and the storage fails: that is told of once, and the app works on',
    async (path) => {
      const stops = new Stops<'handler'>();
      const app = await start(cell, { routes: leavingRoutes(stops) });
      const client = await clientOf(app, '/set?a=1');
      for (const [index, fault] of (['fail', 'fail raw', 'hang', 'cut stream'] as const).entries()) {
        const held = stops.hold('handler');
        const { abort, answer } = client.begin(path);
        await held.reached;
        const failed = app.faults.set('write', fault);
        abort();
        held.release();
        await answer.catch(() => {});
        await failed;
        app.clock.advance(5_000);
        await app.seen('storageFailed', index + 1);
        app.faults.mend();
        expect(await client.json('/read')).toEqual({ a: '1' });
      }
      expect(app.events.filter(({ type }) => type === 'storageFailed')).toHaveLength(4);
      expect((await client.get('/set?b=2')).status).toBe(200);
      expect(await client.json('/read')).toEqual({ a: '1', b: '2' });
    },
  );

  it('D11: close() waits for requests at work, and what they change is stored', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const clients = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=1')];
    const held = clients.map(() => stops.hold('handler'));
    const answers = ['/slow/set?a=2', '/slow/reply?a=2'].map((path, index) => clients[index]!.begin(path));
    for (const { answer } of answers) answer.catch(() => {});
    await Promise.all(held.map(({ reached }) => reached));
    const closing = app.close();
    for (const { release } of held) release();
    await closing;
    for (const client of clients) expect((await app.stored(client.id()))?.data).toEqual({ a: '2' });
  });

  it('D11: close() waits for a write that is under way', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const { answer, abort } = client.begin('/set?a=2');
    answer.catch(() => {});
    await held.reached;
    // Without its connection the server has nothing to wait for
    abort();
    const closing = app.close();
    for (let turns = 0; turns < 50; turns++) await setImmediate();
    expect(app.counts.closes).toBe(0);
    held.release();
    await closing;
    expect(app.counts.closes).toBe(1);
    expect((await app.stored(client.id()))?.data).toEqual({ a: '2' });
  });

  it('D11: close() waits for a touch that no response waits for', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const before = await app.stored(client.id());
    app.clock.advance(5 * 60_000);
    const held = app.gate.hold('before write');
    expect(await client.get('/read')).toMatchObject({ status: 200 });
    await held.reached;
    const serverClosed = once(app.nest.getHttpServer() as EventEmitter, 'close');
    const closing = app.close();
    await serverClosed;
    for (let turns = 0; turns < 50; turns++) await setImmediate();
    expect(app.counts.closes).toBe(0);
    held.release();
    await closing;
    expect((await app.stored(client.id()))?.header.idle).toBe(before!.header.idle + 5 * 60_000);
    expect(app.counts.closes).toBe(1);
  });

  it('D11: close() stops the sweeper and closes each storage once', async () => {
    const app = await start(cell, {
      options: (storage) => ({
        sessions: [
          { name: 'sid', storage },
          { name: 'other', storage },
        ],
      }),
    });
    expect(app.clock.timers).toBe(1);
    await app.close();
    expect(app.counts.closes).toBe(1);
    expect(app.clock.timers).toBe(0);
  });

  it('D11: close() during a sweep starts no other', async () => {
    const app = await start(cell, {});
    app.clock.advance(90_000);
    expect(app.counts.sweeps).toBe(1);
    await app.close();
    expect(app.clock.timers).toBe(0);
    app.clock.advance(3_600_000);
    expect(app.counts.sweeps).toBe(1);
  });

  it('D11: a storage that cannot be closed does not keep the app from ending', async () => {
    const app = await start(cell, { routes: verbRoutes });
    app.counts.close = () => Promise.reject(new Error('of close'));
    await app.close();
    expect(app.logs.some(({ level, text }) => level === 'warn' && text.includes('of close'))).toBe(true);
  });
});

describe.each(PLATFORMS)('%s', (platform) => {
  it('D11: a process whose app was closed with a request at work ends by itself', async () => {
    const program = fileURLToPath(new URL('../support/closing-app.mjs', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, platform], { timeout: 20_000 });
    expect(stdout).toBe('200 stored\nclosed\n');
    expect(stderr).toBe('');
  }, 30_000);

  it.each([
    ['entries', { maxEntries: 20 }],
    ['bytes', { maxBytes: 20 * 220 }],
  ])('D12: strangers that fill a storage bounded by %s twice over push no used session out', async (_by, bounds) => {
    const clock = new ManualClock();
    const warned = deferred<string>();
    const warnings: string[] = [];
    const onFull = (message: string): void => {
      warnings.push(message);
      warned.resolve(message);
    };
    const memory = new SessionStorageMemory({ ...bounds, clock, onFull });
    const app = await start({ platform, open: () => ({ connect: () => memory }) }, { routes: verbRoutes, clock });
    const users = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=2'), await clientOf(app, '/set?a=3')];
    for (const user of users) await user.get('/read');
    for (let strangers = 0; strangers < 40; strangers++) await app.client().get('/set?a=stranger');
    expect(await Promise.all(users.map((user) => user.json('/read')))).toEqual([{ a: '1' }, { a: '2' }, { a: '3' }]);
    expect(await warned.promise).toContain('SessionStorageMemory is full');
    expect(warnings).toHaveLength(1);
    expect(memory.size).toBeLessThan(30);
  });

  it('D12: among used sessions the one that was used longest ago leaves first', async () => {
    const clock = new ManualClock();
    const memory = new SessionStorageMemory({ maxEntries: 3, clock, onFull: () => {} });
    const app = await start({ platform, open: () => ({ connect: () => memory }) }, { routes: verbRoutes, clock });
    const users = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=2'), await clientOf(app, '/set?a=3')];
    for (const user of [users[0], users[1], users[2], users[0]]) await user?.get('/read');
    const newcomer = await clientOf(app, '/set?a=4');
    expect(await newcomer.json('/read')).toEqual({ a: '4' });
    expect(await users[1]?.json('/read')).toEqual({});
    expect(await users[0]?.json('/read')).toEqual({ a: '1' });
  });
});
