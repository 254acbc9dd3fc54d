import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ApiClient } from './api-client.js';
import { PLATFORMS, type ShopProcess, startShopOver } from './shop-process.js';
import { WebClient } from './web-client.js';

const ADA = { username: 'ada', password: 'notes-on-the-engine' };
const GRACE = { username: 'grace', password: 'a-moth-in-the-relay' };
const MUG = { productId: 'mug', quantity: 1 };
const TOKEN = /^Bearer [\w-]{22}\.[\w-]{43}$/;

describe.each(PLATFORMS)('API of sample-app on %s', (platform) => {
  let folder: string;
  let shop: ShopProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nest-sessions-shop-'));
    shop = await startShopOver(folder, platform);
  }, 30_000);

  afterAll(async () => {
    expect(await shop.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    rmSync(folder, { recursive: true, force: true });
  });

  async function signedIn(): Promise<ApiClient> {
    const client = new ApiClient(shop.url);
    expect(await client.post('/api/sign-in', ADA)).toMatchObject({ status: 200 });
    return client;
  }

  it('gives a token for a name and a password, in a header and in no cookie', async () => {
    const client = new ApiClient(shop.url);
    const { status, body, headers } = await client.post('/api/sign-in', ADA);
    expect({ status, body }).toEqual({ status: 200, body: { id: 'u1', name: 'Ada' } });
    expect(headers.get('authorization')).toMatch(TOKEN);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('knows by the token who asks, and does not send it again', async () => {
    const client = await signedIn();
    const { status, body, headers } = await client.get('/api/me');
    expect({ status, body }).toEqual({ status: 200, body: { id: 'u1', name: 'Ada' } });
    expect(headers.get('authorization')).toBeNull();
    expect(headers.get('vary')?.toLowerCase()).toContain('authorization');
    expect(headers.getSetCookie()).toEqual([]);
  });

  it('gives nobody a token who has the wrong password', async () => {
    const client = new ApiClient(shop.url);
    expectStranger(await client.post('/api/sign-in', { ...ADA, password: 'guess' }));
    expect(client.authorization).toBeUndefined();
  });

  it('answers a stranger with 401 and JSON', async () => {
    const client = new ApiClient(shop.url);
    expectStranger(await client.get('/api/me'));
    expectStranger(await client.get('/api/cart'));
    expectStranger(await client.post('/api/cart/items', MUG));
    expectStranger(await client.delete('/api/cart/items/mug'));
  });

  it('takes nothing else for a token', async () => {
    const { authorization = '' } = await signedIn();
    const token = authorization.replace('Bearer ', '');
    const forged = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`;
    for (const other of [token, `Basic ${token}`, `Bearer ${forged}`, 'Bearer', 'Bearer ../../etc/passwd']) {
      expectStranger(await new ApiClient(shop.url, other).get('/api/me'));
    }
    const browser = new WebClient(shop.url, [['device', token]]);
    await browser.submit('/login', ADA);
    expect((await browser.get('/api/me')).status).toBe(401);
  });

  it('fills a cart and empties it, and counts every one of many requests at once', async () => {
    const client = await signedIn();
    const added = await client.post('/api/cart/items', { productId: 'lamp', quantity: 2 });
    expect(added).toMatchObject({
      status: 200,
      body: { total: '€138.00', lines: [{ productId: 'lamp', quantity: 2 }] },
    });
    const all = await Promise.all(Array.from({ length: 9 }, () => client.post('/api/cart/items', MUG)));
    for (const { status, headers } of all) {
      expect(status).toBe(200);
      expect(headers.getSetCookie()).toEqual([]);
    }
    expect((await client.get('/api/cart')).body).toMatchObject({ total: '€304.50', lines: [{}, { quantity: 9 }] });
    expect((await client.delete('/api/cart/items/lamp')).body).toMatchObject({ lines: [{ productId: 'mug' }] });
    expect((await client.delete('/api/cart/items/mug')).body).toEqual({ lines: [], total: '€0.00' });
  });

  it('gives another token at the next sign-in; the old one is dead, and the cart was its owner’s', async () => {
    const client = await signedIn();
    await client.post('/api/cart/items', MUG);
    const thief = client.copy();
    await client.post('/api/sign-in', GRACE);
    expect(client.authorization).toMatch(TOKEN);
    expect(client.authorization).not.toBe(thief.authorization);
    expectStranger(await thief.get('/api/me'));
    expectStranger(await thief.get('/api/cart'));
    expect((await client.get('/api/me')).body).toEqual({ id: 'u2', name: 'Grace' });
    expect((await client.get('/api/cart')).body).toMatchObject({ lines: [] });
  });

  it('signs out: the token is taken back, and a copy of it is dead', async () => {
    const client = await signedIn();
    const thief = client.copy();
    const { status, body, headers } = await client.post('/api/sign-out');
    expect({ status, body }).toEqual({ status: 204, body: undefined });
    expect(headers.get('authorization')).toBe('');
    expect(headers.getSetCookie()).toEqual([]);
    expectStranger(await thief.get('/api/me'));
  });

  it('answers bad input, and what there is not, with a 4xx and JSON', async () => {
    const client = await signedIn();
    const bad: [path: string, body: object, status: number][] = [
      ['/api/sign-in', {}, 400],
      ['/api/sign-in', { username: 1, password: {} }, 400],
      ['/api/cart/items', {}, 400],
      ['/api/cart/items', { productId: 'spaceship', quantity: 1 }, 404],
      ...[0, -1, 21, 1.5, true, [1], '', null, 1e21].map((quantity): [string, object, number] => [
        '/api/cart/items',
        { productId: 'mug', quantity },
        400,
      ]),
      ['/api/nothing', {}, 404],
    ];
    for (const [path, body, status] of bad) {
      const answer = await client.post(path, body);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer, JSON.stringify([path, body])).toMatchObject({ body: { statusCode: status }, status });
    }
    expect((await client.get('/API/nothing?/')).body).toMatchObject({ statusCode: 404 });
    expect((await client.get('/api/cart')).body).toMatchObject({ lines: [] });
  });

  it('leaves pages pages whose path begins alike', async () => {
    const { status, headers } = await new WebClient(shop.url).get('/apiary');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('knows a token over a restart', async () => {
    const { authorization } = await signedIn();
    const again = await startShopOver(folder, platform);
    try {
      expect((await new ApiClient(again.url, authorization).get('/api/me')).body).toMatchObject({ name: 'Ada' });
    } finally {
      await again.stop('SIGTERM');
    }
  }, 30_000);
});

function expectStranger({ status, headers, body }: Answer): void {
  expect(status).toBe(401);
  expect(body).toMatchObject({ statusCode: 401 });
  expect(headers.get('www-authenticate')).toBe('Bearer');
  // Empty when what came was malformed: nobody could ever have been given that
  expect(headers.get('authorization') ?? '').toBe('');
  expect(headers.getSetCookie()).toEqual([]);
}
