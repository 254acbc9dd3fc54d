import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type ShopProcess, startShop } from './shop-process.js';
import { WebClient } from './web-client.js';

const ADA = { username: 'ada', password: 'notes-on-the-engine' };
const FLASH = 'class="flash';

describe.each(PLATFORMS)('sample-app on %s', (platform) => {
  let shop: ShopProcess;

  beforeAll(async () => {
    shop = await startShop(platform);
  }, 30_000);

  afterAll(async () => {
    expect(await shop.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  const visit = () => new WebClient(shop.url);

  async function signedIn(): Promise<WebClient> {
    const client = visit();
    await client.submit('/login', ADA);
    return client;
  }

  it('shows the catalog to a stranger, without a cookie and without a script', async () => {
    const { status, html, headers } = await visit().get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(headers.getSetCookie()).toEqual([]);
    expect(html).toContain('Stoneware mug');
    expect(html).not.toMatch(/<script|style="|\son\w+="/);
  });

  it('answers HEAD as it would GET', async () => {
    for (const [path, status] of [
      ['/', 200],
      ['/cart', 200],
      ['/nowhere', 404],
    ] as const) {
      const response = await fetch(new URL(path, shop.url), { method: 'HEAD' });
      expect(response.status, path).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    }
  });

  it('serves the stylesheet and every picture', async () => {
    const { html } = await visit().get('/');
    const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(6);
    for (const path of paths) expect((await visit().get(path)).status, path).toBe(200);
  });

  it('has what was put into the cart on the page that the redirect leads to', async () => {
    const client = visit();
    const cart = await client.submit('/cart/items', { productId: 'mug', quantity: '2' });
    expect(cart.from.location).toBe('/cart');
    expect(cart.html).toContain('Stoneware mug');
    expect(cart.html).toContain('€37.00');
    expect((await client.get('/')).html).toContain('<span class="count">2<');
  });

  it('shows a message once', async () => {
    const client = visit();
    const cart = await client.submit('/cart/items', { productId: 'mug', quantity: '1' });
    expect(cart.html).toContain('Stoneware mug is in your cart.');
    expect((await client.get('/cart')).html).not.toContain(FLASH);
  });

  it('changes a quantity, removes a line, empties the cart', async () => {
    const client = visit();
    await client.submit('/cart/items', { productId: 'mug', quantity: '1' });
    await client.submit('/cart/items', { productId: 'lamp', quantity: '1' });
    expect((await client.submit('/cart/items/mug', { quantity: '4' })).html).toContain('€143.00');
    const removed = await client.submit('/cart/items/lamp/remove');
    expect(removed.html).not.toContain('Reading lamp');
    expect(removed.html).toContain('€74.00');
    expect((await client.submit('/cart/empty')).html).toContain('There is nothing in it yet');
  });

  it('counts every one of many clicks at once', async () => {
    const client = visit();
    await client.submit('/cart/items', { productId: 'mug', quantity: '1' });
    const clicks = Array.from({ length: 9 }, () => client.post('/cart/items', { productId: 'mug', quantity: '1' }));
    for (const { status } of await Promise.all(clicks)) expect(status).toBe(303);
    expect((await client.get('/cart')).html).toContain('€185.00');
  });

  it('says after the redirect that a password is wrong, once', async () => {
    for (const username of ['ada', 'nobody']) {
      const client = visit();
      const login = await client.submit('/login', { username, password: 'guess' });
      expect(login.from.location).toMatch(/^\/login\?/);
      expect(login.html).toContain('That name and password do not match.');
      expect((await client.get('/login')).html).not.toContain(FLASH);
      await expectStranger(client);
    }
  });

  it('gives another cookie at login, ends the old one, and keeps the cart', async () => {
    const client = visit();
    await client.submit('/cart/items', { productId: 'lamp', quantity: '1' });
    const before = client.copy();
    const account = await client.submit('/login', ADA);
    expect(account.from.location).toBe('/account');
    expect(account.html).toContain('Hello, Ada');
    expect(before.cookies.get('visitor')).toBeTypeOf('string');
    expect(client.cookies.get('visitor')).not.toBe(before.cookies.get('visitor'));
    expect((await client.get('/cart')).html).toContain('Reading lamp');
    await expectStranger(before);
  });

  it('leads back after the login to the page that asked for it, with its query, also after a wrong password', async () => {
    const client = visit();
    const guarded = await client.get('/account?page=2');
    expect(guarded.status).toBe(303);
    const form = await client.get(guarded.location ?? '');
    expect(returnTo(form)).toBe('/account?page=2');
    const again = await client.submit('/login', { username: 'ada', password: 'guess', returnTo: returnTo(form) });
    expect((await client.post('/login', { ...ADA, returnTo: returnTo(again) })).location).toBe('/account?page=2');
  });

  it.each([
    'http://evil.example/account',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    'http:evil.example',
    'http:\\\\evil.example',
    'javascript:alert(1)',
    'http://shop.invalid//evil.example',
    'http://[',
    '/%0d%0aset-cookie:%20a=b',
    '"><script>',
    '',
  ])('stays in the shop after a login that was to lead to %j', async (wanted) => {
    const client = visit();
    const offered = returnTo(await client.get(`/login?returnTo=${encodeURIComponent(wanted)}`));
    const { status, location } = await client.post('/login', { ...ADA, returnTo: wanted });
    expect(status).toBe(303);
    expect(location).toBe(offered);
    expect(location).toMatch(/^\/(?![/\\])/);
    expect(new URL(location ?? '', shop.url).origin).toBe(new URL(shop.url).origin);
  });

  it('keeps the host of an absolute request target out of the way back', async () => {
    const location = await rawLocation(shop.url, 'http://evil.example/account');
    expect(location).toMatch(/^\/login\?/);
    expect(returnTo(await visit().get(location))).toBe('/account');
  });

  it('places one order for two clicks at once, and shows it to nobody else', async () => {
    const client = await signedIn();
    await client.submit('/cart/items', { productId: 'kettle', quantity: '3' });
    expect((await client.get('/checkout')).html).toContain('€133.50');
    const clicks = await Promise.all([client.post('/checkout'), client.post('/checkout')]);
    expect(new Set(clicks.map(({ location }) => location))).toEqual(new Set(['/account', '/cart']));
    const account = await client.get('/account');
    expect(account.html.match(/€133\.50/g)).toHaveLength(2);
    expect((await client.get('/cart')).html).toContain('There is nothing in it yet');

    const grace = visit();
    await grace.submit('/login', { username: 'grace', password: 'a-moth-in-the-relay' });
    expect((await grace.get('/account')).html).not.toContain('€133.50');
  });

  it('thanks for an order after the redirect', async () => {
    const client = await signedIn();
    await client.submit('/cart/items', { productId: 'plant', quantity: '1' });
    expect((await client.submit('/checkout')).html).toMatch(/Thank you! Order \d+ is on its way\./);
    expect((await client.get('/account')).html).not.toContain(FLASH);
    expect((await client.submit('/checkout')).html).toContain('There is nothing in your cart to order.');
  });

  it('asks a stranger to sign in before an order', async () => {
    const client = visit();
    await client.submit('/cart/items', { productId: 'plant', quantity: '1' });
    const { location } = await client.get('/checkout');
    expect((await client.post('/checkout')).location).toBe('/login');
    const checkout = await client.submit('/login', { ...ADA, returnTo: returnTo(await client.get(location ?? '')) });
    expect(checkout.from.location).toBe('/checkout');
    expect(checkout.html).toContain('Snake plant');
  });

  it('shows the public facts of the sessions, and no secret', async () => {
    const client = await signedIn();
    const { html } = await client.get('/session');
    const token = client.cookies.get('visitor') ?? '';
    const [id = '', secret = ''] = token.split('.');
    expect(secret.length).toBeGreaterThan(20);
    expect(html).toContain(id);
    expect(html).not.toContain(secret);
    expect(html.match(/<time datetime="\d{4}-/g)).toHaveLength(4);
  });

  it('regenerates: the id and the data stay, the cookie changes, the old one is dead', async () => {
    const client = await signedIn();
    const thief = client.copy();
    await client.submit('/session/visitor/regenerate');
    expect(idOf(client)).toBe(idOf(thief));
    expect(client.cookies.get('visitor')).not.toBe(thief.cookies.get('visitor'));
    expect((await client.get('/account')).status).toBe(200);
    await expectStranger(thief);
  });

  it('destroys: the cookie goes and the data with it', async () => {
    const client = await signedIn();
    const thief = client.copy();
    expect((await client.submit('/session/visitor/destroy')).from.location).toBe('/session');
    expect(client.cookies.has('visitor')).toBe(false);
    await expectStranger(client);
    await expectStranger(thief);
  });

  it('destroys and regenerates the cart alone', async () => {
    const client = await signedIn();
    await client.submit('/cart/items', { productId: 'candle', quantity: '1' });
    await client.submit('/session/cart/regenerate');
    expect((await client.get('/cart')).html).toContain('Beeswax candle');
    await client.submit('/session/cart/destroy');
    expect((await client.get('/cart')).html).not.toContain('Beeswax candle');
    expect((await client.get('/account')).status).toBe(200);
  });

  it('logs out: neither the browser nor a copy of its cookies has an account or a cart', async () => {
    const client = await signedIn();
    await client.submit('/cart/items', { productId: 'candle', quantity: '1' });
    const thief = client.copy();
    expect((await client.post('/logout')).location).toBe('/');
    expect(client.cookies).toEqual(new Map());
    expect((await thief.get('/cart')).html).not.toContain('Beeswax candle');
    await expectStranger(thief);
  });

  it('answers bad input with a page and a 4xx', async () => {
    const client = await signedIn();
    const bad: [path: string, form: Record<string, string>, status: number][] = [
      ['/cart/items', {}, 400],
      ['/cart/items', { productId: 'mug' }, 400],
      ['/cart/items', { productId: 'spaceship', quantity: '1' }, 404],
      ['/cart/items', { productId: '__proto__', quantity: '1' }, 404],
      ['/cart/items/spaceship', { quantity: '1' }, 404],
      ...['0', '-1', '21', '1.5', '1e1', 'NaN', '', ' ', '9'.repeat(400)].map(
        (quantity): [string, Record<string, string>, number] => ['/cart/items', { productId: 'mug', quantity }, 400],
      ),
      ['/login', {}, 400],
      ['/login', { username: 'ada' }, 400],
      ['/login', { username: 'ada', password: 'x'.repeat(201) }, 400],
      ['/login', { 'username[a]': 'ada', 'password[]': 'x' }, 400],
      ['/session/else/regenerate', {}, 400],
      ['/session/__proto__/destroy', {}, 400],
      ['/nowhere', {}, 404],
    ];
    for (const [path, form, status] of bad) {
      const page = await client.post(path, form);
      expect([400, 404], JSON.stringify([path, form])).toContain(page.status);
      if (Object.keys(form).length > 0) expect(page.status, JSON.stringify([path, form])).toBe(status);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    }
    expect((await client.get('/cart')).html).toContain('There is nothing in it yet');
  });

  it('answers other bodies with a 4xx', async () => {
    const bodies: [type: string, body: string][] = [
      ['application/json', '{'],
      ['application/json', 'null'],
      ['application/json', '[]'],
      ['application/json', '{"username":{},"password":1}'],
      ['text/xml', '<a/>'],
      ['application/x-www-form-urlencoded', '%'],
      ['application/x-www-form-urlencoded', `username=${'x'.repeat(2_000_000)}`],
    ];
    for (const [type, body] of bodies) {
      const { status } = await fetch(`${shop.url}/login`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(status, `${type} ${body.slice(0, 40)}`).toBeGreaterThanOrEqual(400);
      expect(status, `${type} ${body.slice(0, 40)}`).toBeLessThan(500);
    }
  });

  it('escapes what it shows', async () => {
    const { status, html } = await visit().get('/<script>alert(1)</script>?<script>');
    expect(status).toBe(404);
    expect(html).not.toContain('<script>');
  });

  it('refuses a form that another site sends', async () => {
    const client = await signedIn();
    for (const site of ['cross-site', 'same-site']) {
      expect((await client.post('/logout', {}, { 'sec-fetch-site': site })).status).toBe(403);
    }
    expect((await client.post('/logout', {}, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await client.get('/account')).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once on %s, with connections kept alive, and one on which nothing came',
    async (signal) => {
      const other = await startShop(platform);
      const client = new WebClient(other.url);
      await client.submit('/cart/items', { productId: 'mug', quantity: '1' });
      await openConnection(other.url);
      const { milliseconds, ...ending } = await other.stop(signal);
      expect(ending).toEqual({ code: 0, signal: null, stderr: '' });
      expect(milliseconds).toBeLessThan(2_000);
    },
    30_000,
  );
});

/** Asks for the account as somebody without one. */
async function expectStranger(client: WebClient): Promise<void> {
  const { status, location, html } = await client.get('/account');
  expect(status).toBe(303);
  expect(location).toMatch(/^\/login\?/);
  expect(html).not.toContain('Ada');
}

/** Where the sign-in form on a page leads back to. */
function returnTo({ html }: { readonly html: string }): string {
  return /name="returnTo" value="([^"]*)"/.exec(html)?.[1] ?? '';
}

/** Connects, as browsers do before they know what for. */
async function openConnection(url: string): Promise<void> {
  await once(
    connect({ host: 'localhost', port: Number(new URL(url).port) }).on('error', () => {}),
    'connect',
  );
}

/** Asks for a target that `fetch` would never send, and resolves to where the answer redirects. */
function rawLocation(url: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { path }, (response) => {
      response.resume().on('end', () => resolve(response.headers.location ?? ''));
    })
      .on('error', reject)
      .end();
  });
}

function idOf(client: WebClient): string | undefined {
  return client.cookies.get('visitor')?.split('.')[0];
}
