import { inspect } from 'node:util';
import { JsonSerializer, SessionTooLargeError } from 'nest-sessions';
import { DevalueSerializer } from 'nest-sessions/devalue';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { clientOf, start, type StoredRecord } from '../support/world.js';

interface Rich extends Bag {
  seen: Map<string, { count: number; at: Date }>;
  tags: Set<unknown>;
  deep: { list: [Map<string, Set<string>>]; bytes: Uint8Array };
}

const rich = (): Rich => ({
  seen: new Map([['mug', { count: 1, at: new Date(0) }]]),
  tags: new Set(['new', { nested: 1n }]),
  deep: { list: [new Map([['a', new Set(['x'])]])], bytes: Uint8Array.of(1, 2) },
});

/** Deep changes: what a handler does; the same, done to a copy, is what the data is then. */
const changes: readonly (readonly [what: string, change: (data: Rich) => void])[] = [
  ['an entry is added to a Map', ({ seen }) => void seen.set('lamp', { count: 2, at: new Date(5) })],
  ['an entry of a Map is replaced', ({ seen }) => void seen.set('mug', { count: 9, at: new Date(0) })],
  ['an entry of a Map is deleted', ({ seen }) => void seen.delete('mug')],
  ['a value within a Map is changed', ({ seen }) => void seen.get('mug')!.count++],
  ['a Date within a Map is moved', ({ seen }) => void seen.get('mug')!.at.setUTCFullYear(2030)],
  ['a Map is cleared', ({ seen }) => seen.clear()],
  ['a member is added to a Set', ({ tags }) => void tags.add('sale')],
  ['a member is deleted from a Set', ({ tags }) => void tags.delete('new')],
  ['a member of a Set is changed', ({ tags }) => void ([...tags].at(-1) as { nested: bigint }).nested++],
  ['a Set within a Map within an array is changed', ({ deep }) => void deep.list[0].get('a')!.add('y')],
  ['a byte is changed', ({ deep }) => (deep.bytes[1] = 7)],
  ['a Map becomes a Set', (data) => (data.a = new Set(data.seen.keys()))],
  ['a BigInt is counted up', (data) => (data.a = 2n ** 70n + 1n)],
  ['a key is set to what JSON would lose', (data) => (data.a = [NaN, -0, Infinity, undefined, /x/g])],
];

const shown = (data: object): string => inspect(data, { depth: 9, sorted: true });

/** What is bad for a client to reach, spelt in ways that clients have. */
const poisons = [
  '{"__proto__":{"polluted":true},"b":1}',
  '{"\\u005f_proto__":{"polluted":true},"b":1}',
  '{"constructor":{"prototype":{"polluted":true}},"b":1}',
  '{"a":[{"__proto__":{"__proto__":{"polluted":true}}}],"b":1}',
];

const bodyRoutes: Routes = {
  keep: ({ session, request }) => void (session.data.a = JSON.parse(request.query['body'] ?? '')),
  replace: ({ session, request }) => void (session.data = JSON.parse(request.query['body'] ?? '') as Bag),
  read: ({ session }) => session.data,
  /** Merges what is stored into something of the app's own, as carelessly as many do. */
  merge: ({ session }) => {
    const settings = { a: {}, b: {} };
    merge(settings, session.data);
    return { polluted: ({} as Bag)['polluted'] ?? false };
  },
};

describe.each(cells)('%s', (_, cell) => {
  describe.each([
    ['the handler returns', false],
    ['save()', true],
  ])('with devalue, stored when %s', (_when, saves) => {
    it.each(changes)('A14: %s: stored', async (_what, change) => {
      const routes: Routes = {
        begin: ({ session }) => void Object.assign(session.data, rich()),
        change: async ({ session }) => {
          change(session.data as Rich);
          if (saves) await session.save();
        },
        read: ({ session }) => shown(session.data),
      };
      const app = await start(cell, { routes, session: { serializer: new DevalueSerializer() } });
      const client = await clientOf(app, '/begin');
      expect((await client.get('/read')).text).toBe(shown(rich()));
      await client.get('/change');
      const expected = rich();
      change(expected);
      expect((await client.get('/read')).text).toBe(shown(expected));
      expect((await client.get('/read')).text).not.toBe(shown(rich()));
    });
  });

  const mapRoutes: Routes = {
    begin: ({ session }) => void Object.assign(session.data, { a: new Map([['n', 1]]), b: new Set([1]) }),
    readonly: ({ session }) => void (session.data.a as Map<string, number>).get('n'),
    again: ({ session }) => void (session.data.a as Map<string, number>).set('n', 1),
    a: ({ session }) => void (session.data.a as Map<string, number>).set('n', 2),
    b: ({ session }) => void (session.data.b as Set<number>).add(2),
    update: ({ session }) =>
      session
        .update((data) => {
          const map = data.a as Map<string, number>;
          map.set('n', map.get('n')! + 1);
        })
        .then(() => 'updated'),
    take: async ({ session }) => shown({ taken: await session.take('b') }),
    bad: ({ session }) => void (session.data.a as Map<string, unknown>).set('private', () => 1),
    cycle: ({ session }) => {
      const cycle: Bag = { list: [] };
      cycle.list?.push(cycle);
      session.data.a = cycle;
    },
    isCycle: ({ session }) => String((session.data.a as Bag).list?.[0] === session.data.a),
    read: ({ session }) => shown(session.data),
  };
  const devalue = { routes: mapRoutes, session: { serializer: new DevalueSerializer() } };

  it('A13: with devalue, what is only read, or set to the same again, is not written', async () => {
    const app = await start(cell, devalue);
    const client = await clientOf(app, '/begin');
    app.counts.forget();
    await client.get('/readonly');
    await client.get('/again');
    expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read', 'read']);
  });

  it('B1: with devalue, one changes deep in a Map, the other in a Set: both stay', async () => {
    const app = await start(cell, devalue);
    const client = await clientOf(app, '/begin');
    const held = app.gate.hold('after read');
    const slow = client.get('/a');
    await held.reached;
    await client.copy().get('/b');
    held.release();
    expect((await slow).status).toBe(200);
    expect((await client.get('/read')).text).toBe(shown({ a: new Map([['n', 2]]), b: new Set([1, 2]) }));
  });

  it('B4, B5: with devalue, update() counts in a Map and take() gives a Set', async () => {
    const app = await start(cell, devalue);
    const client = await clientOf(app, '/begin');
    await Promise.all(Array.from({ length: 8 }, () => client.copy().get('/update')));
    expect((await client.get('/take')).text).toBe(shown({ taken: new Set([1]) }));
    expect((await client.get('/read')).text).toBe(shown({ a: new Map([['n', 9]]) }));
  });

  it('A15: with devalue, a function in a Map is refused with 500, what was stored stays', async () => {
    const app = await start(cell, devalue);
    const client = await clientOf(app, '/begin');
    const before = await app.stored(client.id());
    const { status, setCookies } = await client.get('/bad');
    expect({ status, setCookies }).toEqual({ status: 500, setCookies: [] });
    expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
    const lines = app.logs.filter(({ level }) => level === 'error').map(({ text }) => text);
    expect(lines.join()).toContain('Cannot store session: data.a.values()[1] is a function');
    expect(lines.join()).not.toContain('private');
  });

  it('A14: with devalue, a cycle comes back as one', async () => {
    const app = await start(cell, devalue);
    const client = await clientOf(app, '/cycle');
    expect((await client.get('/isCycle')).text).toBe('true');
  });

  describe.each([
    ['JSON', JsonSerializer],
    ['devalue', DevalueSerializer],
  ])('with %s', (name, Serializer) => {
    it.each(poisons)(
      'A15: %s from a client is stored by a careless app: no 5xx, no prototype is reached',
      async (body) => {
        const app = await start(cell, { routes: bodyRoutes, session: { serializer: new Serializer() } });
        for (const path of ['/keep', '/replace']) {
          const client = app.client();
          expect((await client.get(`${path}?body=${encodeURIComponent(body)}`)).status).toBe(200);
          const data = JSON.stringify(await client.json('/read'));
          expect(data).toContain('"b":1');
          expect(data).not.toMatch(/__proto__|constructor|polluted/);
          expect(await client.json('/merge')).toEqual({ polluted: false });
          expect(Buffer.from((await app.stored(client.id()))!.bytes).toString()).not.toContain('polluted');
        }
      },
    );

    it.each(poisons)('A16: %s in the storage reaches no prototype', async (poison) => {
      const app = await start(cell, { routes: bodyRoutes, session: { serializer: new Serializer() } });
      const client = await clientOf(app, '/keep?body={"x":1}');
      const payload = name === 'JSON' ? `{"a":${poison},"b":${poison}}` : flat({ a: poison, b: poison });
      await app.rewrite(client.id(), ({ header }) => recordOf(header, payload));
      const { status, text } = await client.get('/read');
      expect(status).toBe(200);
      expect(text).not.toMatch(/__proto__|constructor|polluted/);
      expect(await client.json('/merge')).toEqual({ polluted: false });
    });

    it.each([
      ['too deep', { maxDepth: 100 }, name === 'JSON' ? `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}` : chain(9000)],
      [
        'too large',
        { maxBytes: 40_000 },
        name === 'JSON' ? `{"a":"${'x'.repeat(40_000)}"}` : `[{"a":1},"${'x'.repeat(40_000)}"]`,
      ],
    ])('A16: what is stored %s is no session, no 5xx', async (_what, limits, payload) => {
      const session = { serializer: new Serializer(limits) };
      const app = await start(cell, { routes: bodyRoutes, session });
      const client = await clientOf(app, '/keep?body={"x":1}');
      await app.rewrite(client.id(), ({ header }) => recordOf(header, payload));
      const { status, text, setCookies } = await client.get('/read');
      expect({ status, text, setCookies }).toEqual({ status: 200, text: '{}', setCookies: [] });
      expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: 'record' });
    });

    it('A15: more than maxBytes is refused with 500, what was stored stays', async () => {
      const routes: Routes = {
        set: ({ session, request }) => void (session.data.a = 'x'.repeat(Number(request.query['length']))),
        save: async ({ session }) => {
          session.data.a = 'x'.repeat(500);
          const error = await session.save().catch((thrown: unknown) => thrown);
          session.data.a = 'y';
          return { isTooLarge: error instanceof SessionTooLargeError };
        },
        read: ({ session }) => session.data,
      };
      const app = await start(cell, { routes, session: { serializer: new Serializer({ maxBytes: 100 }) } });
      const client = await clientOf(app, '/set?length=10');
      const { status, setCookies } = await client.get('/set?length=101');
      expect({ status, setCookies }).toEqual({ status: 500, setCookies: [] });
      expect(await client.json('/read')).toEqual({ a: 'xxxxxxxxxx' });
      expect(app.logs.map(({ text }) => text).join()).toMatch(
        /Cannot store session: its data takes \d+ bytes, more than the 100 of its serializer/,
      );
      expect(await client.json('/save')).toEqual({ isTooLarge: true });
      expect(await client.json('/read')).toEqual({ a: 'y' });
    });
  });
});

function merge(target: Bag, source: Bag): void {
  for (const key in source) {
    const [inner, value] = [target[key], source[key]];
    const isMerged = typeof inner === 'function' || (typeof inner === 'object' && inner !== null);
    if (isMerged && typeof value === 'object' && value !== null) merge(inner as Bag, value as Bag);
    else target[key] = value;
  }
}

/** What devalue would have stored, if it took such data. */
function flat(members: Readonly<Record<string, string>>): string {
  const values: unknown[] = [];
  const place = (value: unknown): number => {
    const at = values.push(undefined) - 1;
    if (typeof value !== 'object' || value === null) values[at] = value;
    else if (Array.isArray(value)) values[at] = value.map(place);
    else {
      values[at] = Object.create(null) as object;
      for (const [key, inner] of Object.entries(value)) (values[at] as Bag)[key] = place(inner);
    }
    return at;
  };
  place(Object.fromEntries(Object.entries(members).map(([key, text]) => [key, JSON.parse(text) as unknown])));
  return JSON.stringify(values);
}

function chain(length: number): string {
  const values = Array.from({ length }, (_, index) => [index + 1]);
  return JSON.stringify([{ a: 1 }, ...values.slice(1), []]);
}

function recordOf(header: StoredRecord['header'], payload: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(header)}\n${payload}`);
}
