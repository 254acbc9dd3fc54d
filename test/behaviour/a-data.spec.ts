import { describe, expect, it } from 'vitest';
import { travelCells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { clientOf, start } from '../support/world.js';

interface Deep extends Bag {
  cart: { items: unknown[]; lines: Record<string, { count: number; tags?: string[] }> };
  when: unknown;
}

const stored: Deep = {
  cart: { items: ['mug'], lines: { mug: { count: 1, tags: ['new'] }, lamp: { count: 2 } } },
  when: new Date(0).toISOString(),
};

/** Deep changes: what a handler does, and what the data is then. */
const changes: readonly (readonly [what: string, change: (data: Deep) => void, then: (data: Deep) => void])[] = [
  ['an element is pushed', ({ cart }) => void cart.items.push('lamp'), ({ cart }) => (cart.items = ['mug', 'lamp'])],
  ['an element is spliced out', ({ cart }) => void cart.items.splice(0, 1), ({ cart }) => (cart.items = [])],
  ['an element is replaced by index', ({ cart }) => (cart.items[0] = 'cup'), ({ cart }) => (cart.items = ['cup'])],
  [
    'an element of a nested plain object is replaced',
    ({ cart }) => (cart.lines['mug'] = { count: 5 }),
    ({ cart }) => (cart.lines['mug'] = { count: 5 }),
  ],
  [
    'a nested number is counted up',
    ({ cart }) => void cart.lines['lamp']!.count++,
    ({ cart }) => (cart.lines['lamp'] = { count: 3 }),
  ],
  [
    'a nested key is removed',
    ({ cart }) => void delete cart.lines['mug']!.tags,
    ({ cart }) => (cart.lines['mug'] = { count: 1 }),
  ],
  ['a nested array is emptied', ({ cart }) => (cart.items.length = 0), ({ cart }) => (cart.items = [])],
  [
    'a Date is assigned and then moved',
    (data) => {
      const when = new Date(0);
      data.when = when;
      when.setUTCFullYear(2030);
    },
    (data) => (data.when = '2030-01-01T00:00:00.000Z'),
  ],
  ['a top-level key is removed', (data) => void delete data.a, (data) => void delete data.a],
  ['a key is set to null', (data) => (data.a = null), (data) => (data.a = null)],
  ['a key is set to undefined', (data) => (data.a = undefined), (data) => void delete data.a],
  [
    'a key has a name of Object.prototype, but for __proto__, which is dropped',
    (data) => {
      const evil = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object;
      data.a = evil;
    },
    (data) => (data.a = { constructor: 1 }),
  ],
];

describe.each(travelCells)('%s', (_, cell) => {
  describe.each([
    ['the handler returns', false],
    ['save()', true],
  ])('stored when %s', (_when, saves) => {
    it.each(changes)('A14: %s: stored', async (_what, change, then) => {
      const routes: Routes = {
        begin: ({ session }) => void Object.assign(session.data, structuredClone({ ...stored, a: 1 })),
        change: async ({ session }) => {
          change(session.data as Deep);
          if (saves) await session.save();
        },
        read: ({ session }) => session.data,
      };
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/begin');
      await client.get('/change');
      const expected = structuredClone({ ...stored, a: 1 }) as Deep;
      then(expected);
      expect(JSON.stringify(await client.json('/read'))).toBe(JSON.stringify(expected));
      expect(({} as Bag)['polluted']).toBeUndefined();
    });
  });

  it('A14: a Date that is moved after save() is stored again', async () => {
    const routes: Routes = {
      change: async ({ session }) => {
        const when = new Date(0);
        session.data.a = when;
        await session.save();
        when.setUTCFullYear(2030);
      },
      read: ({ session }) => session.data,
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/change');
    expect(await client.json('/read')).toEqual({ a: '2030-01-01T00:00:00.000Z' });
  });

  it('A14: a change that is made while the handler waits is stored', async () => {
    const routes: Routes = {
      change: async ({ session }) => {
        const { data } = session;
        await Promise.resolve();
        data.list = [1];
        await Promise.resolve();
        data.list.push(2);
      },
      read: ({ session }) => session.data,
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/change');
    expect(await client.json('/read')).toEqual({ list: [1, 2] });
  });
});
