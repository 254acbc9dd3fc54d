import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisOf } from '../support/redis.js';
import { SHARED_SERVERS, type SharedServer } from './shared-servers.js';
import { NO_FOLDER, type ShopProcess, startShopOver } from './shop-process.js';
import { ADA, signInBrowser } from './sign-in.js';
import type { WebClient } from './web-client.js';

/**
 * For how many milliseconds the other process may let in who was signed out: with Redis it has a cache, and hears of that by the
 * bus, which takes about a millisecond where nothing else happens. Without its message it would let in for a minute. With PostgreSQL
 * there is no cache: not once.
 */
const DELAY: Readonly<Record<string, number>> = { Redis: 1_000, PostgreSQL: 0 };

for (const server of SHARED_SERVERS) {
  describe.skipIf(server.url === null)(
    `two processes of sample-app behind one ${server.name}`,
    { timeout: 30_000 },
    () => {
      twoProcesses(server);
    },
  );
}

function twoProcesses({ name, url, environment }: SharedServer): void {
  let env: Record<string, string>;
  let one: ShopProcess;
  let two: ShopProcess;

  beforeAll(async () => {
    env = await environment(url ?? '');
    [one, two] = await Promise.all([
      startShopOver(NO_FOLDER, 'express', env),
      startShopOver(NO_FOLDER, 'fastify', env),
    ]);
  }, 30_000);

  afterAll(async () => {
    for (const shop of [one, two]) expect(await shop.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  /** What has the cookies of a browser, at the second process, which knows by now whose they are and need not ask. */
  async function atTwo(client: WebClient): Promise<WebClient> {
    const there = client.at(two.url);
    if (name === 'Redis') await untilCached(there, `${env['SESSIONS_PREFIX']}session:${idOf(client)}`);
    expect((await there.get('/account')).html).toContain('Hello, Ada');
    return there;
  }

  it('knows on the other who has signed in on one, and what is in the cart', async () => {
    const client = await signInBrowser(one.url, ADA);
    await client.submit('/cart/items', { productId: 'lamp', quantity: '2' });
    const there = client.at(two.url);
    expect((await there.get('/account')).html).toContain('Hello, Ada');
    expect((await there.submit('/cart/items', { productId: 'lamp', quantity: '3' })).html).toContain('€345.00');
    expect(there.cookies).toEqual(client.cookies);
  });

  it('signs out on one: the other refuses at once', async () => {
    const client = await signInBrowser(one.url, ADA);
    const there = await atTwo(client);
    await client.post('/logout');
    await expectOut(there, DELAY[name]);
  });

  it('signs out a device on one: the other refuses it at once', async () => {
    const client = await signInBrowser(one.url, ADA);
    const device = await signInBrowser(two.url, ADA);
    const there = await atTwo(device);
    expect((await client.submit(`/account/devices/${idOf(device)}/sign-out`)).html).toContain('You are signed out on');
    await expectOut(there, DELAY[name]);
  });

  it('signs out everywhere else on one: the other refuses at once, but for who has done so', async () => {
    const client = await signInBrowser(one.url, ADA);
    const others = [
      await atTwo(await signInBrowser(one.url, ADA)),
      await atTwo(await signInBrowser(two.url, ADA)),
      await atTwo(await signInBrowser(two.url, ADA)),
    ];
    const there = await atTwo(client);
    await client.post('/account/devices/sign-out-others');
    await Promise.all(others.map((other) => expectOut(other, DELAY[name])));
    expect((await there.get('/account')).status).toBe(200);
    const devices = await there.get('/account/devices');
    expect(devices.html.match(/<section/g)).toHaveLength(1);
    expect(devices.html).toContain(idOf(client));
  });

  it('has a new cookie on one: the other refuses the old one at once', async () => {
    const client = await signInBrowser(one.url, ADA);
    const thief = await atTwo(client.copy());
    await client.submit('/session/visitor/regenerate');
    await expectOut(thief, DELAY[name]);
    expect((await client.at(two.url).get('/account')).html).toContain('Hello, Ada');
  });
}

/** Asks for the account until it is refused, for `delay` milliseconds at most; 0: now. */
async function expectOut(client: WebClient, delay = 0): Promise<void> {
  const deadline = performance.now() + delay;
  for (;;) {
    const { status, location } = await client.get('/account');
    if (status !== 200) {
      expect({ status, location }).toEqual({ status: 303, location: '/login?returnTo=%2Faccount' });
      return;
    }
    expect(performance.now(), `It was let in for more than ${delay} ms`).toBeLessThan(deadline);
  }
}

/** Asks for the account until that is answered without the record: while it is away for a moment. */
async function untilCached(client: WebClient, key: string): Promise<void> {
  const { command } = redisOf('redis 6');
  for (let isCached = false; !isCached;) {
    await client.get('/account');
    await command('RENAME', key, `${key}:away`);
    isCached = (await client.get('/account')).status === 200;
    await command('RENAME', `${key}:away`, key);
  }
}

function idOf(client: WebClient): string {
  return client.cookies.get('visitor')?.split('.')[0] ?? '';
}
