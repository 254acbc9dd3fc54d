import { SessionConflictError } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { idCells } from '../support/matrix.js';
import type { Routes } from '../support/routes.js';
import { during, slowRoutes } from '../support/slow-routes.js';
import { clientOf, start } from '../support/world.js';

describe.each(idCells)('%s', (_, cell) => {
  const begin = async (more: Routes = {}) => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes: { ...routes, ...more }, session: { onConflict: 'reject' } });
    return { app, stops, client: await clientOf(app, '/set?a=1') };
  };

  it.each(['/slow/set?b=2', '/slow/replace?b=2', '/slow/remove?key=a', '/slow/save?b=2', '/slow/reply?b=2'])(
    `B1: with onConflict 'reject', %s is answered with 409 when another request has changed other keys`,
    async (path) => {
      const { app, stops, client } = await begin();
      for (const origin of [app.origin, (await app.another()).origin]) {
        const other = client.copy(origin);
        const { status, text, handed } = await during(stops, client, path, () => other.get(`/set?c=${origin}`));
        expect({ status, handed }).toEqual({ status: 409, handed: [] });
        expect(text).toContain('another request has changed its data meanwhile');
        expect(await client.json('/read')).toEqual({ a: '1', c: origin });
      }
      expect(app.events.filter(({ type }) => type === 'conflict')).toHaveLength(2);
    },
  );

  it(`B2: with onConflict 'reject', of two that set one key the first wins`, async () => {
    const { stops, client } = await begin();
    const { status } = await during(stops, client, '/slow/set?a=late', () => client.copy().get('/set?a=early'));
    expect(status).toBe(409);
    expect(await client.json('/read')).toEqual({ a: 'early' });
  });

  it(`B4: with onConflict 'reject', update() and take() work on what is stored now`, async () => {
    const { stops, client } = await begin();
    await client.get('/set?nonce=x');
    const count = await during(stops, client, '/slow/count', () => client.copy().get('/count'));
    expect(count).toMatchObject({ status: 200, text: expect.stringContaining('"n":2') });
    const take = await during(stops, client, '/slow/take?key=nonce', () => client.copy().get('/set?b=2'));
    expect(take).toMatchObject({ status: 200, text: '{"taken":"x"}' });
    expect(await client.json('/read')).toEqual({ a: '1', b: '2', n: 2 });
  });

  it.each(['update', 'take', 'regenerate'] as const)(
    `B4: with onConflict 'reject', %s() takes no outdated changes with it`,
    async (verb) => {
      const { app, stops, client } = await begin({
        outdated: async ({ session }) => {
          await stops.at('handler');
          session.data.b = 'outdated';
          if (verb === 'update') await session.update((data) => void (data.n = 1));
          else if (verb === 'take') await session.take('a');
          else await session.regenerate();
        },
      });
      const { status, handed } = await during(stops, client, '/outdated', () => client.copy().get('/set?c=3'));
      expect({ status, handed }).toEqual({ status: 409, handed: [] });
      expect(await client.json('/read')).toEqual({ a: '1', c: '3' });
      expect(app.events.filter(({ type }) => type === 'conflict')).toHaveLength(1);
    },
  );

  it(`B4: with onConflict 'reject', a login without changes of its own keeps what others have changed`, async () => {
    const { stops, client } = await begin();
    const { status } = await during(stops, client, '/slow/regenerate', () => client.copy().get('/set?b=2'));
    expect(status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: '1', b: '2' });
  });

  it(`B7: with onConflict 'reject', a touch and the same data written again are no conflict`, async () => {
    const { app, stops, client } = await begin();
    app.clock.advance(5 * 60_000);
    const { status } = await during(stops, client, '/slow/set?b=2', async () => {
      await client.copy().get('/read');
      await app.counts.settled();
      await client.copy().get('/set?a=other');
      await client.copy().get('/set?a=1');
    });
    expect(status).toBe(200);
    expect(await client.json('/read')).toEqual({ a: '1', b: '2' });
  });

  it(`B8: with onConflict 'reject', a handler that catches the 409 may reload() and try again`, async () => {
    const { stops, client } = await begin({
      stubborn: async ({ session }) => {
        await stops.at('handler');
        session.data.b = 'first';
        const error = await session.save().catch((reason: unknown) => reason);
        await session.reload();
        const reloaded = { ...session.data };
        session.data.b = 'second';
        return { isConflict: error instanceof SessionConflictError, reloaded };
      },
    });
    const { status, text } = await during(stops, client, '/stubborn', () => client.copy().get('/set?c=3'));
    expect({ status, seen: JSON.parse(text) }).toEqual({
      status: 200,
      seen: { isConflict: true, reloaded: { a: '1', c: '3' } },
    });
    expect(await client.json('/read')).toEqual({ a: '1', b: 'second', c: '3' });
  });

  it(`C1: with onConflict 'reject', a session that ended meanwhile has ended, and is not revived`, async () => {
    const { app, stops, client } = await begin();
    const id = client.id();
    const { status, handed } = await during(stops, client.copy(), '/slow/set?b=2', () => client.get('/destroy'));
    expect({ status, handed }).toEqual({ status: 200, handed: [] });
    expect(await app.stored(id)).toBeUndefined();
    expect(app.events.filter(({ type }) => type === 'conflict')).toEqual([]);
  });
});
