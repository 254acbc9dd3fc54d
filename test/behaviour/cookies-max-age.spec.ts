import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const MINUTE = 60_000;
const options = { routes: verbRoutes, session: { cookie: { maxAge: '1h' } } } as const;

describe.each(cells)('%s', (_, cell) => {
  it('A4: reading between two touches refreshes nothing', async () => {
    const app = await start(cell, options);
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(MINUTE - 1);
    const { setCookies, headers } = await client.get('/read');
    expect(setCookies).toEqual([]);
    expect(headers['cache-control']).toBe('private');
  });

  it('A4: reading when a touch is due refreshes the cookie, once that is written', async () => {
    const app = await start(cell, options);
    const client = await clientOf(app, '/set?a=1');
    const token = client.token();
    app.clock.advance(MINUTE);
    const held = app.gate.hold('before write');
    const order: string[] = [];
    const { head, answer } = client.begin('/read');
    void head.then(() => order.push('head'));
    await held.reached;
    order.push('written');
    held.release();
    const { setCookies, headers } = await answer;
    expect(order).toEqual(['written', 'head']);
    expect(setCookies).toMatchObject([{ value: token, attributes: { 'max-age': '3600' } }]);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('A4: a touch that somebody else was faster with refreshes nothing, and fails nothing', async () => {
    const app = await start(cell, options);
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(MINUTE);
    const held = app.gate.hold('before write');
    const answer = client.get('/read');
    await held.reached;
    await client.copy(other.origin).get('/set?b=2');
    held.release();
    expect(await answer).toMatchObject({ status: 200, setCookies: [] });
  });

  it.each(['fail', 'fail raw', 'fail after effect'] as const)(
    'A4: a touch that meets a storage with "%s" refreshes nothing, and fails nothing',
    async (fault) => {
      const app = await start(cell, options);
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(MINUTE);
      void app.faults.set('write', fault);
      expect(await client.get('/read')).toMatchObject({ status: 200, text: '{"a":"1"}', setCookies: [] });
      expect(app.events.at(-1)).toMatchObject({ type: 'storageFailed' });
    },
  );

  it('A4: a change that is not stored refreshes nothing', async () => {
    const app = await start(cell, options);
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'fail');
    for (const path of ['/set?a=2', '/reply?a=2', '/save?a=2']) {
      expect(await client.get(path)).toMatchObject({ status: 503, setCookies: [] });
    }
  });

  it('A4: a session that ended meanwhile refreshes nothing', async () => {
    const app = await start(cell, options);
    const other = await app.another();
    const client = await clientOf(app, '/set?a=1');
    for (const path of ['/read', '/set?b=1']) {
      await client.get('/set?a=1');
      app.clock.advance(MINUTE);
      const held = app.gate.hold('before write');
      const { answer } = client.copy().begin(path);
      await held.reached;
      await client.copy(other.origin).get('/destroy');
      held.release();
      expect((await answer).setCookies).toEqual([]);
    }
  });

  it('A4: a change in the same request as a touch writes once', async () => {
    const app = await start(cell, options);
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(5 * MINUTE);
    app.counts.forget();
    const { setCookies } = await client.get('/set?a=2');
    expect(setCookies).toHaveLength(1);
    expect(app.counts.count('write')).toBe(1);
  });

  it.each([
    ['the idle timeout is as long as the absolute one', { idleTimeout: '12h', cookie: { maxAge: '1h' } }, 20],
    ['maxAge is shorter than a minute', { cookie: { maxAge: '30s' } }, 0.25],
  ] as const)('a cookie that is used does not expire: %s', async (_when, session, minutes) => {
    const app = await start(cell, { routes: verbRoutes, session });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(minutes * 60_000);
    expect((await client.get('/read')).setCookies).toHaveLength(1);
  });
});
