import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingIn } from '../support/folder.js';
import { PLATFORMS, type ShopProcess, startShopOver } from './shop-process.js';
import { WebClient } from './web-client.js';

const ADA = { username: 'ada', password: 'notes-on-the-engine' };
const GRACE = { username: 'grace', password: 'a-moth-in-the-relay' };
const LAMP = { productId: 'lamp', quantity: '1' };

const ENDINGS = {
  SIGTERM: { code: 0, signal: null, stderr: '' },
  SIGKILL: { code: null, signal: 'SIGKILL', stderr: '' },
} as const;

const cells = PLATFORMS.flatMap((platform) =>
  (['SIGTERM', 'SIGKILL'] as const).map((signal) => ({ platform, signal })),
);

describe.each(cells)('sample-app on $platform, restarted after $signal', ({ platform, signal }) => {
  let folder: string;
  let shop: ShopProcess;
  /** What the browsers kept: of somebody who stays, and of somebody who has logged out. */
  let kept: WebClient;
  let left: WebClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nest-sessions-shop-'));
    const before = await startShopOver(folder, platform);
    kept = new WebClient(before.url);
    await kept.submit('/login', ADA);
    for (let clicks = 1; clicks < 20; clicks++) await kept.post('/cart/items', LAMP);
    const leaving = new WebClient(before.url);
    await leaving.submit('/login', GRACE);
    await leaving.submit('/cart/items', LAMP);
    left = leaving.copy();

    const answers = await Promise.all([kept.post('/cart/items', LAMP), leaving.post('/logout')]);
    const ending = await before.stop(signal);
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(ending).toMatchObject(ENDINGS[signal]);
    shop = await startShopOver(folder, platform);
  }, 30_000);

  afterAll(async () => {
    await shop?.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('still has the cart, up to the last click that was answered', async () => {
    const client = new WebClient(shop.url, kept.cookies);
    const { html } = await client.get('/');
    expect(html).toContain('<span class="count">20<');
  });

  it('still knows who is signed in, by the same cookie', async () => {
    const client = new WebClient(shop.url, kept.cookies);
    expect((await client.get('/account')).html).toContain('Hello, Ada');
    expect(client.cookies).toEqual(kept.cookies);
  });

  it('has nothing for a copy of the cookies of somebody who has logged out', async () => {
    const client = new WebClient(shop.url, left.cookies);
    expect(left.cookies.size).toBe(2);
    expect((await client.get('/account')).location).toMatch(/^\/login\?/);
    expect((await client.get('/cart')).html).toContain('There is nothing in it yet');
  });

  it('keeps both sessions in the one folder, and no secret there', async () => {
    const [id = '', secret = ''] = kept.cookies.get('visitor')?.split('.') ?? [];
    expect(secret.length).toBeGreaterThan(20);
    expect(everythingIn(join(folder, 'records')).filter((name) => name.split('/').length === 2)).toHaveLength(2);
    expect(everythingIn(folder).join('\n')).not.toContain(id);
    expect(everythingIn(folder).join('\n')).not.toContain(secret);
  });
});
