import { describe, expect, it } from 'vitest';
import type { Answer, Client } from '../support/client.js';
import type { SessionOptions } from 'nest-sessions';
import type { GateStorage } from 'nest-sessions/testing';
import { idCells, travelCells } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type Instance, type World } from '../support/world.js';

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Both requests have loaded before one of them stores. */
async function interleave(one: Sent, other: Sent): Promise<readonly [Answer, Answer]> {
  const held = [one.gate.hold('after read'), other.gate.hold('after read')] as const;
  const first = one.client.get(one.path);
  await held[0].reached;
  const second = other.client.get(other.path);
  await held[1].reached;
  held[0].release();
  const answer = await first;
  held[1].release();
  return [answer, await second];
}

interface Sent {
  readonly gate: GateStorage;
  readonly client: Client;
  readonly path: string;
}

describe.each(idCells)('%s', (_, cell) => {
  describe.each(['one instance', 'two instances'])('over %s', (where) => {
    /** An app, and where the other request goes. */
    async function begin(path: string): Promise<{ app: World; other: Instance; client: Client; elsewhere: Client }> {
      const app = await start(cell, { routes: verbRoutes });
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, path);
      return { app, other, client, elsewhere: client.copy(other.origin) };
    }

    const both = ({ app, other, client, elsewhere }: Awaited<ReturnType<typeof begin>>, a: string, b: string) =>
      interleave({ gate: app.gate, client, path: a }, { gate: other.gate, client: elsewhere, path: b });

    it.each([
      ['/set?a=1', '/set?b=2'],
      ['/reply?a=1', '/save?b=2'],
      ['/save?a=1', '/reply?b=2'],
      ['/regenerate?a=1', '/read'],
    ])('B1: %s and %s: both stay', async (one, other) => {
      const world = await begin('/set?c=0');
      const [first, second] = await both(world, one, other);
      expect([first.status, second.status]).toEqual([200, 200]);
      const b = other === '/read' ? {} : { b: '2' };
      expect(await world.client.json('/read')).toEqual({ a: '1', c: '0', ...b });
    });

    it('B2: both set one key: the later commit wins, the other keys of both stay', async () => {
      const world = await begin('/set?a=0');
      await both(world, '/set?a=first&b=1', '/set?a=second&c=2');
      expect(await world.client.json('/read')).toEqual({ a: 'second', b: '1', c: '2' });
    });

    it('B2: the later commit replaces all, and nothing of the earlier stays', async () => {
      const world = await begin('/set?a=0');
      await both(world, '/set?b=1', '/replace?c=2');
      expect(await world.client.json('/read')).toEqual({ c: '2' });
    });

    it('B2: the earlier commit replaces all, the later one changes its key of that', async () => {
      const world = await begin('/set?a=0&d=0');
      await both(world, '/replace?c=2', '/set?b=1');
      expect(await world.client.json('/read')).toEqual({ b: '1', c: '2' });
    });

    it.each([
      ['/remove?key=a', '/set?b=2'],
      ['/set?b=2', '/remove?key=a'],
    ])('B3: %s, then %s: what was removed stays removed', async (one, other) => {
      const world = await begin('/set?a=1&c=0');
      await both(world, one, other);
      expect(await world.client.json('/read')).toEqual({ b: '2', c: '0' });
    });

    it('B3: removing and taking do not bring back what the other removed', async () => {
      const world = await begin('/set?a=1&b=1&c=0');
      await both(world, '/take?key=a', '/remove?key=b');
      expect(await world.client.json('/read')).toEqual({ c: '0' });
    });

    it('B3: both remove the same key', async () => {
      const world = await begin('/set?a=1&c=0');
      const answers = await both(world, '/remove?key=a', '/remove?key=a');
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(await world.client.json('/read')).toEqual({ c: '0' });
    });

    it('B4: 100 parallel updates count to exactly 100', async () => {
      const { client, elsewhere } = await begin('/set?n=0');
      await client.get('/replace');
      const answers = await Promise.all(range(100).map((n) => (n % 2 ? client : elsewhere).json('/count')));
      expect(answers.map(({ n }) => Number(n)).toSorted((a, b) => a - b)).toEqual(range(101).slice(1));
      expect(await client.json('/read')).toEqual({ n: 100 });
    });

    it('B5: of 100 parallel takes exactly one gets it', async () => {
      const { client, elsewhere } = await begin('/set?nonce=x&a=1');
      const answers = await Promise.all(range(100).map((n) => (n % 2 ? client : elsewhere).json('/take?key=nonce')));
      expect(answers.filter(({ taken }) => taken === 'x')).toHaveLength(1);
      expect(answers.filter(({ taken }) => taken === undefined)).toHaveLength(99);
      expect(await client.json('/read')).toEqual({ a: '1' });
    });

    it('B6: 50 parallel requests that set a key each keep all 50', async () => {
      const { client, elsewhere } = await begin('/set?a=1');
      const answers = await Promise.all(range(50).map((n) => (n % 2 ? client : elsewhere).get(`/set?k${n}=${n}`)));
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(await client.json('/read')).toEqual({
        a: '1',
        ...Object.fromEntries(range(50).map((n) => [`k${n}`, String(n)])),
      });
    });

    it.each(['/slow/read', '/slow/declared', '/slow/set?a=1', '/slow/save?a=1', '/slow/facts'])(
      'B7: a slow reader, %s, changes nothing of what was written meanwhile',
      async (path) => {
        const { routes, stops } = slowRoutes();
        const app = await start(cell, { routes });
        const other = where === 'one instance' ? app : await app.another();
        const client = await clientOf(app, '/set?a=1');
        app.clock.advance(5 * 60_000);
        const held = stops.hold('handler');
        const answer = client.get(path);
        await held.reached;
        await client.copy(other.origin).get('/set?a=2&b=2');
        const written = await app.stored(client.id());
        held.release();
        expect((await answer).status).toBe(200);
        await app.close();
        expect((await app.stored(client.id()))?.bytes).toEqual(written?.bytes);
        expect(written?.data).toEqual({ a: '2', b: '2' });
      },
    );
  });

  it('B6: of more than 128 commits in line the rest is refused with 503, and the line goes on', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    const held = app.gate.hold('before write');
    const first = client.get('/set?a=2');
    await held.reached;
    let refused = 0;
    const answers = range(140).map(async (n) => {
      const { status } = await client.copy().get(`/set?k${n}=1`);
      if (status !== 503) return status;
      if (++refused === 12) held.release();
      return status;
    });
    const statuses = await Promise.all([first.then(({ status }) => status), ...answers]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(129);
    expect(statuses.filter((status) => status === 503)).toHaveLength(12);
    expect(Object.keys(await client.json('/read'))).toHaveLength(129);
  });

  it.each(['/set?a=2', '/reply?a=2', '/save?a=2', '/count', '/take?key=a', '/destroy', '/regenerate?a=2'])(
    'B8: conflicts that outlast storageTimeout end %s with 409, nothing half-written',
    async (path) => {
      const session: SessionOptions = cell.travel === 'header by id' ? {} : { cookie: { maxAge: '1h' } };
      const app = await start(cell, { routes: verbRoutes, session });
      const client = await clientOf(app, '/set?a=1');
      const before = await app.stored(client.id());
      app.counts.forget();
      void app.faults.set('write', 'conflict');
      app.faults.onFault = () => app.clock.advance(1000);
      const { status, text, handed } = await client.get(path);
      expect({ status, handed }).toEqual({ status: 409, handed: [] });
      expect(JSON.parse(text)).toMatchObject({ statusCode: 409 });
      expect((await app.stored(client.id()))?.bytes).toEqual(before?.bytes);
      const writes = app.counts.calls.filter(({ verb }) => verb === 'write');
      expect(writes.length).toBeGreaterThan(3);
      expect(
        writes.filter(({ options }) => !(options && 'expect' in options && typeof options.expect === 'object')),
      ).toEqual([]);
      const reads = app.counts.calls.filter(({ verb }) => verb === 'read').slice(1);
      expect(reads.every(({ options }) => options && 'fresh' in options && options.fresh)).toBe(true);
      expect(app.events.filter(({ type }) => type === 'conflict')).toHaveLength(1);
    },
  );
});

describe.each(travelCells)('%s', (_, cell) => {
  it.each(['update', 'regenerate'] as const)(
    'B4: %s() after the same data was assigned is not undone',
    async (verb) => {
      const app = await start(cell, {
        routes: {
          ...verbRoutes,
          same: async ({ session }) => {
            session.data = { ...session.data };
            if (verb === 'update') await session.update((data) => void (data.n = 1));
            else await session.regenerate({ keep: ['a'] });
            return session.data;
          },
        },
      });
      const client = await clientOf(app, '/set?a=1&b=2');
      const expected = verb === 'update' ? { a: '1', b: '2', n: 1 } : { a: '1' };
      expect(await client.json('/same')).toEqual(expected);
      expect(await client.json('/read')).toEqual(expected);
    },
  );

  it('B4: parallel updates of one request are all kept', async () => {
    const routes = {
      ...verbRoutes,
      many: async ({ session }: Parameters<typeof verbRoutes.count>[0]) => {
        await Promise.all(range(20).map(() => session.update((data) => void (data.n = (data.n ?? 0) + 1))));
        return session.data;
      },
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    expect(await client.json('/many')).toEqual({ a: '1', n: 20 });
    expect(await app.client().json('/many')).toEqual({ n: 20 });
  });

  it('B6: parallel first requests are a session each', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const clients = range(10).map(() => app.client());
    await Promise.all(clients.map((client, n) => client.get(`/set?n=${n}`)));
    expect(new Set(clients.map((client) => client.id())).size).toBe(10);
    expect(await Promise.all(clients.map((client) => client.json('/read')))).toEqual(
      range(10).map((n) => ({ n: String(n) })),
    );
  });

  it.each(['/throwing', '/promising'])(
    'B9: %s in update stores nothing, hands out nothing, and the error surfaces',
    async (path) => {
      const caught: unknown[] = [];
      const update = (change: (data: object) => unknown) => async (call: Parameters<typeof verbRoutes.count>[0]) => {
        await call.session.update(change).catch((error: unknown) => {
          caught.push(error);
          throw error;
        });
      };
      const routes = {
        ...verbRoutes,
        throwing: update((data) => {
          Object.assign(data, { a: 'half', list: ['half'] });
          throw new RangeError('of the change');
        }),
        promising: update(async (data) => {
          Object.assign(data, { a: 'half' });
          throw new Error('too late for anybody');
        }),
      };
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      app.counts.forget();
      for (const who of [client, app.client()]) {
        const { status, handed } = await who.get(path);
        expect({ status, handed }).toEqual({ status: 500, handed: [] });
      }
      expect(caught).toHaveLength(2);
      expect(caught[0]).toBeInstanceOf(path === '/throwing' ? RangeError : TypeError);
      expect(app.counts.count('write')).toBe(0);
      expect(await client.json('/read')).toEqual({ a: '1' });
    },
  );

  it('B9: what the handler holds is untouched by an update that throws', async () => {
    const routes = {
      ...verbRoutes,
      caught: async ({ session }: Parameters<typeof verbRoutes.count>[0]) => {
        session.data.b = 'mine';
        const fail = (data: object): never => {
          Object.assign(data, { a: 'half' });
          throw new Error('of the change');
        };
        await session.update(fail).catch(() => {});
        return session.data;
      },
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    expect(await client.json('/caught')).toEqual({ a: '1', b: 'mine' });
    expect(await client.json('/read')).toEqual({ a: '1', b: 'mine' });
  });
});
