import { DirectoryStorage } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { everythingIn, temporaryFolder } from '../support/folder.js';
import { PLATFORMS } from '../support/matrix.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

describe.each(PLATFORMS)('%s, directory', (platform) => {
  /** An app, and another process of it that has stopped right before the last step of a client's change. */
  async function stoppedWriter() {
    const path = temporaryFolder();
    const open = () => ({ connect: () => new DirectoryStorage(path) });
    const app = await start({ platform, open }, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const writer = new Child('directory-app.mjs', platform, path, 'stop');
    const elsewhere = client.copy(await writer.line('http:'));
    const answer = elsewhere.get('/set?a=late');
    await writer.line('stops');
    await writer.stopped();
    return { app, path, client, writer, answer };
  }

  it('C12: a writer stops before its last step, the client logs out, the writer goes on: dead', async () => {
    const { app, path, client, writer, answer } = await stoppedWriter();
    const id = client.id();
    const stranger = client.copy();
    expect((await client.get('/destroy')).status).toBe(200);
    writer.goOn();
    expect(await answer).toMatchObject({ status: 200, setCookies: [] });
    expect(await app.stored(id)).toBeUndefined();
    expect(await stranger.json('/read')).toEqual({});
    expect(everythingIn(path).filter((name) => name.includes('.'))).toEqual([]);
  }, 30_000);

  it('C12: a writer stops before its last step, the client logs in, the writer goes on: refused', async () => {
    const { client, writer, answer } = await stoppedWriter();
    expect((await client.get('/regenerate?userId=eva')).status).toBe(200);
    writer.goOn();
    expect(await answer).toMatchObject({ status: 409, setCookies: [] });
    expect(await client.json('/read')).toEqual({ a: '1', userId: 'eva' });
  }, 30_000);

  it('C12: a writer stops before its last step, nothing happens, the writer goes on: stored', async () => {
    const { client, writer, answer } = await stoppedWriter();
    expect(await client.json('/read')).toEqual({ a: '1' });
    writer.goOn();
    expect((await answer).status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: 'late' });
  }, 30_000);
});
