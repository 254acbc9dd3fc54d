import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DirectoryStorage } from 'nest-sessions';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child } from '../support/child.js';
import { Client } from '../support/client.js';
import { everythingIn, temporaryFolder } from '../support/folder.js';
import { PLATFORMS } from '../support/matrix.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A file system of 256 KiB; only root may have one. */
function smallFileSystem(): string {
  const path = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path]);
  onTestFinished(() => void execFileSync('umount', [path]));
  return path;
}

/** Writes to a file until there is no room for another byte. */
function fill(file: string): void {
  for (let size = 128 * 1024; size >= 1;) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

/** An app in a process of its own, and a browser that has a session there. */
async function appOfItsOwn(platform: string, path: string, change = '') {
  const process = new Child('directory-app.mjs', platform, path, change);
  const origin = await process.line('http:');
  const client = new Client(origin);
  return { process, origin, client };
}

describe.each(PLATFORMS)('%s, directory', (platform) => {
  it('D8: kill -9 with requests under way: what was answered is stored, what was not is whole or not there', async () => {
    const path = temporaryFolder();
    let clients: Client[] = [];
    const answered = new Map<Client, string>();
    for (let round = 0; round < 4; round++) {
      const { process, origin } = await appOfItsOwn(platform, path);
      const before = clients;
      clients = before.length === 0 ? Array.from({ length: 6 }, () => new Client(origin)) : [];
      for (const client of before) {
        const moved = client.copy(origin);
        const data = await moved.json<{ n?: string; copy?: string }>('/read');
        expect(data.copy).toBe(data.n);
        expect(Number(data.n)).toBeGreaterThanOrEqual(Number(answered.get(client)));
        clients.push(moved);
        answered.set(moved, data.n ?? '0');
      }
      for (const client of clients) if (client.cookies.size === 0) await client.get('/set?n=0&copy=0');
      const working = clients.map(async (client) => {
        for (let n = Number(answered.get(client) ?? 0) + 1; ; n++) {
          await client.get(`/set?n=${n}&copy=${n}`);
          answered.set(client, String(n));
        }
      });
      const ended = Promise.allSettled(working);
      await setTimeout(50 + Math.random() * 100);
      await process.kill();
      await ended;
    }
    expect(Math.max(...[...answered.values()].map(Number))).toBeGreaterThan(4);
  }, 60_000);

  it.runIf(isRoot)(
    'D9: a full disk: 503, the old record is intact, and all is well when there is room again',
    async () => {
      const path = smallFileSystem();
      const open = () => ({ connect: () => new DirectoryStorage(path) });
      const app = await start({ platform, open }, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const filler = join(path, 'filler');
      fill(filler);
      const files = everythingIn(path);
      for (const change of ['/set?a=2', '/reply?a=2', '/save?a=2', '/regenerate?a=2']) {
        expectUnavailable(await client.get(change));
        expectUnavailable(await app.client().get(change.replace('regenerate', 'count')));
      }
      expect(await client.json('/read')).toEqual({ a: '1' });
      expect(everythingIn(path)).toEqual(files);
      expect(app.events.at(-1)).toMatchObject({ type: 'loaded' });
      expect(
        app.events.filter(({ type, reason }) => type === 'storageFailed' && reason?.includes('ENOSPC')),
      ).toHaveLength(8);
      rmSync(filler);
      expect((await client.get('/set?a=2')).status).toBe(200);
      expect(await client.json('/read')).toEqual({ a: '2' });
    },
  );

  it('D9: a folder that may not be written to (EACCES): 503, the old record is intact', async () => {
    const path = temporaryFolder();
    if (isRoot) chownSync(path, NOBODY, NOBODY);
    const { client, origin } = await appOfItsOwn(platform, path, 'nobody');
    expect((await client.get('/set?a=1')).status).toBe(200);
    chmodSync(join(path, 'temporary'), 0o500);
    expectUnavailable(await client.get('/set?a=2'));
    expectUnavailable(await new Client(origin).get('/set?a=2'));
    expect(await client.json('/read')).toEqual({ a: '1' });
    chmodSync(join(path, 'records'), 0o000);
    expectUnavailable(await client.get('/read'));
    chmodSync(join(path, 'records'), 0o700);
    chmodSync(join(path, 'temporary'), 0o700);
    expect((await client.get('/set?a=3')).status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: '3' });
  }, 30_000);

  it('D9: no descriptor left (EMFILE): 503, the old record is intact', async () => {
    const { client, origin } = await appOfItsOwn(platform, temporaryFolder());
    expect((await client.get('/set?a=1')).status).toBe(200);
    expectUnavailable(await client.get('/exhausted?a=2'));
    expectUnavailable(await new Client(origin).get('/exhausted?a=2'));
    expect(await client.json('/read')).toEqual({ a: '1' });
    expect((await client.get('/set?a=3')).status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: '3' });
  }, 30_000);
});
