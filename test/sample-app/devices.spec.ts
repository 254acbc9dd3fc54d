import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from './api-client.js';
import { PLATFORMS, type ShopProcess, startShop } from './shop-process.js';
import { ADA, type Credentials, GRACE, signInApp, signInBrowser } from './sign-in.js';
import { type Page, WebClient } from './web-client.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1';
const DEVICES = '/account/devices';

describe.each(PLATFORMS)('the page of devices of sample-app on %s', { timeout: 30_000 }, (platform) => {
  let shop: ShopProcess;

  beforeAll(async () => {
    shop = await startShop(platform);
  }, 30_000);

  afterAll(async () => {
    expect(await shop.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  function signedIn(user = ADA, userAgent?: string): Promise<WebClient> {
    return signInBrowser(shop.url, user, userAgent);
  }

  /** A browser of Ada's, after which there is no other. */
  async function alone(userAgent?: string): Promise<WebClient> {
    const client = await signedIn(ADA, userAgent);
    await client.submit(`${DEVICES}/sign-out-others`);
    return client;
  }

  function appOf(user: Credentials): Promise<ApiClient> {
    return signInApp(shop.url, user);
  }

  it('is for those who have signed in', async () => {
    const stranger = new WebClient(shop.url);
    const victim = await signedIn();
    expect((await stranger.get(DEVICES)).location).toBe('/login?returnTo=%2Faccount%2Fdevices');
    expect((await stranger.post(`${DEVICES}/sign-out-others`)).location).toBe('/login');
    expect((await stranger.post(`${DEVICES}/${idOf(victim)}/sign-out`)).location).toBe('/login');
    expect((await victim.get(DEVICES)).status).toBe(200);
  });

  it('is one click away from the account', async () => {
    const client = await signedIn();
    expect((await client.get('/account')).html).toContain(`<a href="${DEVICES}">Your devices</a>`);
  });

  it('shows each of two browsers both of them, and which one it is', async () => {
    const firefox = await alone(FIREFOX);
    const safari = await signedIn(ADA, SAFARI);
    const before = Date.now();
    for (const client of [firefox, safari]) {
      const devices = devicesOn(await client.get(DEVICES));
      expect(new Map(devices.map(({ id, name }) => [id, name]))).toEqual(
        new Map([
          [idOf(firefox), 'Firefox (Linux)'],
          [idOf(safari), 'Safari (iPhone)'],
        ]),
      );
      expect(devices.filter(({ isThisOne }) => isThisOne).map(({ id }) => id)).toEqual([idOf(client)]);
      for (const { times } of devices) {
        expect(times).toHaveLength(2);
        for (const time of times) expect(Math.abs(before - time)).toBeLessThan(60_000);
      }
    }
  });

  it('signs out another browser, which is out at once', async () => {
    const client = await alone();
    const other = await signedIn();
    const page = await client.submit(`${DEVICES}/${idOf(other)}/sign-out`);
    expect(page.from.location).toBe(DEVICES);
    await expectOut(other);
    expect(page.html).toContain('You are signed out on that device.');
    expect(devicesOn(page).map(({ id }) => id)).toEqual([idOf(client)]);
  });

  it('signs out everywhere else, browsers and apps, and stays signed in', async () => {
    const client = await alone();
    const others = [await signedIn(), await signedIn()];
    const app = await appOf(ADA);
    expect(devicesOn(await client.get(DEVICES))).toHaveLength(4);
    const page = await client.submit(`${DEVICES}/sign-out-others`);
    expect(page.html).toContain('You are signed out everywhere else.');
    for (const other of others) await expectOut(other);
    expect(await app.get('/api/me')).toMatchObject({ status: 401 });
    expect(devicesOn(page).map(({ id }) => id)).toEqual([idOf(client)]);
    expect(page.html).not.toContain('sign-out-others');
  });

  it('signs out an app', async () => {
    const client = await alone();
    const app = await appOf(ADA);
    const device = devicesOn(await client.get(DEVICES)).find(({ id }) => id !== idOf(client));
    expect(device?.name).toBe('An app');
    await client.submit(`${DEVICES}/${device?.id}/sign-out`);
    expect(await app.get('/api/me')).toMatchObject({ status: 401 });
  });

  it('signs out this browser as the button on each page does', async () => {
    const client = await signedIn();
    await client.submit('/cart/items', { productId: 'candle', quantity: '1' });
    const thief = client.copy();
    expect((await client.post(`${DEVICES}/${idOf(client)}/sign-out`)).location).toBe('/');
    expect(client.cookies).toEqual(new Map());
    await expectOut(thief);
    expect((await thief.get('/cart')).html).not.toContain('Beeswax candle');
  });

  it('shows nobody the devices of another user', async () => {
    const ada = await alone();
    const grace = await signedIn(GRACE);
    const app = await appOf(GRACE);
    const adas = await ada.get(DEVICES);
    expect(devicesOn(adas).map(({ id }) => id)).toEqual([idOf(ada)]);
    expect(adas.html).not.toContain(idOf(grace));
    const graces = await grace.get(DEVICES);
    expect(graces.html).not.toContain(idOf(ada));
    expect(devicesOn(graces).map(({ id }) => id)).toContain(idOf(grace));
    await ada.submit(`${DEVICES}/sign-out-others`);
    expect((await grace.get(DEVICES)).status).toBe(200);
    expect(await app.get('/api/me')).toMatchObject({ status: 200 });
  });

  it('leaves alone what is not theirs, and says no more about it than of what there is not', async () => {
    const ada = await signedIn();
    const grace = await signedIn(GRACE);
    const stranger = new WebClient(shop.url);
    await stranger.submit('/cart/items', { productId: 'mug', quantity: '1' });
    await ada.submit('/cart/items', { productId: 'mug', quantity: '1' });
    const app = await appOf(GRACE);
    const appId = app.authorization?.replace('Bearer ', '').split('.')[0] ?? '';
    const ids = [
      idOf(grace),
      idOf(stranger),
      idOf(ada, 'cart'),
      appId,
      'A'.repeat(22),
      'x'.repeat(100),
      '..%2F..%2Fpackage.json',
      '%00',
      '__proto__',
    ];
    // But for when the browser was used last
    const pages = new Set<string>();
    for (const id of ids) {
      const page = await ada.submit(`${DEVICES}/${id}/sign-out`);
      expect(page.from.location).toBe(DEVICES);
      expect(page.html).toContain('You are not signed in on that device.');
      pages.add(page.html.replaceAll(/<time.*?<\/time>/g, ''));
    }
    expect(pages.size).toBe(1);
    expect((await grace.get(DEVICES)).status).toBe(200);
    expect(await app.get('/api/me')).toMatchObject({ status: 200 });
    for (const client of [ada, stranger]) expect((await client.get('/')).html).toContain('<span class="count">1<');
  });

  it('signs out once for two clicks at once', async () => {
    const client = await alone();
    const other = await signedIn();
    const clicks = Array.from({ length: 2 }, () => client.post(`${DEVICES}/${idOf(other)}/sign-out`));
    for (const { status, location } of await Promise.all(clicks)) {
      expect({ status, location }).toEqual({ status: 303, location: DEVICES });
    }
    await expectOut(other);
    expect(devicesOn(await client.get(DEVICES))).toHaveLength(1);
  });

  it('shows neither a secret nor what a browser says of itself', async () => {
    const client = await alone('<script>alert("Ada")</script>');
    const [device, ...others] = devicesOn(await client.get(DEVICES));
    expect(device?.name).toBe('A browser');
    expect(others).toEqual([]);
    const { html } = await client.get(DEVICES);
    expect(html).not.toContain(client.cookies.get('visitor')?.split('.')[1]);
    expect(html).not.toContain('alert');
  });

  it('works without a script', async () => {
    const client = await signedIn();
    await signedIn();
    expect((await client.get(DEVICES)).html).not.toMatch(/<script|style="|\son\w+="/);
  });

  it('forgets a browser that another user has signed in on', async () => {
    const client = await alone();
    const shared = await signedIn();
    await shared.submit('/login', GRACE);
    expect(devicesOn(await client.get(DEVICES)).map(({ id }) => id)).toEqual([idOf(client)]);
    expect(devicesOn(await shared.get(DEVICES)).map(({ id }) => id)).toContain(idOf(shared));
  });

  it('signs out the first of eleven browsers', async () => {
    const first = await alone();
    const others: WebClient[] = [];
    while (others.length < 9) others.push(await signedIn());
    expect(devicesOn(await first.get(DEVICES))).toHaveLength(10);
    const eleventh = await signedIn();
    await expectOut(first);
    const ids = devicesOn(await eleventh.get(DEVICES)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([...others, eleventh].map((client) => idOf(client))));
  });

  it('signs out the first of eleven apps, and no browser', async () => {
    const client = await alone();
    const apps: ApiClient[] = [];
    while (apps.length < 11) apps.push(await appOf(ADA));
    const statuses = await Promise.all(apps.map(async (app) => (await app.get('/api/me')).status));
    expect(statuses).toEqual([401, ...Array.from({ length: 10 }, () => 200)]);
    expect((await client.get(DEVICES)).status).toBe(200);
  });

  it('refuses a form that another site sends', async () => {
    const client = await alone();
    const other = await signedIn();
    for (const path of [`${DEVICES}/sign-out-others`, `${DEVICES}/${idOf(other)}/sign-out`]) {
      for (const site of ['cross-site', 'same-site']) {
        expect((await client.post(path, {}, { 'sec-fetch-site': site })).status).toBe(403);
      }
    }
    expect((await other.get(DEVICES)).status).toBe(200);
  });

  it('speaks German and French', async () => {
    const client = await alone();
    await signedIn();
    const german = await client.get(DEVICES, { 'accept-language': 'de' });
    for (const text of ['Ihre Geräte', 'Dieses Gerät', 'Ein Browser', 'Überall sonst abmelden']) {
      expect(german.html).toContain(text);
    }
    const french = await client.get(DEVICES, { 'accept-language': 'fr' });
    for (const text of ['Vos appareils', 'Cet appareil', 'Un navigateur', 'Se déconnecter partout ailleurs']) {
      expect(french.html).toContain(text);
    }
  });
});

/** A device as the page shows it. */
interface ShownDevice {
  readonly id: string;
  readonly name: string;
  readonly isThisOne: boolean;
  /** In milliseconds since the epoch: when it began, when it was last used. */
  readonly times: readonly number[];
}

function devicesOn({ html }: Page): readonly ShownDevice[] {
  return [...html.matchAll(/<section class="card".*?<\/section>/gs)].map(([card]) => ({
    id: /action="\/account\/devices\/([\w-]+)\/sign-out"/.exec(card)?.[1] ?? '',
    name: /<h2[^>]*>([^<]*)</.exec(card)?.[1] ?? '',
    isThisOne: card.includes('This device'),
    times: [...card.matchAll(/datetime="([^"]*)"/g)].map(([, time = '']) => Date.parse(time)),
  }));
}

async function expectOut(client: WebClient): Promise<void> {
  const { status, location } = await client.get('/account');
  expect({ status, location }).toEqual({ status: 303, location: '/login?returnTo=%2Faccount' });
}

function idOf(client: WebClient, name = 'visitor'): string {
  return client.cookies.get(name)?.split('.')[0] ?? '';
}
