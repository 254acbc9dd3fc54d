import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { SessionEvent, SessionOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Stops } from '../../src/testing/stops.js';
import type { Client } from '../support/client.js';
import { cells, endsAtServer, isByValue, revocableCells, valueCells } from '../support/matrix.js';
import { during, slowRoutes } from '../support/slow-routes.js';
import type { AnyRequest, Routes } from '../support/routes.js';
import { idOf, secretOf, unknownSealed, unknownToken, withBitFlipped, withOtherSecret } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

const MINUTE = 60_000;

const routes = {
  ...verbRoutes,
  'three-saves': async ({ session }) => {
    for (const a of ['x', 'y', 'y', 'z']) {
      session.data.a = a;
      await session.save();
    }
  },
  'save-and-set': async ({ session }) => {
    session.data.a = 'saved';
    await session.save();
    session.data.a = 'set';
  },
  look: ({ session }) => session.update(() => {}),
  login: async ({ session }) => {
    await session.regenerate();
    session.data.a = 'in';
  },
  'begin-and-login': async ({ session }) => {
    session.data.a = 'in';
    await session.save();
    await session.regenerate();
  },
  'keep-nothing': ({ session }) => session.regenerate({ keep: 'none' }),
  'destroy-twice': async ({ session }) => {
    await session.destroy();
    await session.destroy();
  },
  'destroy-and-begin': async ({ session }) => {
    await session.destroy();
    session.data.a = 'anew';
  },
  'begin-and-destroy': async ({ session }) => {
    session.data.a = 'short';
    await session.save();
    await session.destroy();
  },
  'set-and-destroy': async ({ session }) => {
    session.data.a = 'never stored';
    await session.destroy();
  },
  'all-verbs': async ({ session }) => {
    session.data.a = 'unreachable';
    await Promise.allSettled([session.save(), session.reload(), session.update(() => {}), session.destroy()]);
    return 'ok';
  },
} satisfies Routes;

/** The connection of a request. */
function socketOf(request: AnyRequest): Socket {
  return ('raw' in request ? (request.raw as IncomingMessage) : (request as unknown as IncomingMessage)).socket;
}

/** The events since some point, each as its type, with its reason. */
function told({ events }: { readonly events: readonly SessionEvent[] }, since = 0): readonly string[] {
  return events.slice(since).map(({ type, reason }) => (reason === undefined ? type : `${type}: ${reason}`));
}

/** Every event is about one session. */
function expectAbout({ events }: World, id: string): void {
  expect(new Set(events.map((event) => `${event.session} ${event.id}`))).toEqual(new Set([`sid ${id}`]));
}

/** What each path tells of a client that has no session yet. */
const ofNobody: Readonly<Record<string, readonly string[]>> = {
  '/plain': [],
  '/declared': [],
  '/read': [],
  '/set?a=1': ['created'],
  '/save?a=1': ['created'],
  '/three-saves': ['created', 'changed', 'changed'],
  '/save-and-set': ['created', 'changed'],
  '/count': ['created'],
  '/look': [],
  '/take?key=a': [],
  '/reload': [],
  '/regenerate': [],
  '/regenerate?a=1': ['created'],
  '/begin-and-login': ['created', 'regenerated'],
  '/destroy': [],
  '/set-and-destroy': [],
  '/begin-and-destroy': ['created', 'destroyed'],
};

/** What each path tells of a client whose session has `a: '1'`. */
const ofSomebody: Readonly<Record<string, readonly string[]>> = {
  '/plain': [],
  '/declared': ['loaded'],
  '/read': ['loaded'],
  '/set?a=2': ['loaded', 'changed'],
  '/reply?a=2': ['loaded', 'changed'],
  '/set?a=1': ['loaded'],
  '/replace?a=1': ['loaded'],
  '/remove?key=a': ['loaded', 'changed'],
  '/remove?key=z': ['loaded'],
  '/save?a=1': ['loaded'],
  '/three-saves': ['loaded', 'changed', 'changed', 'changed'],
  '/save-and-set': ['loaded', 'changed', 'changed'],
  '/count': ['loaded', 'changed'],
  '/look': ['loaded'],
  '/take?key=a': ['loaded', 'changed'],
  '/take?key=z': ['loaded'],
  '/reload': ['loaded'],
  '/regenerate': ['loaded', 'regenerated'],
  '/regenerate?a=1': ['loaded', 'regenerated'],
  '/regenerate?a=2': ['loaded', 'changed', 'regenerated'],
  '/keep-nothing': ['loaded', 'changed', 'regenerated'],
  '/login': ['loaded', 'regenerated', 'changed'],
  '/destroy': ['loaded', 'destroyed'],
  '/destroy-twice': ['loaded', 'destroyed'],
  '/set-and-destroy': ['loaded', 'destroyed'],
  '/destroy-and-begin': ['loaded', 'destroyed', 'created'],
};

describe.each([...cells, ...valueCells, ...revocableCells])('%s', (_, cell) => {
  it.each([
    ['nobody', ofNobody],
    ['somebody', ofSomebody],
  ])('each path of a client who is %s tells what it does, in order, each fact once', async (who, expected) => {
    const app = await start(cell, { routes });
    const seen: Record<string, readonly string[]> = {};
    for (const path of Object.keys(expected)) {
      const client = who === 'nobody' ? app.client() : await clientOf(app, '/set?a=1');
      const before = client.id();
      const since = app.events.length;
      expect((await client.get(path)).status).toBe(200);
      seen[path] = told(app, since);
      for (const { type, session, id } of app.events.slice(since)) {
        expect(session).toBe('sid');
        // By value a session that is regenerated goes on under the id that its client has now
        if (type === 'loaded' || before !== '') expect([before, client.id()]).toContain(id);
        if (type === 'regenerated') expect(id).toBe(client.id());
      }
    }
    expect(seen).toEqual(expected);
  });

  it('a use that moves the idle deadline is no change', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(10 * MINUTE);
    await client.get('/read');
    await app.close();
    expect(told(app)).toEqual(['created', 'loaded']);
  });

  it('two sessions of one app are told apart by their names', async () => {
    const app = await start(cell, {
      routes: {
        both: {
          sessions: ['cart', 'user'],
          run: ({ sessions }) => {
            for (const session of sessions) session.data.a = '1';
          },
        },
      },
      options: (_storage, how) => ({ sessions: [how('cart'), how('user')] }),
    });
    const client = await clientOf(app, '/both');
    expect(app.events.toSorted((one, other) => one.session.localeCompare(other.session))).toEqual([
      { type: 'created', session: 'cart', id: client.id('cart') },
      { type: 'created', session: 'user', id: client.id('user') },
    ]);
  });

  it('none holds a secret, a token, a key or data', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=THE-DATA');
    const tokens = [client.token()];
    for (const path of ['/set?b=THE-DATA', '/regenerate?c=THE-DATA']) {
      await client.get(path);
      tokens.push(client.token());
    }
    tokens.push(unknownToken(), unknownSealed(), `malformed ${client.token()}`);
    tokens.push(isByValue(cell) ? withBitFlipped(client.token(), 300) : withOtherSecret(client.token()));
    for (const sid of tokens) await app.client().get('/read', { tokens: { sid } });
    for (const verb of ['read', 'write'] as const) {
      void app.faults.set(verb, 'fail raw');
      await client.get('/set?a=THE-DATA');
      app.faults.mend();
    }
    await client.get('/destroy');
    const types = new Set(app.events.map(({ type }) => type));
    for (const type of ['created', 'loaded', 'changed', 'regenerated', 'refused', 'destroyed'])
      expect(types).toContain(type);
    const everything = JSON.stringify(app.events);
    const secrets = tokens.map((token) => (isByValue(cell) ? token : secretOf(token))).filter((text) => text !== '');
    for (const hidden of ['THE-DATA', app.key, ...secrets]) expect(everything).not.toContain(hidden);
  });
});

describe.each([...cells, ...revocableCells])('%s', (_, cell) => {
  it('two logouts at the same time are one end', async () => {
    const { routes: slow, stops } = slowRoutes();
    const app = await start(cell, { routes: slow });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    await during(stops, client.copy(), '/slow/destroy', () => client.copy(other.origin).get('/destroy'));
    expect([...told(app), ...told(other)]).toEqual(['created', 'loaded', 'loaded', 'destroyed']);
    expectAbout(app, id);
  });

  it('invalidate() twice is one end, and the client is refused after it', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    expect([await app.service.invalidate(id), await app.service.invalidate(id)]).toEqual([true, false]);
    await client.get('/read');
    expect(told(app)).toEqual(['created', 'destroyed', isByValue(cell) ? 'refused: revoked' : 'refused: unknown']);
    expectAbout(app, id);
  });

  it('a logout whose write the driver has sent twice is told where it can be known whose end it was', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'resent');
    await client.get('/destroy');
    expect(told(app)).toEqual(['created', 'loaded', ...(isByValue(cell) ? ['destroyed'] : [])]);
  });

  it('a change of a session that ends meanwhile is refused, and told as nothing else', async () => {
    const { routes: slow, stops } = slowRoutes();
    const app = await start(cell, { routes: slow });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    await during(stops, client.copy(), '/slow/set?a=2', () => client.copy(other.origin).get('/destroy'));
    expect(told(app)).toEqual(['created', 'loaded', 'refused: ended']);
    expectAbout(app, id);
  });
});

describe.each(cells)('%s', (_, cell) => {
  it('a change that merges is one conflict and one change, over however many tries', async () => {
    const app = await start(cell, { routes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    let held = app.gate.hold('before write');
    const late = client.copy().get('/set?b=late');
    for (const n of [1, 2, 3]) {
      await held.reached;
      const next = n < 3 ? app.gate.hold('before write') : held;
      await client.copy(other.origin).get(`/set?n=${n}`);
      held.release();
      held = next;
    }
    expect((await late).status).toBe(200);
    expect(told(app)).toEqual(['created', 'loaded', 'conflict', 'changed']);
    expect(told(other)).toEqual([1, 2, 3].flatMap(() => ['loaded', 'changed']));
    expect(await client.json('/read')).toEqual({ a: '1', b: 'late', n: '3' });
  });

  it('a change that somebody else has made in the same way meanwhile is a conflict, and no change', async () => {
    const app = await start(cell, { routes });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const late = client.copy().get('/set?a=2');
    await held.reached;
    await client.copy(other.origin).get('/set?a=2');
    held.release();
    await late;
    expect(told(app)).toEqual(['created', 'loaded', 'conflict']);
    expect(told(other)).toEqual(['loaded', 'changed']);
  });

  it('a change whose write the driver has sent twice is no conflict', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    for (const path of ['/set?a=2', '/count', '/regenerate']) {
      const since = app.events.length;
      void app.faults.set('write', 'resent', { times: 1 });
      expect((await client.get(path)).status).toBe(200);
      expect(told(app, since)).toEqual(['loaded', path === '/regenerate' ? 'regenerated' : 'changed']);
    }
  });

  it('with onConflict "reject" a change on old ground is a conflict, and no change', async () => {
    const app = await start(cell, { routes, session: { onConflict: 'reject' } });
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const late = client.copy().get('/set?b=late');
    await held.reached;
    await client.copy(other.origin).get('/set?c=3');
    held.release();
    expect((await late).status).toBe(409);
    expect(told(app)).toEqual(['created', 'loaded', 'conflict']);
  });

  it('a storage that fails is told once a request, with what the driver says of its kind', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    for (const [verb, path, before] of [
      ['read', '/set?a=2', []],
      ['write', '/set?a=2', ['loaded']],
      ['write', '/save?a=2', ['loaded']],
      ['write', '/regenerate', ['loaded']],
      ['write', '/destroy', ['loaded']],
    ] as const) {
      const since = app.events.length;
      void app.faults.set(verb, 'fail', { code: 'ECONNREFUSED' });
      expect((await client.get(path)).status).toBe(503);
      app.faults.mend();
      const reason = expect.stringMatching(
        /^Cannot reach the test storage: it is down, Error, ECONNREFUSED$/,
      ) as string;
      expect(app.events.slice(since)).toEqual([
        ...before.map((type) => ({ type, session: 'sid', id })),
        { type: 'storageFailed', session: 'sid', id, reason },
      ]);
    }
  });

  it('a storage that fails is told once, though several verbs fail for it', async () => {
    const app = await start(cell, { routes, session: { onOutage: 'readonly' } });
    const client = await clientOf(app, '/set?a=1');
    const since = app.events.length;
    void app.faults.set('read', 'fail');
    await client.get('/all-verbs');
    expect(told(app, since)).toEqual([expect.stringMatching(/^storageFailed: /)]);
  });
});

describe.each(cells.filter(([name]) => name.endsWith('memory')))('%s', (_, cell) => {
  const refused = async (app: World, ask: () => Promise<unknown>): Promise<readonly SessionEvent[]> => {
    const since = app.events.length;
    await ask();
    return app.events.slice(since);
  };
  const presenting = (client: Client, sid: string | readonly string[]): Promise<unknown> =>
    client.get('/read', { tokens: { sid } });

  it('refused "malformed", "signature" and "duplicates" tell no id: none can be believed', async () => {
    const app = await start(cell, { routes, session: { keys: ['k'.repeat(32)] } });
    const [one, two] = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=2')];
    const reasons: readonly (readonly [string, string | readonly string[]])[] = [
      ['malformed', 'x'],
      ['malformed', '../../etc'],
      ['signature', unknownSealed()],
      ['signature', withBitFlipped(one.token(), 200)],
      ['signature', unknownToken()],
      ['duplicates', [one.token(), two.token()]],
      ['duplicates', [unknownSealed(), unknownSealed(), unknownSealed()]],
    ];
    for (const [reason, sid] of reasons) {
      const events = await refused(app, () => presenting(one, sid));
      expect(events).toEqual([{ type: 'refused', session: 'sid', reason }]);
    }
  });

  it('refused "unknown", "secret" and "previous secret" tell the id that was presented', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const kept = client.token();
    await client.get('/regenerate');
    const unknown = unknownToken();
    for (const [reason, sid] of [
      ['unknown', unknown],
      ['secret', withOtherSecret(kept)],
      ['previous secret', kept],
    ] as const) {
      const events = await refused(app, () => presenting(client, sid));
      expect(events).toEqual([{ type: 'refused', session: 'sid', id: idOf(sid), reason }]);
    }
    app.clock.advance(MINUTE);
    expect(await refused(app, () => presenting(client, kept))).toMatchObject([{ reason: 'secret' }]);
  });

  it('of two values that were refused each is told, and none where the other one counts', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const [unknown, wrong] = [unknownToken(), withOtherSecret(client.token())];
    expect(await refused(app, () => presenting(client, [unknown, wrong]))).toEqual([
      { type: 'refused', session: 'sid', id: idOf(unknown), reason: 'unknown' },
      { type: 'refused', session: 'sid', id: idOf(wrong), reason: 'secret' },
    ]);
    expect(await refused(app, () => presenting(client, [unknown, client.token()]))).toMatchObject([{ type: 'loaded' }]);
  });

  it('refused "other session" tells the id, under the name of the session that was asked for', async () => {
    const app = await start(cell, {
      routes: {
        cart: { sessions: ['cart'], run: ({ session }) => void (session.data.a = '1') },
        user: { sessions: ['user'], run: ({ session }) => session.data },
      },
      options: (storage) => ({ sessions: ['cart', 'user'].map((name) => ({ name, storage })) }),
    });
    const client = await clientOf(app, '/cart');
    const tokens = { user: client.token('cart') };
    expect(await refused(app, () => client.get('/user', { tokens }))).toEqual([
      { type: 'refused', session: 'user', id: client.id('cart'), reason: 'other session' },
    ]);
  });

  it.each<[string, SessionOptions, string]>([
    ['record', {}, 'THE-DATA'],
    ['data', { schema: z.object({ a: z.number() }) }, ''],
  ])('refused "%s" tells the id of what cannot be used', async (reason, session, bytes) => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=THE-DATA');
    if (bytes !== '') await app.rewrite(client.id(), () => Buffer.from(bytes));
    const other = await app.another({ session });
    await client.copy(other.origin).get('/read');
    expect(other.events).toEqual([{ type: 'refused', session: 'sid', id: client.id(), reason }]);
  });
});

describe.each([...cells, ...valueCells])('%s', (_, cell) => {
  it('refused "too late" tells of a change whose client had gone, and would never learn of the session', async () => {
    const stops = new Stops<'handler'>();
    const left: Routes[string] = async ({ session, request }) => {
      const closed = once(socketOf(request), 'close');
      await stops.at('handler');
      await closed;
      session.data.a = 'late';
    };
    const app = await start(cell, { routes: { ...routes, left } });
    const client = isByValue(cell) ? await clientOf(app, '/set?a=1') : app.client();
    const since = app.events.length;
    const held = stops.hold('handler');
    const { abort, answer } = client.begin('/left');
    await held.reached;
    abort();
    held.release();
    await answer.catch(() => {});
    await app.seen('refused', 1);
    const id = isByValue(cell) ? client.id() : (expect.any(String) as string);
    expect(app.events.slice(since).at(-1)).toEqual({ type: 'refused', session: 'sid', id, reason: 'too late' });
    expect(told(app, since).filter((type) => type !== 'loaded')).toHaveLength(1);
  });
});

describe.each([...valueCells, ...revocableCells])('%s', (_, cell) => {
  it('refused "expired" tells the id, and nothing is told as expired', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const id = client.id();
    app.clock.advance(30 * MINUTE);
    await client.get('/read');
    await app.close();
    expect(app.events.slice(1)).toEqual([{ type: 'refused', session: 'sid', id, reason: 'expired' }]);
  });

  it('a value that was kept over its end is refused where the server knows, and valid else', async () => {
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    const kept = client.copy();
    await client.get('/destroy');
    await kept.get('/read');
    const last = endsAtServer(cell) ? 'refused: revoked' : 'loaded';
    expect(told(app)).toEqual(['created', 'loaded', 'destroyed', last]);
    expectAbout(app, kept.id());
  });
});
