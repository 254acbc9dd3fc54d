import { describe, expect, it } from 'vitest';
import type { Answer, Client } from '../support/client.js';
import { revocableCells, valueCells } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start, type World } from '../support/world.js';

/*
 * What group B promises takes a server that knows the latest state. By value nobody knows it but the client: each response
 * holds its own change of what its request brought, and the last one that arrives wins. So these rows say what is left of them:
 * nothing is mixed up, nothing is corrupted, nothing is refused, and within one request all holds (see b-parallel.spec.ts: B4,
 * B6, B9).
 */

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe.each([...valueCells, ...revocableCells])('%s', (_, cell) => {
  describe.each(['one instance', 'two instances'])('over %s', (where) => {
    /** Two requests of one value at once: both have loaded before one of them is answered. */
    async function both(begin: string, one: string, other: string) {
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      const elsewhere = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, begin);
      const clients: [Client, Client] = [client.copy(), client.copy(elsewhere.origin)];
      const held = [stops.hold('handler'), stops.hold('handler')] as const;
      const first = clients[0].get(`/slow${one}`);
      await held[0].reached;
      const second = clients[1].get(`/slow${other}`);
      await held[1].reached;
      held[0].release();
      const answer = await first;
      held[1].release();
      const answers: [Answer, Answer] = [answer, await second];
      return { app, clients, answers };
    }

    /** What each of two clients has, of which each kept the answer to its own request. */
    const dataOf = (clients: readonly Client[]) => Promise.all(clients.map((client) => client.json('/read')));

    it.each([
      ['/set?a=1', '/set?b=2'],
      ['/reply?a=1', '/save?b=2'],
      ['/save?a=1', '/reply?b=2'],
    ])('B1: %s and %s: each answer holds its own change, the last that arrives wins', async (one, other) => {
      const { clients, answers } = await both('/set?c=0', one, other);
      expect(answers.map(({ status, handed }) => [status, handed.length])).toEqual([
        [200, 1],
        [200, 1],
      ]);
      expect(await dataOf(clients)).toEqual([
        { a: '1', c: '0' },
        { b: '2', c: '0' },
      ]);
    });

    it('B2: both set one key: the answer that arrives last wins, and with it the other keys of that one alone', async () => {
      const { clients } = await both('/set?a=0', '/set?a=first&b=1', '/set?a=second&c=2');
      expect(await dataOf(clients)).toEqual([
        { a: 'first', b: '1' },
        { a: 'second', c: '2' },
      ]);
    });

    it('B2: one replaces all: its answer holds nothing of the other', async () => {
      const { clients } = await both('/set?a=0&d=0', '/replace?c=2', '/set?b=1');
      expect(await dataOf(clients)).toEqual([{ c: '2' }, { a: '0', b: '1', d: '0' }]);
    });

    it('B3: one removes a key: it is removed in its own answer alone', async () => {
      const { clients } = await both('/set?a=1&c=0', '/remove?key=a', '/set?b=2');
      expect(await dataOf(clients)).toEqual([{ c: '0' }, { a: '1', b: '2', c: '0' }]);
    });

    it('B4: update is atomic within one request only: two requests of one value count from what each brought', async () => {
      const { clients, answers } = await both('/count', '/count', '/count');
      expect(answers.map(({ text }) => text)).toEqual(['{"n":2}', '{"n":2}']);
      expect(await dataOf(clients)).toEqual([{ n: 2 }, { n: 2 }]);
    });

    it('B5: take is single-use within one request only: each request of one value gets it', async () => {
      const { clients, answers } = await both('/set?nonce=x&a=1', '/take?key=nonce', '/take?key=nonce');
      expect(answers.map(({ text }) => text)).toEqual(['{"taken":"x"}', '{"taken":"x"}']);
      expect(await dataOf(clients)).toEqual([{ a: '1' }, { a: '1' }]);
    });

    it('B6: 50 parallel requests that set a key each: each answer holds its own, none is refused', async () => {
      const app = await start(cell, { routes: verbRoutes });
      const other = where === 'one instance' ? app : await app.another();
      const client = await clientOf(app, '/set?a=1');
      const copies = range(50).map((n) => client.copy(n % 2 ? app.origin : other.origin));
      const answers = await Promise.all(copies.map((copy, n) => copy.get(`/set?k${n}=${n}`)));
      expect(answers.filter(({ status, handed }) => status !== 200 || handed.length !== 1)).toEqual([]);
      expect(await dataOf(copies)).toEqual(range(50).map((n) => ({ a: '1', [`k${n}`]: String(n) })));
      expect(new Set(copies.map((copy) => copy.id()))).toEqual(new Set([client.id()]));
    });

    it.each(['/read', '/declared', '/set?a=1', '/save?a=1', '/facts'])(
      'B7: a slow reader, %s, hands out nothing, so that what was written meanwhile stays',
      async (path) => {
        const { clients, answers } = await both('/set?a=1', '/set?a=2&b=2', path);
        expect(answers[1]).toMatchObject({ status: 200, handed: [] });
        expect(await clients[0].json('/read')).toEqual({ a: '2', b: '2' });
      },
    );
  });

  it('B1: one browser that sends two at once has the change of the answer that came last', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?c=0');
    const held = [stops.hold('handler'), stops.hold('handler')] as const;
    const answers: Promise<Answer>[] = [];
    for (const [index, path] of ['/slow/set?a=1', '/slow/set?b=2'].entries()) {
      answers.push(client.get(path));
      await held[index]!.reached;
    }
    held[1].release();
    await answers[1];
    held[0].release();
    await answers[0];
    expect(await client.json('/read')).toEqual({ a: '1', c: '0' });
  });

  it('B5: parallel takes of one request: exactly one gets it', async () => {
    const routes = {
      ...verbRoutes,
      takes: ({ session }: Parameters<typeof verbRoutes.count>[0]) =>
        Promise.all(range(20).map(async () => ({ taken: await session.take('nonce') }))),
    };
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?nonce=x&a=1');
    const { text, handed } = await client.get('/takes');
    expect((JSON.parse(text) as object[]).filter((one) => 'taken' in one)).toEqual([{ taken: 'x' }]);
    expect(handed).toHaveLength(1);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it('B7: a slow reader whose touch is due hands out what it has read: what was written meanwhile is lost with it', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(5 * 60_000);
    const held = stops.hold('handler');
    const reading = client.get('/slow/read');
    await held.reached;
    await client.get('/set?a=2');
    expect(await client.json('/read')).toEqual({ a: '2' });
    held.release();
    expect((await reading).handed).toHaveLength(1);
    expect(await client.json('/read')).toEqual({ a: '1' });
  });
});

describe.each(revocableCells)('%s', (_, cell) => {
  /** A client that has a session, whose storage lets nobody write. */
  async function stubborn(): Promise<{ app: World; client: Client }> {
    const app = await start(cell, { routes: verbRoutes });
    const client = await clientOf(app, '/set?a=1');
    void app.faults.set('write', 'conflict');
    return { app, client };
  }

  it.each(['/regenerate?a=2', '/destroy'])(
    'B8: conflicts of the storage of revocations end %s with 503, and what the client has stays good',
    async (path) => {
      const { client } = await stubborn();
      const { status, handed } = await client.get(path);
      expect({ status, handed }).toEqual({ status: 503, handed: [] });
      expect(await client.json('/read')).toEqual({ a: '1' });
    },
  );

  it.each(['/set?a=2', '/reply?a=2', '/save?a=2', '/count', '/take?key=a'])(
    'B8: no change of the data, such as %s, depends on whether revocations can be stored',
    async (path) => {
      const { client } = await stubborn();
      expect(await client.get(path)).toMatchObject({ status: 200, handed: [{ name: 'sid', isCleared: false }] });
    },
  );
});
