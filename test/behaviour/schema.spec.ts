import { type } from 'arktype';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { SessionsModule, type SessionOptions } from 'nest-sessions';
import { DevalueSerializer } from 'nest-sessions/devalue';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compile } from '../support/app.js';
import { cells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type StoredRecord, type World } from '../support/world.js';

/** The same schema, as three libraries say it: `since` becomes a Date, `theme` is one of two and has a default. */
const schemas: readonly (readonly [library: string, schema: StandardSchemaV1])[] = [
  [
    'zod',
    z.object({
      since: z.coerce.date(),
      theme: z.enum(['light', 'dark']).default('light'),
      note: z.string().optional(),
      n: z.number().optional(),
    }),
  ],
  [
    'valibot',
    v.object({
      since: v.pipe(v.union([v.string(), v.date()]), v.toDate()),
      theme: v.optional(v.picklist(['light', 'dark']), 'light'),
      note: v.optional(v.string()),
      n: v.optional(v.number()),
    }),
  ],
  [
    'arktype',
    type({
      since: 'string.date.parse | Date',
      theme: "'light' | 'dark' = 'light'",
      'note?': 'string',
      'n?': 'number',
    }),
  ],
];

/** Yesterday's data: the theme was a number. */
const old = { since: '2026-01-01T00:00:00.000Z', theme: 1, secret: 'PRIVATE' };
const migrate = (data: unknown): unknown => {
  const { since, theme } = data as Bag;
  return typeof theme === 'number' ? { since, theme: theme === 1 ? 'dark' : 'light', note: 'migrated' } : undefined;
};
const migrated = { since: '2026-01-01T00:00:00.000Z', theme: 'dark', note: 'migrated' };

const routes: Routes = {
  ...verbRoutes,
  begin: ({ session }) => void (session.data['since'] = new Date('2026-01-01')),
  year: ({ session }) => (session.data['since'] as Date).getUTCFullYear().toString(),
  later: ({ session }) => void (session.data['since'] as Date).setUTCFullYear(2030),
  unfit: ({ session }) => void (session.data['theme'] = 'PRIVATE'),
  unfitUpdate: ({ session }) => session.update((data) => void (data['theme'] = 'PRIVATE')),
  unfitTake: ({ session }) => session.take('since'),
  unfitRegenerate: ({ session }) => session.regenerate({ keep: 'none' }),
  nothing: ({ session }) => session.update(() => {}),
  updateYear: async ({ session }) => {
    session.data['note'] = 'mine';
    await session.update((data) => void (data.n = (data['since'] as Date).getUTCFullYear()));
    return session.data;
  },
};

const memory = cells.filter(([name]) => name.endsWith('memory'));

describe.each(memory)('%s', (_, cell) => {
  /** A client whose record then holds other data, written past the library. */
  async function beginWith(data: object, session: SessionOptions): Promise<Begun> {
    const app = await start(cell, { routes, session });
    const client = await clientOf(app, '/begin');
    const id = client.id();
    await app.rewrite(id, ({ header }) => recordOf(header, data));
    app.counts.forget();
    const stored = (await app.stored(id))?.bytes;
    return { app, client, id, stored, events: app.events.length, logs: app.logs.length };
  }

  describe.each(schemas)('with %s', (_library, schema) => {
    it('A14: a handler gets what the schema makes of the stored data, and reading it writes nothing', async () => {
      const app = await start(cell, { routes, session: { schema } });
      const client = await clientOf(app, '/begin');
      expect((await app.stored(client.id()))?.data).toEqual({ since: '2026-01-01T00:00:00.000Z' });
      app.counts.forget();
      expect((await client.get('/year')).text).toBe('2026');
      expect(await client.json('/read')).toEqual({ since: '2026-01-01T00:00:00.000Z', theme: 'light' });
      expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read', 'read']);
      await client.get('/later');
      expect((await client.get('/year')).text).toBe('2030');
    });

    it('A16: stored data that does not fit is no session: no 5xx, no cookie, one event and one line without data', async () => {
      const { app, client, id, stored, events, logs } = await beginWith(old, { schema });
      const { status, text, setCookies } = await client.get('/read');
      expect({ status, text, setCookies }).toEqual({ status: 200, text: '{}', setCookies: [] });
      expect(app.events.slice(events)).toMatchObject([{ type: 'refused', session: 'sid', id, reason: 'data' }]);
      expect(app.logs.slice(logs).map(({ message }) => message)).toEqual([`Session "sid" ${id} refused: data`]);
      expect(JSON.stringify([app.events, app.logs])).not.toContain('PRIVATE');
      expect((await app.stored(id))?.bytes).toEqual(stored);
      expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read']);
    });

    it('A16: over data that does not fit a session starts under a new id, and what was stored stays', async () => {
      const { app, client, id, stored } = await beginWith(old, { schema });
      expect((await client.get('/begin')).status).toBe(200);
      expect(client.id()).not.toBe(id);
      expect(await client.json('/read')).toMatchObject({ theme: 'light' });
      expect((await app.stored(id))?.bytes).toEqual(stored);
    });

    it('A17: migrated data is read by every request, nothing is written until a change, then all of it is', async () => {
      const { app, client, id, stored } = await beginWith(old, { schema, migrate });
      expect(await client.json('/read')).toEqual(migrated);
      expect((await client.get('/year')).text).toBe('2026');
      expect((await app.stored(id))?.bytes).toEqual(stored);
      expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read', 'read']);
      await client.get('/later');
      expect(client.id()).toBe(id);
      expect((await app.stored(id))?.data).toEqual({ ...migrated, since: '2030-01-01T00:00:00.000Z' });
    });

    it('A15: a change that the next request would not load is refused with 500, what was stored stays', async () => {
      const app = await start(cell, { routes, session: { schema } });
      const client = await clientOf(app, '/begin');
      const before = (await app.stored(client.id()))?.bytes;
      for (const path of ['/unfit', '/unfitUpdate', '/unfitTake', '/unfitRegenerate']) {
        const logs = app.logs.length;
        const { status, text, setCookies } = await client.get(path);
        expect({ path, status, setCookies }).toEqual({ path, status: 500, setCookies: [] });
        expect(text).not.toContain('PRIVATE');
        expect((await app.stored(client.id()))?.bytes).toEqual(before);
        const lines = app.logs.slice(logs).map(({ text: line }) => line);
        expect(lines.join()).toMatch(
          /Cannot store session: data\.(theme|since) does not fit its schema, the next request would not load it/,
        );
        expect(lines.join()).not.toContain('PRIVATE');
      }
      expect((await client.get('/year')).text).toBe('2026');
    });

    it('A15: no session starts with data that does not fit', async () => {
      const app = await start(cell, { routes, session: { schema } });
      for (const path of ['/unfit', '/unfitUpdate', '/set?note=x', '/save?note=x', '/reply?note=x']) {
        const { status, setCookies } = await app.client().get(path);
        expect({ path, status, setCookies }).toEqual({ path, status: 500, setCookies: [] });
      }
      expect(app.counts.calls).toEqual([]);
    });

    it('A2: a new session that is only read, or not changed, need not fit', async () => {
      const app = await start(cell, { routes, session: { schema } });
      for (const path of ['/read', '/nothing', '/reload', '/take?key=note', '/regenerate', '/destroy']) {
        const { status, setCookies } = await app.client().get(path);
        expect({ path, status, setCookies }).toEqual({ path, status: 200, setCookies: [] });
      }
      expect(app.counts.calls).toEqual([]);
    });

    it('B1: two requests load data that is migrated, each sets a key: both stay', async () => {
      const { app, client, id } = await beginWith(old, { schema, migrate });
      const held = app.gate.hold('after read');
      const slow = client.get('/set?note=slow');
      await held.reached;
      expect((await client.copy().get('/set?theme=light')).status).toBe(200);
      held.release();
      expect((await slow).status).toBe(200);
      expect((await app.stored(id))?.data).toEqual({ ...migrated, theme: 'light', note: 'slow' });
    });

    it.each([
      ['/save?note=mine', { ...migrated, note: 'mine' }],
      ['/count', { ...migrated, n: 1 }],
      ['/updateYear', { ...migrated, note: 'mine', n: 2026 }],
      ['/take?key=note', { since: migrated.since, theme: 'dark' }],
      ['/regenerate', migrated],
      ['/regenerate?note=mine', { ...migrated, note: 'mine' }],
    ])('A17: %s works on migrated data', async (path, data) => {
      const { app, client, id } = await beginWith(old, { schema, migrate });
      const { status, text } = await client.get(path);
      expect(status).toBe(200);
      if (path.startsWith('/take')) expect(text).toBe('{"taken":"migrated"}');
      expect((await app.stored(id))?.data).toEqual(data);
      expect(await client.json('/read')).toEqual(data);
    });

    it('A17: reload(), find() and a no-op update() give migrated data and write nothing', async () => {
      const { app, client, id, stored } = await beginWith(old, { schema, migrate });
      expect(await client.json('/reload')).toEqual(migrated);
      expect((await client.get('/nothing')).status).toBe(200);
      expect(JSON.parse(JSON.stringify((await app.service.find(id))?.data))).toEqual(migrated);
      expect((await app.stored(id))?.bytes).toEqual(stored);
    });

    it('A16: find() tells nothing of data that does not fit', async () => {
      const { app, id } = await beginWith(old, { schema });
      expect(await app.service.find(id)).toBeUndefined();
    });
  });

  const [[, schema]] = schemas as [(typeof schemas)[0]];

  it.each<[what: string, migrate: (data: unknown) => unknown]>([
    [
      'throws',
      (data) => {
        throw new Error(JSON.stringify(data));
      },
    ],
    ['gives undefined', () => undefined],
    ['gives what does not fit either', (data) => data],
    ['gives a promise', (data) => Promise.reject(new Error(JSON.stringify(data)))],
  ])('A16: data whose migrate() %s is no session, and nothing of it is logged', async (_what, failing) => {
    const { app, client, id, stored, events } = await beginWith(old, { schema, migrate: failing });
    const { status, text, setCookies } = await client.get('/read');
    expect({ status, text, setCookies }).toEqual({ status: 200, text: '{}', setCookies: [] });
    expect(app.events.slice(events)).toMatchObject([{ type: 'refused', id, reason: 'data' }]);
    expect(JSON.stringify([app.events, app.logs])).not.toContain('PRIVATE');
    expect((await app.stored(id))?.bytes).toEqual(stored);
  });

  it.each([
    '/set?note=x',
    '/reply?note=x',
    '/save?note=x',
    '/count',
    '/reload',
    '/take?key=note',
    '/regenerate',
    '/destroy',
  ])('A16: data that does not fit, in the place of that of a request at work (%s), gives no 5xx', async (path) => {
    const app = await start(cell, { routes, session: { schema } });
    const client = await clientOf(app, '/begin');
    const held = app.gate.hold('after read');
    const answer = client.get(path);
    await held.reached;
    await app.rewrite(client.id(), ({ header }) => recordOf(header, old));
    held.release();
    const { status, setCookies, text } = await answer;
    expect(status, path).toBeLessThan(500);
    expect(text).not.toContain('PRIVATE');
    expect(setCookies.filter(({ isCleared }) => !isCleared && path !== '/regenerate')).toEqual([]);
  });

  it('A17: with a class, the schema gets its defaults, and its output becomes an object of the class', async () => {
    class Cart {
      items: string[] = [];
      currency = 'EUR';

      get total(): number {
        return this.items.length;
      }
    }
    const cart = z.strictObject({ items: z.array(z.string().toUpperCase()), currency: z.enum(['EUR', 'CHF']) });
    const cartRoutes: Routes = {
      begin: ({ session }) => void (session.data as unknown as Cart).items.push('mug'),
      facts: ({ session }) => ({ isCart: session.data instanceof Cart, total: session.data['total'], ...session.data }),
      clear: ({ session }) => session.regenerate({ keep: 'none' }),
    };
    const app = await start(cell, { routes: cartRoutes, session: { type: Cart, schema: cart } });
    const client = await clientOf(app, '/begin');
    await app.rewrite(client.id(), ({ header }) => recordOf(header, { items: ['mug'] }));
    expect(await client.json('/facts')).toEqual({ isCart: true, total: 1, items: ['MUG'], currency: 'EUR' });
    expect((await client.get('/clear')).status).toBe(200);
    expect(await client.json('/facts')).toEqual({ isCart: true, total: 0, items: [], currency: 'EUR' });
  });

  it.each([
    ['is migrated', { schema, migrate }, { ...migrated, since: '2020-01-01T00:00:00.000Z' }, []],
    ['is no session without migrate()', { schema }, {}, [{ type: 'refused', reason: 'data' }]],
  ])(
    'A17: by value, data that does not fit %s, and reading it sends no cookie',
    async (_what, session, data, events) => {
      const byValue = { clientSide: true, keys: ['k'.repeat(32)] };
      const yesterdayRoutes: Routes = {
        begin: ({ session: { data: held } }) => void Object.assign(held, old, { since: '2020-01-01T00:00:00.000Z' }),
      };
      const yesterday = await start(cell, { routes: yesterdayRoutes, options: () => byValue });
      const client = await clientOf(yesterday, '/begin');
      const today = await yesterday.another({ routes, options: () => ({ ...byValue, ...session }) });
      const now = client.copy(today.origin);
      const { text, setCookies } = await now.get('/read');
      expect({ data: JSON.parse(text), setCookies }).toEqual({ data, setCookies: [] });
      expect(today.events.filter(({ type: kind }) => kind === 'refused')).toMatchObject(events);
      expect(JSON.stringify([today.events, today.logs])).not.toContain('PRIVATE');
      expect((await now.get('/begin')).setCookies).toHaveLength(1);
      expect(await now.json('/read')).toEqual({ theme: 'light', ...data, since: old.since });
      expect((await now.get('/unfit')).status).toBe(500);
    },
  );

  it('A14: a schema of Maps, with devalue', async () => {
    const seen = z.object({ a: z.map(z.string(), z.number()) });
    const mapRoutes: Routes = {
      begin: ({ session }) => void (session.data.a = new Map([['mug', 1]])),
      add: ({ session }) => void (session.data.a as Map<string, number>).set('lamp', 2),
      unfit: ({ session }) => void (session.data.a as Map<string, unknown>).set('PRIVATE', 'x'),
      read: ({ session }) => [...(session.data.a as Map<string, number>)],
    };
    const app = await start(cell, {
      routes: mapRoutes,
      session: { schema: seen, serializer: new DevalueSerializer() },
    });
    const client = await clientOf(app, '/begin');
    await client.get('/add');
    expect(await client.json('/read')).toEqual([
      ['mug', 1],
      ['lamp', 2],
    ]);
    expect((await client.get('/unfit')).status).toBe(500);
    expect(JSON.stringify(app.logs)).not.toContain('PRIVATE');
  });

  it.each<[library: string, schema: StandardSchemaV1]>([
    ['zod', z.object({ v: z.string(), list: z.array(z.string()).catch([]) })],
    ['valibot', v.object({ v: v.string(), list: v.fallback(v.array(v.string()), []) })],
    ['valibot, any', v.object({ v: v.string(), list: v.optional(v.any(), []) })],
  ])(
    'what a schema of %s gives to everybody is not shared: a change of one is seen by no other',
    async (_library, schema) => {
      const routes: Routes = {
        ...verbRoutes,
        push: ({ session }) => void (session.data.list as string[]).push('PRIVATE'),
      };
      const app = await start(cell, { routes, session: { schema } });
      const [one, other] = [await clientOf(app, '/set?v=1'), await clientOf(app, '/set?v=2')];
      await one.get('/push');
      expect(await one.json('/read')).toEqual({ v: '1', list: ['PRIVATE'] });
      expect(await other.json('/read')).toEqual({ v: '2', list: [] });
    },
  );
});

describe.each(['express', 'fastify'])('%s', (platform) => {
  const asynchronous = z.object({ a: z.string().optional() }).refine(async () => true);

  it.each<[what: string, options: Record<string, unknown>, message: string]>([
    ['a schema that validates asynchronously', { schema: asynchronous }, 'schema must validate synchronously'],
    [
      'one of several that rejects',
      {
        sessions: [
          {
            schema: v.pipeAsync(
              v.object({}),
              v.checkAsync(() => Promise.reject(new Error('x'))),
            ),
          },
        ],
      },
      'sessions[0].schema must validate synchronously',
    ],
    ['what is no schema', { schema: { parse: () => ({}) } }, 'schema must be a Standard Schema'],
    ['a schema that is null', { schema: null }, 'schema must be a Standard Schema'],
    [
      'a schema of another version',
      { schema: { '~standard': { version: 2, vendor: 'x', validate: () => ({ value: {} }) } } },
      'schema must be a Standard Schema (version 1)',
    ],
    ['a migrate that nothing would call', { migrate: () => undefined }, 'migrate must come with a schema'],
    ['a migrate that is no function', { sessions: [{ migrate: 'x' }] }, 'sessions[0].migrate must be a function'],
  ])('A20: %s is refused at start', async (_what, options, message) => {
    const starting = async () => compile({ imports: [SessionsModule.forRoot(options)] });
    await expect(starting(), platform).rejects.toThrow(TypeError);
    await expect(starting()).rejects.toThrow(`Cannot start SessionsModule: ${message}`);
  });
});

interface Begun {
  readonly app: World;
  readonly client: Awaited<ReturnType<typeof clientOf>>;
  readonly id: string;
  readonly stored: Uint8Array | undefined;
  /** How many events and log lines there were when it began. */
  readonly events: number;
  readonly logs: number;
}

function recordOf(header: StoredRecord['header'], data: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(header)}\n${JSON.stringify(data)}`);
}
