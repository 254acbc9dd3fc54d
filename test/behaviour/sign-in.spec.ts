import { Test } from '@nestjs/testing';
import {
  SessionNotRegisteredError,
  SessionsModule,
  SessionStorageError,
  SessionStorageMemory,
  type SessionOptions,
  type SessionStorage,
} from 'nest-sessions';
import { signIn } from 'nest-sessions/testing';
import request from 'supertest';
import { describe, expect, it, vi } from 'vitest';
import { cells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { start, type WorldOptions } from '../support/world.js';

class Cart {
  items: string[] = [];
  currency = 'EUR';
}

class User {
  userId?: string;
}

const routes = {
  read: ({ session }) => ({ isNew: session.isNew, data: session.data }),
  add: ({ session, request: { query } }) => void (session.data as Bag & Cart).items.push(query['item'] ?? ''),
  both: { sessions: [Cart, User], run: ({ sessions }) => sessions.map(({ data }) => data) },
} satisfies Routes;

/** An app with a cart and a user. */
const both: WorldOptions = {
  routes: { both: routes.both },
  options: (storage) => ({
    sessions: [
      { name: 'cart', type: Cart, storage },
      { name: 'user', type: User, storage },
    ],
  }),
};

const cart = (session: SessionOptions = {}): WorldOptions => ({
  routes: { read: routes.read, add: routes.add },
  session: { type: Cart, ...session },
});

describe.each(cells)('%s', (_, cell) => {
  it('signIn(): the header that it gives brings a stored session, with the defaults of its class', async () => {
    const app = await start(cell, cart());
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] });
    expect(headers).toEqual({ Cookie: expect.stringMatching(/^sid=[\w-]{22}\.[\w-]{43}$/) });
    const client = app.client();
    expect(await client.json('/read', { headers })).toEqual({
      isNew: false,
      data: { items: ['lamp'], currency: 'EUR' },
    });
    expect(client.cookies.size).toBe(0);
    const id = headers['Cookie']?.slice('sid='.length).split('.')[0] ?? '';
    expect((await app.stored(id))?.data).toEqual({ items: ['lamp'], currency: 'EUR' });
  });

  it('signIn(): supertest and fetch take what it gives', async () => {
    const app = await start(cell, cart());
    const headers = await signIn(app.nest, 'sid', { items: ['lamp'] });
    const { body } = await request(app.origin).get('/read').set(headers).expect(200);
    expect(body).toMatchObject({ isNew: false });
    const answer = await fetch(`${app.origin}/read`, { headers });
    expect(await answer.json()).toEqual(body);
  });

  it('signIn(): is stored as a request stores: one write, one event, with the deadlines of the app', async () => {
    const app = await start(cell, cart({ idleTimeout: '10m' }));
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] });
    expect(app.counts.calls).toMatchObject([{ verb: 'write' }]);
    expect(app.events).toMatchObject([{ type: 'created', session: 'sid' }]);
    app.clock.advance(10 * 60_000 - 1);
    expect(await app.client().json('/read', { headers })).toMatchObject({ isNew: false });
    app.clock.advance(10 * 60_000);
    expect(await app.client().json('/read', { headers })).toMatchObject({ isNew: true });
  });

  it('signIn(): the session changes like any other', async () => {
    const app = await start(cell, cart());
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] });
    await app.client().get('/add?item=mug', { headers });
    expect(await app.client().json('/read', { headers })).toMatchObject({ data: { items: ['lamp', 'mug'] } });
  });

  it('signIn(): each call stores a session of its own', async () => {
    const app = await start(cell, cart());
    const carts = ['ada', 'bob'].map((name) => signIn(app.nest, Cart, { items: [name] }));
    const [ada = {}, bob = {}] = await Promise.all(carts);
    expect(await app.client().json('/read', { headers: ada })).toMatchObject({ data: { items: ['ada'] } });
    expect(await app.client().json('/read', { headers: bob })).toMatchObject({ data: { items: ['bob'] } });
  });

  it('signIn(): several sessions go into one header, and other fields stay', async () => {
    const app = await start(cell, both);
    const theme = { 'Accept-Language': 'de', Cookie: 'theme=dark' };
    const user = await signIn(app.nest, User, { userId: 'ada' }, theme);
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] }, user);
    expect(headers).toEqual({
      'Accept-Language': 'de',
      Cookie: expect.stringMatching(/^theme=dark; user=\S+; cart=\S+$/),
    });
    expect(await app.client().json('/both', { headers })).toEqual([
      { items: ['lamp'], currency: 'EUR' },
      { userId: 'ada' },
    ]);
  });

  it('signIn(): a second one of the same session takes the place of the first', async () => {
    const app = await start(cell, both);
    const ada = await signIn(app.nest, User, { userId: 'ada' });
    const headers = await signIn(app.nest, User, { userId: 'bob' }, ada);
    expect(await app.client().json('/both', { headers })).toMatchObject([{}, { userId: 'bob' }]);
  });

  it('signIn(): the token is signed where tokens are', async () => {
    const app = await start(cell, cart({ keys: ['k'.repeat(32)] }));
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] });
    expect(headers['Cookie']).toMatch(/^sid=[\w-]{131}$/);
    expect(await app.client().json('/read', { headers })).toMatchObject({ isNew: false });
  });

  it('signIn(): generateId names the id, of a request with the given header fields', async () => {
    const generateId = vi.fn<(request: unknown) => string>(() => 'chosen');
    const app = await start(cell, cart({ generateId }));
    const headers = await signIn(app.nest, Cart, { items: ['lamp'] }, { 'x-tenant': 'blue' });
    expect(headers['Cookie']).toMatch(/^sid=chosen\./);
    expect(generateId).toHaveBeenCalledExactlyOnceWith({ headers: { 'x-tenant': 'blue' } });
    expect(await app.client().json('/read', { headers })).toMatchObject({ isNew: false });
  });

  it('signIn(): rejects for a session that is not registered, or not said among several', async () => {
    const app = await start(cell, both);
    class Other {}
    await expect(signIn(app.nest, Other, {})).rejects.toThrow(SessionNotRegisteredError);
    await expect(signIn(app.nest, 'other', {})).rejects.toThrow(
      'Cannot use session: "other" is not registered: SessionsModule has "cart", "user"',
    );
    expect(app.counts.calls).toEqual([]);
  });

  it('signIn(): rejects where nothing would be stored', async () => {
    const app = await start(cell, cart());
    const message = 'Cannot sign in: nothing is stored of a session without changes: give data beside the defaults';
    await expect(signIn(app.nest, Cart, {})).rejects.toThrow(new TypeError(message));
    await expect(signIn(app.nest, Cart, { currency: 'EUR' })).rejects.toThrow(new TypeError(message));
    expect(app.counts.calls).toEqual([]);
  });

  it('signIn(): rejects with the error of the storage', async () => {
    const app = await start(cell, cart());
    void app.faults.set('write', 'fail');
    await expect(signIn(app.nest, Cart, { items: ['lamp'] })).rejects.toThrow(SessionStorageError);
  });
});

describe('signIn() without a server', () => {
  it('takes the context of an app that is compiled alone', async () => {
    const storage: SessionStorage = new SessionStorageMemory();
    const imports = [SessionsModule.forRoot({ type: Cart, storage })];
    const context = await Test.createTestingModule({ imports }).compile();
    const { Cookie = '' } = await signIn(context, Cart, { items: ['lamp'] });
    const id = Cookie.slice('sid='.length).split('.')[0] ?? '';
    expect(await storage.read(id, async () => true)).toBe(true);
    await context.close();
  });
});
