import { describe, expect, it } from 'vitest';
import { findChromium, withPage } from './chromium.js';
import { PLATFORMS, startShop } from './shop-process.js';
import { ADA, signInBrowser } from './sign-in.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const executablePath = await findChromium();

describe.skipIf(executablePath === undefined).each(PLATFORMS)(
  'sample-app on %s, in a browser without JavaScript',
  (platform) => {
    it('logs in, fills the cart, orders and logs out, by clicking', async () => {
      const shop = await startShop(platform);
      try {
        await withPage(executablePath ?? '', async (page) => {
          page.setDefaultTimeout(10_000);
          const text = () => page.locator('main').innerText();

          await page.goto(shop.url);
          await page.getByRole('link', { name: 'Sign in' }).click();
          await page.getByLabel('Name').fill('ada');
          await page.getByLabel('Password').fill('notes-on-the-engine');
          await page.getByRole('button', { name: 'Sign in' }).click();
          expect(await text()).toContain('Welcome, Ada.');

          await page.getByRole('link', { name: 'Larch & Loam' }).click();
          await page.getByRole('button', { name: 'Add Stoneware mug to cart' }).click();
          expect(await text()).toContain('Stoneware mug is in your cart.');
          await page.getByLabel('Quantity of Stoneware mug').fill('3');
          await page.getByRole('button', { name: 'Update Stoneware mug' }).click();
          expect(await text()).toContain('Total €55.50');

          await page.getByRole('link', { name: 'Check out' }).click();
          await page.getByRole('button', { name: 'Place order' }).click();
          expect(await text()).toContain('3 × Stoneware mug');

          const cookies = await page.context().cookies();
          expect(new Set(cookies.map(({ name }) => name))).toEqual(new Set(['cart', 'visitor']));
          for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });

          await page.getByRole('button', { name: 'Sign out' }).click();
          expect(await page.context().cookies()).toEqual([]);
          await page.goto(`${shop.url}/account`);
          expect(new URL(page.url()).pathname).toBe('/login');
        });
      } finally {
        await shop.stop('SIGTERM');
      }
    }, 120_000);

    it('signs out other devices, and then itself, by clicking', async () => {
      const shop = await startShop(platform);
      try {
        const firefox = await signInBrowser(shop.url, ADA, FIREFOX);
        await withPage(executablePath ?? '', async (page) => {
          page.setDefaultTimeout(10_000);
          const text = () => page.locator('main').innerText();
          const names = () => page.getByRole('heading', { level: 2 }).allInnerTexts();

          await page.goto(`${shop.url}/account/devices`);
          await page.getByLabel('Name').fill('ada');
          await page.getByLabel('Password').fill('notes-on-the-engine');
          await page.getByRole('button', { name: 'Sign in' }).click();
          expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Your devices');
          expect((await names()).toSorted()).toEqual(['Chrome (Linux)', 'Firefox (Linux)']);
          const thisOne = page.getByRole('region', { name: 'Chrome (Linux)' });
          expect(await thisOne.innerText()).toContain('This device');

          await page.getByRole('button', { name: 'Sign out Firefox (Linux)' }).click();
          expect(await text()).toContain('You are signed out on that device.');
          expect(await names()).toEqual(['Chrome (Linux)']);
          expect((await firefox.get('/account')).status).toBe(303);

          const others = [await signInBrowser(shop.url, ADA, FIREFOX), await signInBrowser(shop.url, ADA)];
          await page.getByRole('link', { name: 'Ada', exact: true }).click();
          await page.getByRole('link', { name: 'Your devices' }).click();
          expect((await names()).toSorted()).toEqual(['A browser', 'Chrome (Linux)', 'Firefox (Linux)']);
          await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
          expect(await text()).toContain('You are signed out everywhere else.');
          expect(await names()).toEqual(['Chrome (Linux)']);
          for (const other of others) expect((await other.get('/account')).status).toBe(303);

          await thisOne.getByRole('button').click();
          expect(new URL(page.url()).pathname).toBe('/');
          expect(await page.context().cookies()).toEqual([]);
        });
      } finally {
        await shop.stop('SIGTERM');
      }
    }, 120_000);

    it('looks as the visitor has chosen, by clicking, and still does when it is loaded again', async () => {
      const shop = await startShop(platform);
      try {
        await withPage(executablePath ?? '', async (page) => {
          page.setDefaultTimeout(10_000);
          const background = async (theme: string) => {
            await page.locator(`html[data-theme="${theme}"]`).waitFor();
            // With its stylesheet
            await page.waitForLoadState();
            return page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
          };

          await page.emulateMedia({ colorScheme: 'light' });
          await page.goto(`${shop.url}/cart`);
          const light = await background('auto');
          await page.getByRole('button', { name: 'Dark' }).click();
          const dark = await background('dark');
          expect(dark).not.toBe(light);
          expect(new URL(page.url()).pathname).toBe('/cart');
          await page.getByRole('button', { name: 'Deutsch' }).click();
          await page.locator('html[lang="de"]').waitFor();
          await page.getByRole('link', { name: 'Larch & Loam' }).click();
          await page.reload();

          expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Gute Dinge fürs Haus');
          expect(await background('dark')).toBe(dark);
          expect(await page.getByRole('button', { name: 'Dunkel' }).getAttribute('aria-pressed')).toBe('true');
          const cookies = await page.context().cookies();
          expect(cookies.map(({ name }) => name)).toEqual(['prefs']);

          await page.getByRole('button', { name: 'Automatisch' }).click();
          expect(await background('auto')).toBe(light);
          await page.emulateMedia({ colorScheme: 'dark' });
          expect(await background('auto')).toBe(dark);
        });
      } finally {
        await shop.stop('SIGTERM');
      }
    }, 120_000);
  },
);
