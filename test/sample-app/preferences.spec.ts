import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingIn } from '../support/folder.js';
import { PLATFORMS, type ShopProcess, startShopOver } from './shop-process.js';
import { type Page, WebClient } from './web-client.js';

const ADA = { username: 'ada', password: 'notes-on-the-engine' };
const newKey = () => randomBytes(32).toString('base64');

/** What a page looks like: its language, its theme, and its title. */
const lookOf = ({ html }: Page) => ({
  language: /<html lang="(\w+)"/.exec(html)?.[1],
  theme: /data-theme="(\w+)"/.exec(html)?.[1],
  title: /<h1>([^<]*)</.exec(html)?.[1],
});

const ENGLISH = { language: 'en', theme: 'auto', title: 'Good things for the house' };
const GERMAN_AND_DARK = { language: 'de', theme: 'dark', title: 'Gute Dinge fürs Haus' };

describe.each(PLATFORMS)('preferences of sample-app on %s', (platform) => {
  const key = newKey();
  let folder: string;
  let shop: ShopProcess;
  const running: ShopProcess[] = [];

  async function start(env: Record<string, string>): Promise<ShopProcess> {
    const started = await startShopOver(folder, platform, env);
    running.push(started);
    return started;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nest-sessions-shop-'));
    shop = await start({ SESSION_KEYS: key });
  }, 30_000);

  afterAll(async () => {
    for (const { stop } of running) expect(await stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    rmSync(folder, { recursive: true, force: true });
  });

  async function withGermanAndDark(): Promise<WebClient> {
    const client = new WebClient(shop.url);
    await client.submit('/preferences', { theme: 'dark', returnTo: '/' });
    await client.submit('/preferences', { language: 'de', returnTo: '/' });
    return client;
  }

  it.each([
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['nl, fr;q=0.5, en;q=0.4', 'fr'],
    ['en;q=0.3, FR-ca ; q=0.7', 'fr'],
    ['de;q=0, nl', 'en'],
    ['constructor, __proto__;q=0.9', 'en'],
    [';;q=,;,', 'en'],
  ])('speaks to a browser that asks for %j in %j, and sets no cookie', async (header, language) => {
    const page = await new WebClient(shop.url).get('/', { 'accept-language': header });
    expect(lookOf(page)).toMatchObject({ language, theme: 'auto' });
    expect(page.headers.get('vary')).toContain('Accept-Language');
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('looks as the visitor has chosen on every page, whatever the browser asks for', async () => {
    const client = await withGermanAndDark();
    await client.submit('/login', ADA);
    await client.submit('/cart/items', { productId: 'mug', quantity: '1' });
    const titles: [path: string, title: string][] = [
      ['/', 'Gute Dinge fürs Haus'],
      ['/cart', 'Ihr Warenkorb'],
      ['/checkout', 'Kasse'],
      ['/account', 'Hallo, Ada'],
      ['/session', 'Ihre Sitzungen'],
      ['/login', 'Anmelden'],
      ['/nowhere', 'Hier ist nichts'],
    ];
    for (const [path, title] of titles) {
      const page = await client.get(path, { 'accept-language': 'fr' });
      expect(lookOf(page), path).toEqual({ language: 'de', theme: 'dark', title });
    }
  });

  it('says what waits to be said in the language that was chosen meanwhile', async () => {
    const client = new WebClient(shop.url);
    await client.post('/cart/items', { productId: 'mug', quantity: '1' });
    const page = await client.submit('/preferences', { language: 'fr', returnTo: '/cart' });
    expect(page.html).toContain('Stoneware mug est dans votre panier.');
  });

  it('leads back to the page that the form was on, with its query, and stays in the shop', async () => {
    const client = new WebClient(shop.url);
    const { html } = await client.get('/cart?a=1&b=2');
    expect(html).toContain('name="returnTo" value="/cart?a=1&amp;b=2"');
    const { location } = await client.post('/preferences', { theme: 'dark', returnTo: '/cart?a=1&b=2' });
    expect(location).toBe('/cart?a=1&b=2');
    const away = await client.post('/preferences', { theme: 'dark', returnTo: '//evil.example' });
    expect(new URL(away.location ?? '', shop.url).origin).toBe(new URL(shop.url).origin);
  });

  it('keeps the choice in a cookie for a year, which shows nothing of it, and in no storage', async () => {
    const before = everythingIn(join(folder, 'records'));
    const chosen = await new WebClient(shop.url).post('/preferences', { theme: 'dark' });
    const [cookie = '', ...others] = chosen.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^prefs=[\w-]+; Max-Age=31536000;.*HttpOnly; SameSite=Lax/);
    const value = /^prefs=([^;]*)/.exec(cookie)?.[1] ?? '';
    for (const text of [value, Buffer.from(value, 'base64url').toString('latin1')]) {
      expect(text).not.toMatch(/dark|theme|language/i);
    }
    const other = await new WebClient(shop.url).post('/preferences', { theme: 'light' });
    expect(other.headers.getSetCookie()[0]).toHaveLength(cookie.length);
    expect(everythingIn(join(folder, 'records'))).toEqual(before);
  });

  it('takes a cookie that was tampered with, cut, or sealed by somebody else for none', async () => {
    const client = await withGermanAndDark();
    expect(lookOf(await client.get('/'))).toEqual(GERMAN_AND_DARK);
    const value = client.cookies.get('prefs') ?? '';
    const flipped = value.slice(0, 70) + (value[70] === 'A' ? 'B' : 'A') + value.slice(71);
    for (const forged of [
      flipped,
      value.slice(0, -8),
      randomBytes(150).toString('base64url'),
      '{"theme":"dark"}',
      '',
    ]) {
      const page = await new WebClient(shop.url, [['prefs', forged]]).get('/');
      expect(page.status, forged).toBe(200);
      expect(lookOf(page), forged).toEqual(ENGLISH);
    }
  });

  it('answers a choice that there is none of with a page and a 400', async () => {
    const client = new WebClient(shop.url);
    for (const form of [{}, { theme: 'pink' }, { language: 'xx' }, { language: '__proto__' }, { 'theme[]': 'dark' }]) {
      const page = await client.post('/preferences', form);
      expect(page.status, JSON.stringify(form)).toBe(400);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    }
    expect(client.cookies).toEqual(new Map());
  });

  it('refuses a choice that another site sends', async () => {
    const client = new WebClient(shop.url);
    const { status } = await client.post('/preferences', { theme: 'dark' }, { 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(403);
    expect(client.cookies).toEqual(new Map());
  });

  it('remembers over a restart, also when a new key was put before the old one: the cookie is then sealed anew', async () => {
    const { cookies } = await withGermanAndDark();
    const again = await start({ SESSION_KEYS: key });
    const same = new WebClient(again.url, cookies);
    expect(lookOf(await same.get('/'))).toEqual(GERMAN_AND_DARK);
    expect(same.cookies).toEqual(cookies);

    const next = newKey();
    const rotated = await start({ SESSION_KEYS: `${next},\n  ${key}` });
    const client = new WebClient(rotated.url, cookies);
    expect(lookOf(await client.get('/'))).toEqual(GERMAN_AND_DARK);
    expect(client.cookies.get('prefs')).not.toBe(cookies.get('prefs'));

    const afterwards = await start({ SESSION_KEYS: next });
    expect(lookOf(await new WebClient(afterwards.url, client.cookies).get('/'))).toEqual(GERMAN_AND_DARK);
    expect(lookOf(await new WebClient(afterwards.url, cookies).get('/'))).toEqual(ENGLISH);
    for (const { started } of running) {
      expect(started).not.toContain(key);
      expect(started).not.toContain(next);
      expect(started).not.toContain('SESSION_KEYS');
    }
  }, 30_000);

  it('starts without keys, says what that means, and takes old cookies for none', async () => {
    const { cookies } = await withGermanAndDark();
    const keyless = await startShopOver(folder, platform);
    try {
      expect(keyless.started.match(/SESSION_KEYS is not set: .*/g)).toHaveLength(1);
      const client = new WebClient(keyless.url, cookies);
      const page = await client.get('/');
      expect(lookOf(page)).toEqual(ENGLISH);
      // Not cleared either: an instance that knows the key may be the next to answer
      expect(page.headers.getSetCookie()).toEqual([]);
      expect(lookOf(await client.submit('/preferences', { theme: 'light', returnTo: '/' }))).toMatchObject({
        theme: 'light',
      });
    } finally {
      await keyless.stop('SIGTERM');
    }
  }, 30_000);

  it.each([
    [{ NODE_ENV: 'production' }, /Cannot start the shop: set SESSION_KEYS/],
    [{ SESSION_KEYS: 'too-short' }, /keys\[0\] must be at least 32 bytes/],
  ])(
    'does not start with %j',
    async (env, message) => {
      const starting = startShopOver(folder, platform, env);
      await expect(starting).rejects.toThrow(message);
      await expect(starting).rejects.not.toThrow('too-short');
    },
    30_000,
  );
});
