import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Session, SessionEvent } from 'nest-sessions';
import { config, filter, map } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cells } from '../support/matrix.js';
import type { Bag, Routes } from '../support/routes.js';
import { secretOf, unknownToken } from '../support/tokens.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

describe.each(cells)('%s', (_, cell) => {
  describe('SessionsService.find()', () => {
    it('gives a snapshot of facts and data, without the secret', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const facts = await client.json('/facts');
      const found = await app.service.find(client.id());
      expect(found).toEqual({
        id: client.id(),
        createdAt: new Date(facts['createdAt'] as number),
        expiresAt: new Date(facts['expiresAt'] as number),
        data: { a: '1' },
      });
      expect(inspect(found, { showHidden: true, depth: 10 })).not.toContain(secretOf(client.token()));
    });

    it('gives a copy: changing it changes nothing, and finding moves no deadline', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const before = await app.stored(client.id());
      app.clock.advance(10 * 60_000);
      const found = await app.service.find(client.id());
      Object.assign(found?.data ?? {}, { a: 'changed' });
      expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it('passes every cache', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      app.counts.forget();
      await app.service.find(client.id());
      expect(app.counts.calls).toMatchObject([{ verb: 'read', options: { fresh: true } }]);
    });

    it('gives undefined for what is unknown, expired, ended, or no id at all', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const [expired, ended] = [await clientOf(app, '/set?a=1'), await clientOf(app, '/set?a=1')];
      const ids = [expired.id(), ended.id()];
      await ended.get('/destroy');
      app.clock.advance(30 * 60_000);
      for (const id of [...ids, unknownToken(), '', '../x', 'a'.repeat(300), 'ü', '\0']) {
        expect(await app.service.find(id)).toBeUndefined();
      }
    });

    it('rejects with 503 when the storage fails', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('read', 'fail');
      await expect(app.service.find(client.id())).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE', status: 503 });
    });
  });

  describe('SessionsService.invalidate()', () => {
    it('ends a session: its client is without it from the next request on', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      expect(await app.service.invalidate(client.id())).toBe(true);
      expect(await client.json('/read')).toEqual({});
      expect(await app.stored(client.id())).toBeUndefined();
      expect(app.events).toContainEqual({ type: 'destroyed', session: 'sid', id: client.id() });
    });

    it('tells that there was none', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      await app.service.invalidate(client.id());
      for (const id of [client.id(), unknownToken(), '', '../x', '\0'])
        expect(await app.service.invalidate(id)).toBe(false);
    });

    it('lets no request at work bring it back', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const held = app.gate.hold('after read');
      const answer = client.get('/set?a=2');
      await held.reached;
      await app.service.invalidate(client.id());
      held.release();
      expect((await answer).setCookies).toEqual([]);
      expect(await app.stored(client.id())).toBeUndefined();
    });

    it('rejects with 503 when the storage fails', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('invalidate', 'fail');
      await expect(app.service.invalidate(client.id())).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' });
      expect(await client.json('/read')).toEqual({ a: '1' });
    });
  });

  describe('SessionsService.events', () => {
    it('an observer that throws disturbs no request and no other observer', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const seen: SessionEvent[] = [];
      const unhandled: unknown[] = [];
      // What rxjs is left with it throws in a timer, which ends the process
      config.onUnhandledError = (error) => unhandled.push(error);
      onTestFinished(() => void (config.onUnhandledError = null));
      const fail = (): never => {
        throw new Error('observer');
      };
      app.service.events.subscribe(fail);
      app.service.events.subscribe({ next: fail });
      app.service.events.subscribe(async () => fail());
      app.service.events.pipe(map(fail)).subscribe({ error: () => {} });
      app.service.events.pipe(map(fail)).subscribe();
      app.service.events.pipe(filter(({ type }) => type === 'loaded')).subscribe(fail);
      app.service.events.subscribe((event) => seen.push(event));
      const client = await clientOf(app, '/set?a=1');
      expect(await client.json('/read')).toEqual({ a: '1' });
      await setTimeout(1);
      expect(seen.map(({ type }) => type)).toEqual(['created', 'loaded']);
      expect(unhandled).toEqual([]);
      const failures = app.logs.filter(({ text }) => text.includes('An observer of session events failed'));
      expect(failures.map(({ level }) => level)).toEqual(Array.from({ length: 8 }, () => 'error'));
      expect(failures.filter(({ text }) => text.includes('and is told no more'))).toHaveLength(1);
    });

    it('completes when the app ends', async () => {
      const app = await start(cell, { routes: verbRoutes });
      let completed = false;
      app.service.events.subscribe({ complete: () => (completed = true) });
      await app.close();
      expect(completed).toBe(true);
    });
  });

  describe('what a handle shows', () => {
    it('neither inspect nor JSON shows secret or data', async () => {
      const shown: string[] = [];
      const show = (session: Session<Bag>): void => {
        shown.push(inspect(session, { showHidden: true, depth: 20 }), JSON.stringify(session), String(session));
        shown.push(inspect({ nested: [session] }, { depth: 20 }), JSON.stringify(Object.entries(session)));
      };
      const routes: Routes = {
        set: async ({ session }) => {
          session.data.a = 'private';
          show(session);
          await session.save();
          await session.regenerate();
          show(session);
        },
        read: ({ session }) => {
          show(session);
          return session;
        },
      };
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set');
      const { text } = await client.get('/read');
      const everything = [...shown, text].join('\n');
      expect(everything).not.toContain('private');
      expect(everything).not.toContain(secretOf(client.token()));
      expect(JSON.parse(text)).toMatchObject({ name: 'sid', id: client.id(), isNew: false });
    });
  });
});
