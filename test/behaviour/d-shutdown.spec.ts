import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { ForwardingStorage } from 'nest-sessions/testing';
import type { ByteStream, ReadOptions, SessionStorage, StoredEntry, SweepOptions, WriteOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { Stops } from '../../src/testing/stops.js';
import { Child } from '../support/child.js';
import { temporaryFolder } from '../support/folder.js';
import { cells, PLATFORMS, type Cell } from '../support/matrix.js';
import { slowRoutes } from '../support/slow-routes.js';
import { SteadyClient } from '../support/steady-client.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf, start } from '../support/world.js';

/** What a client may be told by a server that ends; fastify answers 503 on connections that it has not closed yet. */
const REFUSALS = ['', '503', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** As it is by default: a server that closes waits for the requests at work. */
const server = { forceClose: false };

/** Notes whether it is used while it closes, or after. */
class ClosingStorage extends ForwardingStorage {
  closes = 0;
  readonly misuses: string[] = [];
  readonly stops = new Stops<'sweep'>();
  #atWork = 0;

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    return this.#around('read', () => super.read(id, consumer, options));
  }

  override write(id: string, source: ByteStream, options: WriteOptions) {
    return this.#around('write', () => super.write(id, source, options));
  }

  override sweep(options?: SweepOptions) {
    return this.#around('sweep', async () => {
      await this.stops.at('sweep');
      return super.sweep(options);
    });
  }

  override close(): Promise<void> {
    this.closes++;
    if (this.#atWork > 0) this.misuses.push(`closed under ${this.#atWork} calls`);
    return super.close();
  }

  async #around<R>(verb: string, work: () => Promise<R>): Promise<R> {
    if (this.closes > 0) this.misuses.push(`${verb} after close()`);
    this.#atWork++;
    try {
      return await work();
    } finally {
      this.#atWork--;
    }
  }
}

/** The same cell, whose first connection notes how it is closed. */
function watched(cell: Cell): { readonly cell: Cell; readonly storage: () => ClosingStorage } {
  let first: ClosingStorage | undefined;
  const connect = (storage: SessionStorage): SessionStorage => {
    if (first !== undefined) return storage;
    return (first = new ClosingStorage(storage));
  };
  const open: Cell['open'] = (clock) => {
    const backend = cell.open(clock);
    return { connect: () => connect(backend.connect()) };
  };
  return { cell: { ...cell, open }, storage: () => first! };
}

/** Runs clients until each was answered a few times; then `end` ends their server. */
async function loaded(origin: string, path: string, end: () => Promise<unknown>): Promise<readonly SteadyClient[]> {
  const clients = Array.from({ length: 8 }, () => new SteadyClient(origin));
  let isEnding = false;
  const busy = Promise.all(clients.map((client) => client.reached(3)));
  const running = Promise.all(clients.map((client) => client.run(path, () => isEnding)));
  await busy;
  isEnding = true;
  await Promise.all([end(), running]);
  return clients;
}

/** Was answered a few times, refused in a way that a client understands, and nothing that it was told is lost. */
function expectKept(client: SteadyClient, data: Readonly<Record<string, unknown>> | undefined): void {
  expect(client.answered).toBeGreaterThanOrEqual(3);
  expect(REFUSALS).toContain(client.refusal);
  expect(data?.['copy']).toBe(data?.['n']);
  expect(Number(data?.['n'])).toBeGreaterThanOrEqual(client.answered);
  expect(Number(data?.['n'])).toBeLessThanOrEqual(client.asked);
}

describe.each(cells)('%s', (_, given) => {
  it.each(['/set', '/reply', '/save'])('D11: close() under load of %s: what was answered is stored', async (path) => {
    const { cell, storage } = watched(given);
    const app = await start(cell, { routes: verbRoutes, server });
    const clients = await loaded(app.origin, path, () => app.close());
    expect(storage()).toMatchObject({ closes: 1, misuses: [] });
    expect(app.clock.timers).toBe(0);
    for (const client of clients) expectKept(client, (await app.stored(client.id()))?.data);
    expect(app.logs.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it.each(['touches', 'sweep'] as const)(
    'D11: close() closes the storage after the last of its work: %s',
    async (last) => {
      const { cell, storage } = watched(given);
      const app = await start(cell, { routes: verbRoutes, server });
      const clients = await Promise.all([1, 2, 3, 4].map((n) => clientOf(app, `/set?a=${n}`)));
      const before = await Promise.all(clients.map((client) => app.stored(client.id())));
      const sweep = [storage().stops.hold('sweep')];
      app.clock.advance(5 * 60_000);
      const touches = clients.map(() => app.gate.hold('before write'));
      const answers = await Promise.all(clients.map((client) => client.get('/read')));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      await Promise.all([...sweep, ...touches].map(({ reached }) => reached));
      const closing = app.close();
      for (const { release } of last === 'touches' ? sweep : touches) release();
      while ((app.nest.getHttpServer() as Server).listening) await setImmediate();
      for (let turns = 0; turns < 50; turns++) await setImmediate();
      expect(storage().closes).toBe(0);
      for (const { release } of [...sweep, ...touches]) release();
      await closing;
      expect(storage()).toMatchObject({ closes: 1, misuses: [] });
      for (const [index, client] of clients.entries()) {
        expect((await app.stored(client.id()))?.header.idle).toBeGreaterThan(before[index]!.header.idle);
      }
    },
  );

  it('D11: who comes after close() has begun is refused, and nothing is stored for it', async () => {
    const { routes, stops } = slowRoutes();
    const app = await start(given, { routes, server });
    const client = await clientOf(app, '/set?a=1');
    const held = stops.hold('handler');
    client.begin('/slow/set?a=2').answer.catch(() => {});
    await held.reached;
    const closing = app.close();
    while ((app.nest.getHttpServer() as Server).listening) await setImmediate();
    await expect(app.client().get('/set?a=late')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    held.release();
    await closing;
    expect((await app.stored(client.id()))?.data).toEqual({ a: '2' });
    expect(app.counts.writtenIds).toEqual([client.id()]);
  });

  it('D11: close() during an outage ends, and says what it could not store', async () => {
    const { cell, storage } = watched(given);
    const app = await start(cell, { routes: verbRoutes, server });
    const client = await clientOf(app, '/set?a=1');
    app.clock.advance(5 * 60_000);
    const hangs = app.faults.set('write', 'hang');
    expect((await client.get('/read')).status).toBe(200);
    await hangs;
    const closing = app.close();
    while ((app.nest.getHttpServer() as Server).listening) await setImmediate();
    app.clock.advance(5_000);
    await closing;
    expect(storage().closes).toBe(1);
    expect(app.clock.timers).toBe(0);
    expect(app.logs.filter(({ level, text }) => level === 'error' && text.includes(client.id()))).toHaveLength(1);
  });
});

describe.each(PLATFORMS)('%s, directory', (platform) => {
  it('D11: SIGTERM under load: the process ends by itself, and what it has answered is on the disk', async () => {
    const path = temporaryFolder();
    const process = new Child('directory-app.mjs', platform, path, 'close');
    const clients = await loaded(await process.line('http:'), '/set', async () => {
      process.end();
      expect(await process.exit()).toBe(0);
    });
    expect(process.errors).toBe('');
    const next = await new Child('directory-app.mjs', platform, path).line('http:');
    for (const client of clients) expectKept(client, await client.copy(next).json('/read'));
  }, 60_000);
});
