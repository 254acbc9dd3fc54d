import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { everythingIn, temporaryFolder } from '../support/folder.js';
import { findPostgres, startPostgres } from '../support/servers/postgres-server.js';
import { findRedis, startRedis } from '../support/servers/redis-server.js';
import { freePort } from '../support/servers/server-process.js';
import { SHARED_SERVERS } from './shared-servers.js';
import { NO_FOLDER, PLATFORMS, startShopForTest } from './shop-process.js';
import { ADA, signInApp, signInBrowser } from './sign-in.js';
import { WebClient } from './web-client.js';

const LAMP = { productId: 'lamp', quantity: '1' };

/** Lets a process end only when nothing keeps it alive: what would end it says no more than how. */
const ENDS_BY_ITSELF = { NODE_OPTIONS: '--import=data:text/javascript,process.exit=(code)=>{process.exitCode=code}' };

/** What must be in no log. */
const SECRET = 'correct-horse';

describe('STORAGE of sample-app', { timeout: 30_000 }, () => {
  it('memory: keeps sessions until the process ends, and writes no file', async () => {
    const folder = temporaryFolder();
    const before = await startShopForTest(folder, 'express', { STORAGE: 'memory' });
    const client = await signInBrowser(before.url, ADA);
    expect((await client.get('/account/devices')).html.match(/<section/g)).toHaveLength(1);
    expect(await before.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    const after = await startShopForTest(folder, 'fastify', { STORAGE: 'memory' });
    expect((await client.at(after.url).get('/account')).status).toBe(303);
    await after.stop('SIGTERM');
    expect(everythingIn(folder)).toEqual([]);
  });

  it.each([{ STORAGE: 'directory' }, { STORAGE: '' }])('%j: keeps sessions in files', async (env) => {
    const folder = temporaryFolder();
    const shop = await startShopForTest(folder, 'express', env);
    await signInBrowser(shop.url, ADA);
    await shop.stop('SIGTERM');
    expect(everythingIn(folder)).toContain('records');
  });

  it.each([
    [
      'an unknown word',
      { STORAGE: 'floppy' },
      /STORAGE must be one of memory, directory, redis, postgres: received "f/,
    ],
    ['a name of objects', { STORAGE: 'constructor' }, /STORAGE must be one of .*: received "constructor"/],
    ['redis without a server', { STORAGE: 'redis' }, /set REDIS_URL to the URL of a server, such as redis:/],
    ['redis with an empty one', { STORAGE: 'redis', REDIS_URL: '' }, /set REDIS_URL to the URL of a server/],
    ['redis with what is no URL', { STORAGE: 'redis', REDIS_URL: SECRET }, /set REDIS_URL to the URL of a server/],
    [
      'postgres without a server',
      { STORAGE: 'postgres' },
      /set DATABASE_URL to the URL of a server, such as postgres:/,
    ],
    ['postgres with what is no URL', { STORAGE: 'postgres', DATABASE_URL: SECRET }, /set DATABASE_URL to the URL/],
  ])('does not start with %s, and says what it needs', async (_, env, message) => {
    await expectNoStart(env, message);
  });

  it('does not start without the server that is named, and says which and why', async () => {
    const nobody = `:${SECRET}@localhost:${await freePort()}`;
    await expectNoStart(
      { STORAGE: 'redis', REDIS_URL: `redis://${nobody}` },
      /Cannot start the shop: no Redis at REDIS_URL: .*ECONNREFUSED/,
    );
    await expectNoStart(
      { STORAGE: 'postgres', DATABASE_URL: `postgres://ada${nobody}/shop` },
      /Cannot start the shop: no PostgreSQL at DATABASE_URL: .*ECONNREFUSED/,
    );
  });
});

for (const { name, url, environment } of SHARED_SERVERS) {
  describe.skipIf(url === null)(`sample-app over ${name}`, { timeout: 30_000 }, () => {
    it('has all sessions after a restart, also on the other platform', async () => {
      const env = await environment(url ?? '');
      const before = await startShopForTest(NO_FOLDER, 'express', env);
      const client = await signInBrowser(before.url, ADA);
      await client.submit('/cart/items', LAMP);
      const left = await signInBrowser(before.url, ADA);
      await left.copy().post('/logout');
      expect(await before.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });

      const after = await startShopForTest(NO_FOLDER, 'fastify', env);
      const again = client.at(after.url);
      expect((await again.get('/account')).html).toContain('Hello, Ada');
      expect((await again.get('/cart')).html).toContain('Reading lamp');
      expect((await again.get('/account/devices')).html.match(/<section/g)).toHaveLength(1);
      expect(again.cookies).toEqual(client.cookies);
      expect((await left.at(after.url).get('/account')).status).toBe(303);
      await after.stop('SIGTERM');
    });

    it.each(PLATFORMS)('ends by itself on SIGTERM, on %s, when what was under way is stored', async (platform) => {
      const env = await environment(url ?? '');
      const shop = await startShopForTest(NO_FOLDER, platform, { ...env, ...ENDS_BY_ITSELF });
      const client = new WebClient(shop.url);
      await client.submit('/cart/items', LAMP);
      const clicks = Array.from({ length: 15 }, () =>
        client.post('/cart/items', LAMP).then(
          ({ status }) => status,
          () => 'cut off',
        ),
      );
      await Promise.race(clicks);
      const ending = await shop.stop('SIGTERM');
      expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(ending.milliseconds).toBeLessThan(4_000);
      const answered = (await Promise.all(clicks)).filter((status) => status === 303).length;

      const after = await startShopForTest(NO_FOLDER, platform, env);
      const { html } = await client.at(after.url).get('/');
      expect(Number(/class="count">(\d+)</.exec(html)?.[1])).toBe(1 + answered);
      await after.stop('SIGTERM');
    });
  });
}

const PRIVATE_SERVERS = [
  {
    name: 'Redis',
    isThere: (await findRedis()) !== undefined,
    // With each change on its disk
    start: () => startRedis('--appendonly', 'yes', '--appendfsync', 'always'),
    environment: (url: string) => ({ STORAGE: 'redis', REDIS_URL: url }),
  },
  {
    name: 'PostgreSQL',
    isThere: (await findPostgres()) !== undefined,
    start: startPostgres,
    environment: (url: string) => ({ STORAGE: 'postgres', DATABASE_URL: url }),
  },
];

for (const { name, isThere, start, environment } of PRIVATE_SERVERS) {
  describe.skipIf(!isThere).each(PLATFORMS)(`sample-app on %s, when its ${name} goes away`, (platform) => {
    it('says 503, keeps cookies, goes on when it is back, and ends in any case', async () => {
      const server = await start();
      try {
        const shop = await startShopForTest(NO_FOLDER, platform, environment(server.url));
        const client = await signInBrowser(shop.url, ADA);
        const app = await signInApp(shop.url, ADA);
        await server.process.stop('SIGINT');

        // What is in the cache is good until the shop has seen that the connection is gone
        while ((await client.get('/account')).status === 200) await setImmediate();
        const cookies = new Map(client.cookies);
        const [down, page, api] = await Promise.all([
          client.get('/account', { 'accept-language': 'fr' }),
          client.get('/', { 'accept-language': 'fr' }),
          app.get('/api/me'),
        ]);
        for (const { status, headers, html } of [down, page]) {
          expect(status).toBe(503);
          expect(headers.get('retry-after')).toBe('5');
          expect(html).toContain('Cela n’a pas marché');
        }
        expect(api).toMatchObject({ status: 503, body: { statusCode: 503, message: 'Service Unavailable' } });
        expect(api.headers.get('retry-after')).toBe('5');

        await server.process.start();
        let account = await client.get('/account');
        while (account.status === 503) account = await client.get('/account');
        expect(account.html).toContain('Hello, Ada');
        expect(client.cookies).toEqual(cookies);
        await client.submit('/cart/items', LAMP);

        await server.process.stop('SIGINT');
        // It has said so in its log
        const stderr = expect.stringMatching(new RegExp(`ERROR \\[${name}\\] .+`));
        expect(await shop.stop('SIGTERM')).toMatchObject({ code: 0, signal: null, stderr });
      } finally {
        await server.remove();
      }
    }, 60_000);
  });
}

async function expectNoStart(env: Record<string, string>, message: RegExp): Promise<void> {
  const starting = startShopForTest(NO_FOLDER, 'express', env);
  await expect(starting).rejects.toThrow(/it ended with 1\n/);
  await expect(starting).rejects.toThrow(message);
  await expect(starting).rejects.not.toThrow(SECRET);
}
