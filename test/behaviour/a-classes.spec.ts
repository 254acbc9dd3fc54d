import { describe, expect, it } from 'vitest';
import { ofStorage, travelCells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { clientOf, start } from '../support/world.js';

class CartOfYesterday {
  items: string[] = [];
}

class Cart {
  items: string[] = [];
  currency = 'EUR';
  shipping = { country: 'DE', express: false };

  get total(): number {
    return this.items.length;
  }
}

const routes: Routes = {
  read: ({ session }) => session.data,
  facts: ({ session }) => ({
    isCart: session.data instanceof Cart,
    total: session.data['total'],
    keys: Object.keys(session.data).toSorted(),
  }),
  add: ({ session, request }) => void (session.data as Bag & Cart).items.push(request.query['item'] ?? ''),
  express: ({ session }) => void ((session.data as Bag & Cart).shipping.express = true),
  remove: ({ session, request }) => void delete session.data[request.query['key'] ?? ''],
  assign: ({ session }) => void (session.data = { items: ['lamp'] }),
  extra: ({ session }) => void (session.data['extra'] = 1),
};

describe.each(travelCells)('%s', (_, cell) => {
  it('A17: a field that the stored data lacks has the default of its class, and reading it writes nothing', async () => {
    const yesterday = await start(cell, { routes, session: { type: CartOfYesterday } });
    const client = await clientOf(yesterday, '/add?item=mug');
    const today = await yesterday.another({ session: { type: Cart } });
    const now = client.copy(today.origin);
    const { text, handed } = await now.get('/read');
    expect(JSON.parse(text)).toEqual({
      items: ['mug'],
      currency: 'EUR',
      shipping: { country: 'DE', express: false },
    });
    expect(handed).toEqual([]);
    expect(today.counts.calls).toMatchObject(ofStorage(cell, [{ verb: 'read' }]));
    expect((await yesterday.kept(client))?.data).toEqual({ items: ['mug'] });
  });

  it('A17: the next change stores the default too', async () => {
    const yesterday = await start(cell, { routes, session: { type: CartOfYesterday } });
    const client = await clientOf(yesterday, '/add?item=mug');
    const today = await yesterday.another({ session: { type: Cart } });
    const now = client.copy(today.origin);
    await now.get('/express');
    expect(await now.json('/read')).toEqual({
      items: ['mug'],
      currency: 'EUR',
      shipping: { country: 'DE', express: true },
    });
  });

  it('A17: a new session starts as a new object of its class, and reading it stores nothing', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    expect(await app.client().json('/read')).toEqual({
      items: [],
      currency: 'EUR',
      shipping: { country: 'DE', express: false },
    });
    expect(app.counts.calls).toEqual([]);
  });

  it('A17: clients do not share the defaults', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    await clientOf(app, '/add?item=mug');
    expect(await app.client().json('/read')).toMatchObject({ items: [] });
  });

  it('A17: loaded data has the prototype of its class', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    const client = await clientOf(app, '/add?item=mug');
    expect(await client.json('/facts')).toEqual({ isCart: true, total: 1, keys: ['currency', 'items', 'shipping'] });
  });

  it('A17: removing a key resets it to its default', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    const client = await clientOf(app, '/add?item=mug');
    await client.get('/remove?key=items');
    expect(await client.json('/read')).toMatchObject({ items: [] });
  });

  it('A17: a plain object that is assigned becomes one of the class', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    const client = await clientOf(app, '/add?item=mug');
    await client.get('/assign');
    expect(await client.json('/read')).toMatchObject({ items: ['lamp'], currency: 'EUR' });
    expect(await client.json('/facts')).toMatchObject({ isCart: true, total: 1 });
  });

  it('A17: a key that the class does not have stays', async () => {
    const app = await start(cell, { routes, session: { type: Cart } });
    const client = await clientOf(app, '/extra');
    expect(await client.json('/read')).toMatchObject({ extra: 1 });
  });
});
