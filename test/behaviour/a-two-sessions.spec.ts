import { describe, expect, it } from 'vitest';
import { SessionStorageMemory, type SessionsOptions } from 'nest-sessions';
import type { CountingStorage } from '../support/counting-storage.js';
import { endsAtServer, idCells, isByValue, travelCells } from '../support/matrix.js';
import type { Call, Routes } from '../support/routes.js';
import { start, type How, type World } from '../support/world.js';

class User {
  userId?: string;
}

class Cart {
  items: string[] = [];
}

const both = [User, 'cart'] as const;

/** Runs with both sessions. */
function withBoth(run: (user: Call['session'], cart: Call['session'], call: Call) => unknown): Routes[string] {
  return { sessions: both, run: (call) => run(call.sessions[0]!, call.sessions[1]!, call) };
}

const routes: Routes = {
  user: { sessions: [User], run: ({ session }) => session.data },
  cart: { sessions: [Cart], run: ({ session }) => session.data },
  'set-user': { sessions: ['user'], run: ({ session }) => void (session.data['userId'] = 'eva') },
  'set-cart': { sessions: ['cart'], run: ({ session }) => void (session.data['items'] as string[]).push('mug') },
  both: withBoth((user, cart) => [user.data, cart.data]),
  'set-both': withBoth((user, cart) => {
    user.data['userId'] = 'eva';
    (cart.data['items'] as string[]).push('mug');
  }),
  'set-too-much': withBoth((user, cart) => {
    user.data['userId'] = 'eva';
    cart.data['items'] = ['x'.repeat(5000)];
  }),
  'destroy-user': withBoth((user) => user.destroy()),
  'destroy-both': withBoth((user, cart) => Promise.all([user.destroy(), cart.destroy()])),
  'reload-both': withBoth(async (user, cart) => {
    user.data['userId'] = 'mallory';
    cart.data['items'] = [];
    await Promise.all([user.reload(), cart.reload()]);
    return [user.data, cart.data];
  }),
  login: withBoth(async (user, cart) => {
    await user.regenerate();
    user.data['userId'] = 'eva';
    (cart.data['items'] as string[]).push('lamp');
  }),
  ids: withBoth((user, cart) => [user.id, cart.id]),
};

type Layout = readonly [name: string, options: (storage: CountingStorage, how: How) => SessionsOptions];

/** Two sessions in one storage, and in two; by value, under one key. */
const layouts: readonly [Layout, Layout] = [
  [
    'one storage',
    (_, how) => ({
      sessions: [
        { type: User, ...how('user') },
        { type: Cart, ...how('cart') },
      ],
    }),
  ],
  [
    'two storages',
    (_, how) => ({
      sessions: [
        { type: User, ...how('user') },
        { type: Cart, ...how('cart'), storage: SessionStorageMemory },
      ],
    }),
  ],
];

describe.each(travelCells)('%s', (_, cell) => {
  describe.each(isByValue(cell) ? layouts.slice(0, 1) : layouts)('%s', (_, options) => {
    const begin = (): Promise<World> => start(cell, { routes, options });

    it('A18: set together: two values, each session with its own', async () => {
      const app = await begin();
      const client = app.client();
      const { handed } = await client.get('/set-both');
      expect(handed.map(({ name }) => name).toSorted()).toEqual(['cart', 'user']);
      expect(client.id('user')).not.toBe(client.id('cart'));
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
      expect(await client.json('/user')).toEqual({ userId: 'eva' });
      expect(await client.json('/cart')).toEqual({ items: ['mug'] });
    });

    it('A18: setting one starts nothing of the other', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-cart');
      expect([...client.tokens.keys()]).toEqual(['cart']);
      await client.get('/set-user');
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
    });

    it('A18: ending one leaves the other', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const { handed } = await client.get('/destroy-user');
      expect(handed).toMatchObject([{ name: 'user', isCleared: true }]);
      expect(await client.json('/both')).toEqual([{}, { items: ['mug'] }]);
    });

    it('A18: ended together, both are cleared in one answer', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const old = client.copy();
      const { handed } = await client.get('/destroy-both');
      expect(handed.map(({ name, isCleared }) => `${name} ${isCleared}`).toSorted()).toEqual([
        'cart true',
        'user true',
      ]);
      expect(client.tokens.size).toBe(0);
      const kept = [{ userId: 'eva' }, { items: ['mug'] }];
      expect(await old.json('/both')).toEqual(endsAtServer(cell) ? [{}, { items: [] }] : kept);
    });

    it('A18: reloaded together, each has what is stored', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      expect(await client.json('/reload-both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
    });

    it('A18: a new secret for one is none for the other', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const [user, cart] = [client.token('user'), client.token('cart')];
      const [userId, cartId] = [client.id('user'), client.id('cart')];
      const { handed } = await client.get('/login');
      expect(handed.map(({ name }) => name).toSorted()).toEqual(isByValue(cell) ? ['cart', 'user'] : ['user']);
      expect(client.token('user')).not.toBe(user);
      expect(client.token('cart') === cart).toBe(!isByValue(cell));
      expect(client.id('user') === userId).toBe(!isByValue(cell));
      expect(client.id('cart')).toBe(cartId);
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug', 'lamp'] }]);
    });

    it('A18: when one of them cannot be kept, the answer is the error, and nothing is handed out of the other', async () => {
      const app = await begin();
      const client = app.client();
      if (!isByValue(cell)) void app.faults.set('write', 'fail', { times: 1 });
      const { status, handed } = await client.get(isByValue(cell) ? '/set-too-much' : '/set-both');
      expect({ status, handed }).toEqual({ status: isByValue(cell) ? 500 : 503, handed: [] });
    });

    it("A18: a token under the other session's name is no session", async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const [user, cart] = [client.token('user'), client.token('cart')];
      const swapped = app.client();
      const tokens = { user: cart, cart: user };
      expect(await swapped.json('/both', { tokens })).toEqual([{}, { items: [] }]);
      const { handed } = await swapped.get('/set-both', { tokens });
      expect(handed).toHaveLength(2);
      expect([swapped.id('user'), swapped.id('cart')]).not.toContain(client.id('user'));
      expect([swapped.id('user'), swapped.id('cart')]).not.toContain(client.id('cart'));
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
    });
  });
});

describe.each(idCells)('%s', (_, cell) => {
  describe.each(layouts)('%s', (_, options) => {
    const begin = (): Promise<World> => start(cell, { routes, options });

    it('A18: find and invalidate reach only the session that is named', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      expect(await app.service.find(client.id('user'), User)).toMatchObject({ data: { userId: 'eva' } });
      expect(await app.service.find(client.id('user'), 'cart')).toBeUndefined();
      expect(await app.service.invalidate(client.id('user'), Cart)).toBe(false);
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
      expect(await app.service.invalidate(client.id('user'), User)).toBe(true);
      expect(await client.json('/both')).toEqual([{}, { items: ['mug'] }]);
    });
  });

  it('A18: both are loaded at the same time', async () => {
    const [[, options]] = layouts;
    const app = await start(cell, { routes, options });
    const client = app.client();
    await client.get('/set-both');
    const holds = [app.gate.hold('before read'), app.gate.hold('before read')];
    const answer = client.json('/both');
    await Promise.all(holds.map(({ reached }) => reached));
    for (const { release } of holds) release();
    expect(await answer).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
  });

  it('A18: both are stored at the same time, before the answer', async () => {
    const [[, options]] = layouts;
    const app = await start(cell, { routes, options });
    const client = app.client();
    const holds = [app.gate.hold('before write'), app.gate.hold('before write')];
    const answer = client.get('/set-both');
    await Promise.all(holds.map(({ reached }) => reached));
    for (const { release } of holds) release();
    expect((await answer).handed).toHaveLength(2);
  });
});
