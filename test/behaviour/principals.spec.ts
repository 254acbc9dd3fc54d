import { inspect } from 'node:util';
import type { PrincipalSession, SessionsService } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { cells } from '../support/matrix.js';
import { principalRoutes } from '../support/principal-routes.js';
import { during } from '../support/slow-routes.js';
import { secretOf, unknownToken } from '../support/tokens.js';
import { clientOf, start, type World } from '../support/world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

async function listed(service: SessionsService, principal: string): Promise<readonly PrincipalSession[]> {
  const sessions: PrincipalSession[] = [];
  for await (const session of service.list({ principal })) sessions.push(session);
  return sessions;
}

async function idsOf(service: SessionsService, principal: string): Promise<readonly string[]> {
  return (await listed(service, principal)).map(({ id }) => id);
}

/** Those of some clients whose session lives. */
async function signedIn(clients: readonly Client[]): Promise<readonly Client[]> {
  const answers = await Promise.all(clients.map((client) => client.copy().json('/read')));
  return clients.filter((_, index) => answers[index]?.['userId'] !== undefined);
}

describe.each(cells)('%s', (_, cell) => {
  const open = async (session = {}): Promise<World & { stops: ReturnType<typeof principalRoutes>['stops'] }> => {
    const { routes, stops } = principalRoutes();
    return { ...(await start(cell, { routes, session })), stops };
  };

  describe('session.principal', () => {
    it('is stored with the session and its label, and shown by neither inspect() nor JSON', async () => {
      const app = await open();
      const client = await clientOf(app, '/login?principal=eva&label=Firefox');
      expect(await client.json('/marks')).toEqual({ principal: 'eva', label: 'Firefox' });
      expect((await app.stored(client.id()))?.header).toMatchObject({ principal: 'eva', label: 'Firefox' });
      const { text } = await client.get('/facts');
      expect(text + inspect(app.events)).not.toMatch(/eva|Firefox/);
    });

    it('is nobody at first', async () => {
      const app = await open();
      const client = await clientOf(app, '/set?a=1');
      expect(await client.json('/marks')).toEqual({});
    });

    it('is written once: the same again is no change', async () => {
      const app = await open();
      const client = await clientOf(app, '/login?principal=eva&label=x');
      app.counts.forget();
      await client.get('/login?principal=eva&label=x');
      expect(app.counts.calls.map(({ verb }) => verb)).toEqual(['read']);
    });

    it('may change alone, without a look at the data, and stays beside what another request has changed', async () => {
      const app = await open();
      const client = await clientOf(app, '/login?principal=eva&label=x');
      await during(app.stops, client.copy(), '/slow/unmark', () => client.copy().get('/set?a=1'));
      expect(await client.json('/marks')).toEqual({ label: 'x' });
      expect(await client.json('/read')).toEqual({ userId: 'eva', a: '1' });
    });

    it('stays with regenerate(), and goes where not all of the data stays', async () => {
      const app = await open();
      for (const [keep, left] of [
        ['all', 'eva'],
        ['none', undefined],
        ['some', undefined],
      ] as const) {
        const client = await clientOf(app, '/login?principal=eva');
        await client.get(`/regenerate/keep?keep=${keep}`);
        expect((await client.json('/marks'))['principal']).toBe(left);
        expect((await idsOf(app.service, 'eva')).includes(client.id())).toBe(left !== undefined);
      }
    });

    it('refuses what is no text of 1 to 255 characters', async () => {
      const app = await open();
      const client = app.client();
      const { status } = await client.get(`/login?principal=${'x'.repeat(256)}`);
      expect({ status, handed: client.tokens.size }).toEqual({ status: 500, handed: 0 });
    });
  });

  describe('SessionsService.list()', () => {
    it('gives what a principal may know of each of their sessions, in the order of their logins', async () => {
      const app = await open();
      const began = app.clock.now();
      const first = await clientOf(app, '/login?principal=eva&label=Firefox');
      app.clock.advance(5 * MINUTE);
      const second = await clientOf(app, '/login/regenerate?principal=eva');
      await clientOf(app, '/login?principal=adam');
      app.clock.advance(5 * MINUTE);
      await first.get('/read');
      await app.counts.settled();
      const at = (minutes: number): Date => new Date(began + minutes * MINUTE);
      expect(await listed(app.service, 'eva')).toEqual([
        { id: first.id(), createdAt: at(0), lastUsedAt: at(10), expiresAt: at(40), label: 'Firefox' },
        { id: second.id(), createdAt: at(5), lastUsedAt: at(5), expiresAt: at(35), label: undefined },
      ]);
    });

    it('shows neither secret nor data', async () => {
      const app = await open();
      const client = await clientOf(app, '/login?principal=eva');
      const shown = inspect(await listed(app.service, 'eva'), { depth: 10, showHidden: true });
      expect(shown).not.toContain(secretOf(client.token()));
      expect(shown).not.toContain('userId');
    });

    it('leaves out what was ended, has expired, or is another’s by now', async () => {
      const app = await open();
      const [ended, invalidated, unmarked, anothers, stays] = [
        await clientOf(app, '/login?principal=eva'),
        await clientOf(app, '/login?principal=eva'),
        await clientOf(app, '/login?principal=eva'),
        await clientOf(app, '/login?principal=eva'),
        await clientOf(app, '/login?principal=eva'),
      ];
      await ended.get('/destroy');
      await app.service.invalidate(invalidated.id());
      await unmarked.get('/unmark');
      await anothers.get('/login?principal=adam');
      expect(await idsOf(app.service, 'eva')).toEqual([stays.id()]);
      expect(await idsOf(app.service, 'adam')).toEqual([anothers.id()]);
      app.clock.advance(30 * MINUTE);
      expect(await idsOf(app.service, 'eva')).toEqual([]);
    });

    it('follows a session as long as it lives, also when regenerate() starts its absolute timeout anew', async () => {
      const app = await open({ idleTimeout: '12h' });
      const client = await clientOf(app, '/login?principal=eva');
      app.clock.advance(11 * HOUR);
      await client.get('/regenerate');
      app.clock.advance(11 * HOUR);
      expect(await idsOf(app.service, 'eva')).toEqual([client.id()]);
      app.clock.advance(HOUR);
      expect(await idsOf(app.service, 'eva')).toEqual([]);
    });

    it('knows sessions of one name only, where others share the storage', async () => {
      const both = await start(cell, {
        routes: {
          one: { run: ({ session }) => void (session.principal = 'eva'), sessions: ['a'] },
          other: { run: ({ session }) => void (session.principal = 'eva'), sessions: ['b'] },
        },
        options: (storage) => ({
          sessions: [
            { name: 'a', storage },
            { name: 'b', storage },
          ],
        }),
      });
      const client = await clientOf(both, '/one');
      await client.get('/other');
      const ids: string[] = [];
      for await (const { id } of both.service.list({ principal: 'eva', type: 'b' })) ids.push(id);
      expect(ids).toEqual([client.id('b')]);
    });
  });

  describe('SessionsService.invalidate() for a principal', () => {
    it('ends one of theirs, and leaves another’s alone', async () => {
      const app = await open();
      const [eva, adam] = [await clientOf(app, '/login?principal=eva'), await clientOf(app, '/login?principal=adam')];
      for (const id of [adam.id(), unknownToken(), '../x', '']) {
        expect(await app.service.invalidate(id, { principal: 'eva' })).toBe(false);
      }
      expect(await app.service.invalidate(eva.id(), { principal: 'eva' })).toBe(true);
      expect(await signedIn([eva, adam])).toEqual([adam]);
      expect(app.events).toContainEqual({ type: 'destroyed', session: 'sid', id: eva.id() });
    });
  });

  describe('SessionsService.invalidateAll()', () => {
    it('ends all sessions of a principal but one, on every instance, and nobody else’s', async () => {
      const app = await open();
      const other = await app.another();
      const eva = [await clientOf(app, '/login?principal=eva'), await clientOf(other, '/login?principal=eva')];
      const here = await clientOf(app, '/login?principal=eva');
      const adam = await clientOf(app, '/login?principal=adam');
      // Their caches know them
      await signedIn([...eva, here, adam]);
      expect(await other.service.invalidateAll({ principal: 'eva', except: here.id() })).toBe(2);
      expect(await signedIn([...eva, here, adam])).toEqual([here, adam]);
      expect(await idsOf(app.service, 'eva')).toEqual([here.id()]);
      expect(await app.service.invalidateAll({ principal: 'eva' })).toBe(1);
      expect(await app.service.invalidateAll({ principal: 'eva' })).toBe(0);
      expect(await signedIn([here, adam])).toEqual([adam]);
    });

    it.each(['/login', '/login/regenerate', '/login/save'])(
      'refuses a login by %s that has begun before: what it has verified may be outdated',
      async (path) => {
        const app = await open();
        const other = await app.another();
        const client = app.client();
        const answer = await during(app.stops, client, `/slow${path}?principal=eva`, async () => {
          app.clock.advance(MINUTE);
          await other.service.invalidateAll({ principal: 'eva' });
        });
        expect(answer).toMatchObject({ status: 409, setCookies: [] });
        expect(await idsOf(app.service, 'eva')).toEqual([]);
        // Who begins now is let in
        app.clock.advance(1);
        await client.get(`${path}?principal=eva`);
        expect(await idsOf(app.service, 'eva')).toEqual([client.id()]);
      },
    );

    it('lets the session go on that it was told to except, in the same request or one that has begun before', async () => {
      const app = await open();
      const client = await clientOf(app, '/set?a=1');
      const answer = await during(app.stops, client, '/slow/login?principal=eva', async () => {
        await app.service.invalidateAll({ principal: 'eva', except: client.id() });
      });
      expect(answer.status).toBe(200);
      expect(await idsOf(app.service, 'eva')).toEqual([client.id()]);
    });

    it('leaves no session that a login writes in that very moment', async () => {
      const app = await open();
      const other = await app.another();
      for (const point of ['before write', 'after write'] as const) {
        app.clock.advance(1);
        const client = app.client();
        const held = app.gate.hold(point);
        const { answer } = client.begin('/login?principal=eva');
        await held.reached;
        app.clock.advance(1000);
        await other.service.invalidateAll({ principal: 'eva' });
        held.release();
        expect(await answer).toMatchObject({ status: 409, setCookies: [] });
        expect(await idsOf(app.service, 'eva')).toEqual([]);
      }
    });
  });

  describe('limit', () => {
    it('evicts the sessions that have been theirs for the longest time', async () => {
      const app = await open({ limit: { perPrincipal: 2 } });
      const clients: Client[] = [];
      for (const at of range(4)) {
        clients.push(await clientOf(app, `/login?principal=eva&label=${at}`));
        app.clock.advance(1);
      }
      const adam = await clientOf(app, '/login?principal=adam');
      expect(await signedIn([...clients, adam])).toEqual([clients[2], clients[3], adam]);
      expect((await listed(app.service, 'eva')).map(({ label }) => label)).toEqual(['2', '3']);
    });

    it('is exact under parallel logins over two instances', async () => {
      const app = await open({ limit: { perPrincipal: 3, onExceeded: 'evictOldest' } });
      const other = await app.another();
      const clients = range(12).map((at) => (at % 2 ? app : other).client());
      await Promise.all(clients.map((client) => client.get('/login/regenerate?principal=eva')));
      const live = await signedIn(clients);
      expect(live.length).toBeGreaterThan(0);
      expect(live.length).toBeLessThanOrEqual(3);
      expect((await idsOf(app.service, 'eva')).toSorted()).toEqual(live.map((client) => client.id()).toSorted());
    });

    it('rejects one more with 409 and no cookie, until there is room', async () => {
      const app = await open({ limit: { perPrincipal: 2, onExceeded: 'reject' } });
      const [first, second] = [
        await clientOf(app, '/login?principal=eva'),
        await clientOf(app, '/login?principal=eva'),
      ];
      const third = app.client();
      expect(await third.get('/login?principal=eva')).toMatchObject({ status: 409, setCookies: [] });
      expect(await signedIn([first, second])).toEqual([first, second]);
      // The same session does not count twice
      expect((await first.get('/login/regenerate?principal=eva')).status).toBe(200);
      await first.get('/destroy');
      expect((await third.get('/login?principal=eva')).status).toBe(200);
      app.clock.advance(30 * MINUTE);
      const [fourth, fifth] = [app.client(), app.client()];
      expect((await fourth.get('/login?principal=eva')).status).toBe(200);
      expect((await fifth.get('/login?principal=eva')).status).toBe(200);
    });

    it('rejects all but as many as there may be of parallel logins over two instances', async () => {
      const app = await open({ limit: { perPrincipal: 3, onExceeded: 'reject' } });
      const other = await app.another();
      const clients = range(12).map((at) => (at % 2 ? app : other).client());
      const answers = await Promise.all(clients.map((client) => client.get('/login?principal=eva')));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      expect(statuses.filter((status) => status === 409)).toHaveLength(9);
      expect(await idsOf(app.service, 'eva')).toHaveLength(3);
    });

    it('tells a handler that saves, which may answer as it likes', async () => {
      const app = await open({ limit: { perPrincipal: 1, onExceeded: 'reject' } });
      await clientOf(app, '/login?principal=eva');
      const client = app.client();
      expect(await client.get('/login/kindly?principal=eva')).toMatchObject({ status: 200, text: 'too many' });
      expect(client.tokens.size).toBe(0);
    });
  });
});
