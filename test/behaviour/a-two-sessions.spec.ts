import { describe, expect, it } from 'vitest';
import type { SessionsOptions } from 'nest-sessions';
import type { CountingStorage } from '../support/counting-storage.js';
import { cells } from '../support/matrix.js';
import type { Call, Routes } from '../support/routes.js';
import { start, type World } from '../support/world.js';

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

/** Two sessions in one storage, and in two. */
const layouts: readonly (readonly [string, (storage: CountingStorage) => SessionsOptions])[] = [
  [
    'one storage',
    (storage) => ({
      sessions: [
        { type: User, name: 'user', storage },
        { type: Cart, name: 'cart', storage },
      ],
    }),
  ],
  [
    'two storages',
    (storage) => ({
      sessions: [
        { type: User, name: 'user', storage },
        { type: Cart, name: 'cart' },
      ],
    }),
  ],
];

describe.each(cells)('%s', (_, cell) => {
  describe.each(layouts)('%s', (_, options) => {
    const begin = (): Promise<World> => start(cell, { routes, options });

    it('A18: set together: two cookies, two records, each with its own', async () => {
      const app = await begin();
      const client = app.client();
      const { setCookies } = await client.get('/set-both');
      expect(setCookies.map(({ name }) => name).toSorted()).toEqual(['cart', 'user']);
      expect(client.id('user')).not.toBe(client.id('cart'));
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
      expect(await client.json('/user')).toEqual({ userId: 'eva' });
      expect(await client.json('/cart')).toEqual({ items: ['mug'] });
    });

    it('A18: setting one starts nothing of the other', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-cart');
      expect([...client.cookies.keys()]).toEqual(['cart']);
      await client.get('/set-user');
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
    });

    it('A18: ending one leaves the other', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const { setCookies } = await client.get('/destroy-user');
      expect(setCookies).toMatchObject([{ name: 'user', isCleared: true }]);
      expect(await client.json('/both')).toEqual([{}, { items: ['mug'] }]);
    });

    it('A18: ended together, both cookies are cleared in one answer', async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const old = client.copy();
      const { setCookies } = await client.get('/destroy-both');
      expect(setCookies.map(({ name, isCleared }) => `${name} ${isCleared}`).toSorted()).toEqual([
        'cart true',
        'user true',
      ]);
      expect(await old.json('/both')).toEqual([{}, { items: [] }]);
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
      const { setCookies } = await client.get('/login');
      expect(setCookies.map(({ name }) => name)).toEqual(['user']);
      expect(client.token('user')).not.toBe(user);
      expect(client.token('cart')).toBe(cart);
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug', 'lamp'] }]);
    });

    it("A18: a token under the other session's cookie name is no session", async () => {
      const app = await begin();
      const client = app.client();
      await client.get('/set-both');
      const [user, cart] = [client.token('user'), client.token('cart')];
      const swapped = app.client();
      const cookie = `user=${cart}; cart=${user}`;
      expect(await swapped.json('/both', { cookie })).toEqual([{}, { items: [] }]);
      const { setCookies } = await swapped.get('/set-both', { cookie });
      expect(setCookies).toHaveLength(2);
      expect([swapped.id('user'), swapped.id('cart')]).not.toContain(client.id('user'));
      expect([swapped.id('user'), swapped.id('cart')]).not.toContain(client.id('cart'));
      expect(await client.json('/both')).toEqual([{ userId: 'eva' }, { items: ['mug'] }]);
    });

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

    it('A18: when one of them cannot be stored, the answer is the error and neither cookie is sent', async () => {
      const app = await begin();
      void app.faults.set('write', 'fail', { times: 1 });
      const { status, setCookies } = await app.client().get('/set-both');
      expect({ status, setCookies }).toEqual({ status: 503, setCookies: [] });
    });
  });

  it('A18: both are loaded at the same time', async () => {
    const [, options] = layouts[0]!;
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
    const [, options] = layouts[0]!;
    const app = await start(cell, { routes, options });
    const client = app.client();
    const holds = [app.gate.hold('before write'), app.gate.hold('before write')];
    const answer = client.get('/set-both');
    await Promise.all(holds.map(({ reached }) => reached));
    for (const { release } of holds) release();
    expect((await answer).setCookies).toHaveLength(2);
  });
});
