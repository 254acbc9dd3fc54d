import { describe, expect, it } from 'vitest';
import { SessionNotSerializableError } from 'nest-sessions';
import { travelCells } from '../support/matrix.js';
import { replying, type Bag, type Routes } from '../support/routes.js';
import { clientOf, start } from '../support/world.js';

class Money {
  readonly cents = 5;
}

/** Values that JSON would lose or change, where they stand, and how the message names the place. */
const values: readonly (readonly [what: string, set: (data: Bag) => void, path: string])[] = [
  ['a cycle', (data) => void (data.a = { self: data }), 'data.a.self'],
  ['a cycle within', (data) => (data.a = cycle()), 'data.a.list[0].a'],
  ['a function', (data) => (data.a = () => 1), 'data.a'],
  ['a method', (data) => (data.list = [{ run() {} }]), 'data.list[0].run'],
  ['a symbol', (data) => (data.a = Symbol('x')), 'data.a'],
  ['a symbol as key', (data) => (data.a = { [Symbol('x')]: 1 }), 'data.a'],
  ['a BigInt', (data) => (data.a = { total: 1n }), 'data.a.total'],
  ['a Map', (data) => (data.a = new Map([['x', 1]])), 'data.a'],
  ['a Set', (data) => (data.list = [1, new Set([1])]), 'data.list[1]'],
  ['a typed array', (data) => (data.a = new Uint8Array(2)), 'data.a'],
  ['a Buffer', (data) => (data.a = Buffer.from('x')), 'data.a'],
  ['an ArrayBuffer', (data) => (data.a = new ArrayBuffer(2)), 'data.a'],
  ['NaN', (data) => (data.n = NaN), 'data.n'],
  ['Infinity', (data) => (data.a = { deep: [{ n: Infinity }] }), 'data.a.deep[0].n'],
  ['-Infinity', (data) => (data.n = -Infinity), 'data.n'],
  ['a class instance', (data) => (data.a = new Money()), 'data.a'],
  ['a class instance in an array', (data) => (data.list = [new Money()]), 'data.list[0]'],
  ['a promise', (data) => (data.a = Promise.resolve(1)), 'data.a'],
  ['an Error', (data) => (data.a = new Error('x')), 'data.a'],
  ['a RegExp', (data) => (data.a = /x/), 'data.a'],
  ['an invalid Date', (data) => (data.a = new Date(NaN)), 'data.a'],
  ['undefined in an array', (data) => (data.list = [undefined]), 'data.list[0]'],
  ['a Map after a good change', (data) => Object.assign(data, { b: 'good', a: new Map() }), 'data.a'],
  ['a value under a bad whole', (data) => void (data['deep'] = { x: { y: new Set() } }), 'data.deep.x.y'],
];

/** Every way in which a handler may leave such a value. */
function routesWith(set: (data: Bag) => void): Routes {
  return {
    begin: ({ session }) => void (session.data.b = 'stored'),
    read: ({ session }) => session.data,
    return: ({ session }) => {
      set(session.data);
      return 'success';
    },
    reply: replying(({ session, reply }) => {
      set(session.data);
      reply.send('success');
    }),
    replace: ({ session }) => {
      const data: Bag = {};
      set(data);
      session.data = data;
      return 'success';
    },
    save: async ({ session }) => {
      set(session.data);
      await session.save();
      return 'success';
    },
    update: async ({ session }) => {
      await session.update((data) => {
        set(data);
      });
      return 'success';
    },
    regenerate: async ({ session }) => {
      set(session.data);
      await session.regenerate().finally(() => (session.data = { b: 'stored' }));
      return 'success';
    },
    tell: async ({ session }) => {
      set(session.data);
      const error = await session.save().catch((error: unknown) => error);
      session.data = {};
      if (!(error instanceof SessionNotSerializableError)) return 'another outcome';
      return { code: error.code, message: error.message };
    },
  };
}

describe.each(travelCells)('%s', (_, cell) => {
  it.each(values)(
    'A15: %s is refused with 500, what was stored stays, nothing is handed out',
    async (_what, set, path) => {
      const app = await start(cell, { routes: routesWith(set) });
      const client = await clientOf(app, '/begin');
      const before = await app.kept(client);
      for (const route of ['/return', '/reply', '/replace', '/save', '/update', '/regenerate']) {
        const logged = app.logs.length;
        const { status, text, handed } = await client.get(route);
        expect({ route, status, handed }).toEqual({ route, status: 500, handed: [] });
        expect(text).not.toMatch(/success|data\./);
        expect((await app.kept(client))?.bytes).toEqual(before?.bytes);
        const lines = app.logs.slice(logged).filter(({ level }) => level === 'error');
        expect(lines.map(({ text }) => text).join()).toContain(`${path} is `);
      }
      expect(await client.json('/read')).toEqual({ b: 'stored' });
    },
  );

  it.each(values)('A15: no session starts with %s', async (_what, set) => {
    const app = await start(cell, { routes: routesWith(set) });
    for (const route of ['/return', '/reply', '/replace', '/save', '/update']) {
      const { status, handed } = await app.client().get(route);
      expect({ route, status, handed }).toEqual({ route, status: 500, handed: [] });
    }
    expect(app.counts.calls).toEqual([]);
  });

  it.each(values)('A15: save() of %s rejects with an error that names its path', async (_what, set, path) => {
    const app = await start(cell, { routes: routesWith(set) });
    expect(await app.client().json('/tell')).toEqual({
      code: 'ERR_SESSION_NOT_SERIALIZABLE',
      message: expect.stringContaining(`${path} is `),
    });
  });

  it('A15: what has a toJSON comes back as that, a Date as ISO text', async () => {
    class Price {
      toJSON(): string {
        return '5 EUR';
      }
    }
    const routes: Routes = {
      set: ({ session }) => void Object.assign(session.data, { a: new Price(), b: new Date(0), c: undefined }),
      read: ({ session }) => session.data,
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set');
    expect(await client.json('/read')).toEqual({ a: '5 EUR', b: '1970-01-01T00:00:00.000Z' });
  });

  it.each([null, 1, 'text', [1], undefined])(
    'A15: assigning %j in place of the data is a TypeError at once',
    async (value) => {
      const routes: Routes = {
        set: ({ session }) => {
          try {
            session.data = value as unknown as Bag;
            return 'assigned';
          } catch (error) {
            return error instanceof TypeError ? error.message : 'another error';
          }
        },
      };
      const app = await start(cell, { routes });
      const { text } = await app.client().get('/set');
      expect(text).toBe('Cannot assign session data: it must be an object');
    },
  );
});

function cycle(): object {
  const a: Record<string, unknown> = {};
  a['list'] = [{ a }];
  return a;
}
