import type { Fault, FaultyVerb } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { LateStorage } from '../support/late-storage.js';
import { cells, revocableCells, type Cell } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

const MINUTE = 60_000;

const byValue = { travel: 'cookie by value', isRevocable: true } as const;

/** By value, the ids of ended sessions kept in each storage. */
const storages = cells.map(([name, cell]): readonly [string, Cell] => [
  `${name}, cookie by value with revocation`,
  { ...cell, ...byValue },
]);

const reading = ['/read', '/declared', '/set?a=2', '/reply?a=2', '/save?a=2', '/count', '/regenerate', '/destroy'];

/** A path gets 503 while calls of a verb fail or hang; its client keeps what it has, and goes on with it after that. */
async function refusedWhile(cell: Cell, path: string, verb: FaultyVerb, faults: readonly Fault[]): Promise<void> {
  const app = await start(cell, { routes: verbRoutes });
  const client = await clientOf(app, '/set?a=1');
  const token = client.token();
  for (const fault of faults) {
    void app.faults.set(verb, fault);
    expectUnavailable(await client.get(path));
  }
  const hangs = app.faults.set(verb, 'hang');
  const { answer } = client.begin(path);
  await hangs;
  app.clock.advance(5_000);
  expectUnavailable(await answer);
  app.faults.mend();
  expect(client.token()).toBe(token);
  expect(await client.json('/read')).toEqual({ a: '1' });
}

// Where nobody knows whether a session has ended, nobody gets it
describe.each(storages)('%s', (_, cell) => {
  it.each(reading)('D1, D2: %s gets 503 while nobody knows whether the session has ended', async (path) => {
    await refusedWhile(cell, path, 'read', ['fail', 'fail raw']);
  });

  it.each(['fail', 'hang', 'cut stream', 'fail after effect'] as const)(
    'D1: an ended session stays dead while its end cannot be read: "%s"',
    async (fault) => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      const kept = client.copy();
      await client.get('/destroy');
      const fails = app.faults.set('read', fault);
      const { answer } = kept.begin('/read');
      await fails;
      app.clock.advance(5_000);
      expectUnavailable(await answer);
      app.faults.mend();
      expect(await kept.json('/read')).toEqual({});
    },
  );

  it.each(['/destroy', '/regenerate?userId=eva'])('D2, D5: %s that cannot be stored is no success', async (path) => {
    await refusedWhile(cell, path, 'write', ['fail', 'fail raw', 'cut stream']);
  });

  it.each(['/destroy', '/regenerate?userId=eva'])(
    'D5: %s that was stored but not confirmed: 503, and the old value is dead',
    async (path) => {
      const app = await start(cell, { routes: verbRoutes });
      const client = await clientOf(app, '/set?a=1');
      void app.faults.set('write', 'fail after effect', { times: 1 });
      expectUnavailable(await client.get(path));
      expect(client.cookies.size).toBe(1);
      expect(await client.json('/read')).toEqual({});
    },
  );

  it('D3: a change gets 503 when nobody knows whether its value may go out', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(cell, { routes });
    const client = await clientOf(app, '/set?a=1');
    for (const path of ['/slow/set?a=2', '/slow/reply?a=2', '/slow/count']) {
      const held = stops.hold('handler');
      const { answer } = client.begin(path);
      await held.reached;
      const hangs = app.faults.set('read', 'hang');
      held.release();
      await hangs;
      app.clock.advance(5_000);
      expectUnavailable(await answer);
      app.faults.mend();
    }
    expect(await client.json('/read')).toEqual({ a: '1' });
  });

  it.each(['fail', 'hang'] as const)(
    'D7: "%s": a touch that cannot ask hands nothing out, and fails nothing',
    async (fault) => {
      const { routes, stops } = slowRoutes();
      const app = await start(cell, { routes });
      const client = await clientOf(app, '/set?a=1');
      app.clock.advance(5 * MINUTE);
      const held = stops.hold('handler');
      const { answer } = client.begin('/slow/read');
      await held.reached;
      const fails = app.faults.set('read', fault);
      held.release();
      await fails;
      app.clock.advance(5_000);
      expect(await answer).toMatchObject({ status: 200, text: '{"a":"1"}', setCookies: [] });
      await app.seen('storageFailed', 1);
    },
  );

  it('D7: whoever has no session yet starts one without the storage', async () => {
    const app = await start(cell, { routes: verbRoutes });
    for (const verb of ['read', 'write', 'invalidate'] as const) void app.faults.set(verb, 'fail');
    const client = await clientOf(app, '/set?a=1');
    expect((await client.get('/plain')).status).toBe(200);
    app.faults.mend();
    expect(await client.json('/read')).toEqual({ a: '1' });
  });
});

describe.each(revocableCells)('%s, whose writes cannot be called back', (_, cell) => {
  it.each(['/destroy', '/regenerate'])('D2: %s that takes effect after its 503 ends the session then', async (path) => {
    const connections: LateStorage[] = [];
    const open: Cell['open'] = (clock) => {
      const { connect } = cell.open(clock);
      const late = (): LateStorage => {
        const storage = new LateStorage(connect());
        connections.push(storage);
        return storage;
      };
      return { connect: late };
    };
    const app = await start({ ...cell, open }, { routes: verbRoutes });
    const [revocations] = connections;
    const client = await clientOf(app, '/set?a=1');
    const delayed = revocations!.set('write', 'delay', { times: 1 });
    const { answer } = client.begin(path);
    await delayed;
    app.clock.advance(5_000);
    expectUnavailable(await answer);
    expect(await client.json('/read')).toEqual({ a: '1' });
    await revocations!.land();
    expect(await client.get('/read')).toMatchObject({ status: 200, text: '{}', setCookies: [] });
  });
});
