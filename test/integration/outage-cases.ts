import { SessionsModule, SessionsService, SessionStorageError, type SessionStorage } from 'nest-sessions';
import { GateStorage } from 'nest-sessions/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startApp, type RunningApp } from '../support/app.js';
import { Client, type Answer } from '../support/client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { PLATFORMS, type Platform } from '../support/matrix.js';
import type { Bag } from '../support/routes.js';
import type { TcpProxy } from '../support/servers/tcp-proxy.js';
import { expectUnavailable } from '../support/unavailable.js';
import { verbRoutes } from '../support/verb-routes.js';
import { clientOf } from '../support/world.js';

/** Records on a server of the test's own. */
export interface Engine {
  /** Between the storage and its server. */
  readonly line: TcpProxy;
  readonly server: Breakable;
  /** A storage over that line; each is as another process would have one. */
  connect(): SessionStorage;
  /** A storage over the same records whose line nobody touches. */
  direct(): SessionStorage;
  /** Whether its client refuses what it can not send at once. */
  readonly isHasty?: boolean;
  /** Whether what was read may be served from memory. */
  readonly isCached?: boolean;
}

/** A server, as far as it can be broken. */
export interface Breakable {
  stop(): Promise<void>;
  start(): Promise<void>;
  pause(): void | Promise<void>;
  goOn(): void | Promise<void>;
}

/** What happens to a server, and how that ends. */
interface Fault {
  /** Whether what is sent meanwhile may arrive when it is over. */
  readonly mayArrive: boolean;
  begin(engine: Engine): void | Promise<void>;
  end(engine: Engine): void | Promise<void>;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'is stopped and started again': {
    mayArrive: false,
    begin: ({ server }) => server.stop(),
    end: ({ server }) => server.start(),
  },
  'is paused': {
    mayArrive: true,
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.goOn(),
  },
  'lets nobody connect': {
    mayArrive: false,
    begin: ({ line }) => line.refuse(),
    end: ({ line }) => line.accept(),
  },
  'is at the other end of a line that carries nothing': {
    mayArrive: true,
    begin: ({ line }) => line.hold(),
    end: ({ line }) => line.flow(),
  },
};

/** How long the storage is waited for, and how long the rest may take on a machine that is busy, in milliseconds. */
const STORAGE_TIMEOUT = 300;
const SLACK = 2000;
const LONG = { timeout: 60_000 };

/** An app, and what stands between it and its storage. */
interface GatedApp extends RunningApp {
  readonly gate: GateStorage;
  readonly counts: CountingStorage;
}

/** What nobody handled, until the test has finished. */
function unhandled(): readonly unknown[] {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, note);
    onTestFinished(() => void process.off(event, note));
  }
  return errors;
}

/** An app that goes by the time of the machine. */
async function appOver(platform: Platform, storage: SessionStorage, storageTimeout: number): Promise<GatedApp> {
  const gate = new GateStorage(storage);
  const counts = new CountingStorage(gate);
  const imports = [SessionsModule.forRoot({ storage: counts, storageTimeout })];
  return { ...(await startApp(platform, { routes: verbRoutes, imports })), gate, counts };
}

/** A client that has `{ a: '1' }`: on a machine that is busy a storage may be too slow at first. */
function signedIn(app: RunningApp): Promise<Client> {
  return vi.waitFor(() => clientOf(app, '/set?a=1'), { timeout: 15_000 });
}

/** A client that has `{ a: '1', n: 1 }`. */
function counting(app: RunningApp): Promise<Client> {
  const attempt = async (): Promise<Client> => {
    const client = await clientOf(app, '/set?a=1');
    expect(await client.json('/count')).toEqual({ a: '1', n: 1 });
    return client;
  };
  return vi.waitFor(attempt, { timeout: 15_000 });
}

/** Asks until it is served again; until then it may be told to try again, and nothing else. */
function served(client: Client, path: string): Promise<Answer> {
  const ask = async (): Promise<Answer> => {
    const answer = await client.get(path);
    if (answer.status !== 200) expectUnavailable(answer);
    expect(answer.status).toBe(200);
    return answer;
  };
  return vi.waitFor(ask, { timeout: 15_000, interval: 10 });
}

async function dataOf(client: Client): Promise<Bag> {
  return JSON.parse((await served(client, '/read')).text) as Bag;
}

/** How long something takes, in milliseconds. */
async function timed<T>(work: Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  const result = await work;
  return [result, performance.now() - begun];
}

/** What a command that may have been done, or not, has come to: what the client was told, and what there is then. */
const CUT: Readonly<Record<string, (status: number, client: Client, old: Client) => Promise<void>>> = {
  async '/read'(_, client) {
    expect(await dataOf(client)).toEqual({ a: '1', n: 1 });
  },
  async '/set?b=2'(status, client) {
    const data = await dataOf(client);
    expect(
      [
        { a: '1', n: 1 },
        { a: '1', n: 1, b: '2' },
      ].slice(status === 200 ? 1 : 0),
    ).toContainEqual(data);
  },
  async '/count'(status, client) {
    const data = await dataOf(client);
    expect(
      [
        { a: '1', n: 1 },
        { a: '1', n: 2 },
      ].slice(status === 200 ? 1 : 0),
    ).toContainEqual(data);
  },
  async '/destroy'(status, client, old) {
    if (status === 200) expect(client.token()).toBe('');
    else expect(client.token()).toBe(old.token());
    expect([{}, { a: '1', n: 1 }].slice(0, status === 200 ? 1 : 2)).toContainEqual(await dataOf(old));
  },
  async '/regenerate'(status, client, old) {
    const [mine, others] = [await dataOf(client), await dataOf(old)];
    if (client.token() !== old.token()) expect([mine, others]).toEqual([{ a: '1', n: 1 }, {}]);
    else expect(status).toBe(503);
  },
  async '/set?c=3'(status, client, old) {
    expect(await dataOf(old)).toEqual({ a: '1', n: 1 });
    if (status === 200) expect(await dataOf(client)).toEqual({ c: '3' });
    else expect(client.token()).toBe('');
  },
};

/** What keeps a command from its server, until nobody waits for it any more. */
const GIVEN_UP: Readonly<Record<string, { begin(line: TcpProxy): void; end(line: TcpProxy): void; isSent: boolean }>> =
  {
    'carries nothing for a while': { begin: (line) => line.hold(), end: (line) => line.flow(), isSent: true },
    'is down for a while': { begin: (line) => line.refuse(), end: (line) => line.accept(), isSent: false },
  };

/** What somebody does at another process meanwhile, and what there is then. */
const MEANWHILE: Readonly<Record<string, (first: Client, other: Client) => Promise<void>>> = {
  async '/destroy'(first, other) {
    expect([await dataOf(first), await dataOf(other)]).toEqual([{}, {}]);
  },
  async '/set?d=4'(first, other) {
    for (const client of [first, other]) expect(await dataOf(client)).toEqual({ a: '1', n: 1, d: '4' });
  },
  async '/regenerate?d=4'(first, other) {
    expect([await dataOf(first), await dataOf(other)]).toEqual([{}, { a: '1', n: 1, d: '4' }]);
  },
  async '/plain'(first, other) {
    for (const client of [first, other]) expect(await dataOf(client)).toEqual({ a: '1', n: 1 });
  },
};

/** A server that can not be used, for whatever reason: to be called in a `describe`, as the others. */
export function faultCases(open: () => Promise<Engine>): void {
  it.each(Object.entries(FAULTS))(
    'D1, D2, D3, D6, D7: whose server %s: 503 in time, then all is as before',
    LONG,
    async (_, fault) => {
      const errors = unhandled();
      const engine = await open();
      const apps = await Promise.all(PLATFORMS.map((platform) => appOver(platform, engine.connect(), STORAGE_TIMEOUT)));
      const clients = await Promise.all(apps.map(signedIn));
      const patient = await signedIn(await appOver('express', engine.connect(), 5000));
      const tokens = clients.map((client) => client.token());
      for (const { counts } of apps) counts.forget();
      await fault.begin(engine);

      for (const client of clients) {
        const newcomer = new Client(client.origin);
        const reading = client.get('/read');
        const answers = [reading, client.get('/set?b=2'), client.get('/count'), newcomer.get('/set?c=3')];
        for (const [answer, took] of await Promise.all(answers.map(timed))) {
          expect(took).toBeLessThan(STORAGE_TIMEOUT + SLACK);
          if (engine.isCached && answer.status === 200) expect(answer.text).toBe('{"a":"1"}');
          else expectUnavailable(answer);
        }
        expect(await client.get('/plain')).toMatchObject({ status: 200, text: 'ok' });
        expect(await newcomer.get('/read')).toMatchObject({ status: 200, text: '{}' });
      }
      await fault.end(engine);

      // By default a storage is waited for longer than a driver takes to connect again
      if (engine.isHasty) await served(patient, '/read');
      expect(await patient.get('/read')).toMatchObject({ status: 200, text: '{"a":"1"}' });
      for (const client of clients) {
        const data = await dataOf(client);
        expect(data).toMatchObject({ a: '1' });
        if (!fault.mayArrive) expect(data).toEqual({ a: '1' });
        await served(client, '/count');
        expect(await dataOf(client)).toEqual({ ...data, n: (data.n ?? 0) + 1 });
      }
      expect(clients.map((client) => client.token())).toEqual(tokens);
      // A record of somebody who was not told of it would be nobody's
      const known = [...clients, patient].map((client) => client.id());
      const unknown = apps.flatMap(({ counts }) => counts.writtenIds).filter((id) => !known.includes(id));
      expect(unknown).toHaveLength(apps.length);
      if (!fault.mayArrive) {
        for (const id of unknown) expect(await engine.direct().read(id, async () => 'a record')).toBeUndefined();
      }
      for (const client of [...clients, patient]) {
        const old = client.copy();
        await served(client, '/destroy');
        expect(await old.json('/read')).toEqual({});
      }
      expect(errors).toEqual([]);
    },
  );
}

/** A connection that is cut between a command and its answer. */
export function cutCases(open: () => Promise<Engine>): void {
  it.each(Object.entries(CUT))(
    'D4: whose connection is cut when %s has reached the server, before it has answered: done once, or 503',
    LONG,
    async (path, isAsSaid) => {
      const errors = unhandled();
      const engine = await open();
      for (const platform of PLATFORMS) {
        const app = await appOver(platform, engine.connect(), 5000);
        const old = await counting(app);
        const client = path === '/set?c=3' ? app.client() : old.copy();
        const held = app.gate.hold(path === '/read' ? 'before read' : 'before write');
        const asking = client.get(path);
        await held.reached;
        const cut = engine.line.dropAnswerTo(app.counts.calls.at(-1)?.id ?? '');
        held.release();
        await cut;
        const answer = await asking;
        if (answer.status !== 200) expectUnavailable(answer);
        expect([200, 503]).toContain(answer.status);
        if (path === '/read' && answer.status === 200) expect(answer.text).toBe('{"a":"1","n":1}');
        await isAsSaid(answer.status, client, old);
      }
      expect(errors).toEqual([]);
    },
  );
}

/** What was given up, and might be done later. */
export function lateCases(open: () => Promise<Engine>): void {
  describe.each(Object.entries(GIVEN_UP))('whose line %s', (_, { begin, end, isSent }) => {
    const others = Object.entries(MEANWHILE).filter(([path]) => path !== '/plain' || !isSent);
    describe.each(['/set?b=2', '/count', '/destroy', '/regenerate'])('what %s would do', (path) => {
      it.each(others)('C1, B1: does not happen after %s elsewhere', LONG, async (meanwhile, isAsSaid) => {
        const errors = unhandled();
        const engine = await open();
        const app = await appOver('fastify', engine.connect(), STORAGE_TIMEOUT);
        const direct = await appOver('fastify', engine.direct(), 5000);
        const client = await counting(app);
        const held = app.gate.hold('before write');
        const asking = client.get(path);
        await held.reached;
        begin(engine.line);
        // Whoever can notice has noticed
        expectUnavailable(await client.get('/read'));
        held.release();
        expectUnavailable(await asking);
        const other = client.copy(direct.origin);
        expect((await other.get(meanwhile)).status).toBe(200);
        if (meanwhile === '/destroy') other.tokens.set('sid', client.token());
        end(engine.line);
        await served(client, '/read');
        for (const target of [client, client.copy(direct.origin)]) await isAsSaid(target, other);
        expect(errors).toEqual([]);
      });
    });
  });

  it('SessionsService.invalidate() rejects in time; the session ends then or by the next call', LONG, async () => {
    const errors = unhandled();
    const engine = await open();
    const app = await appOver('express', engine.connect(), STORAGE_TIMEOUT);
    const client = await signedIn(app);
    const service = app.nest.get(SessionsService, { strict: false });
    engine.line.refuse();
    await expect(service.invalidate(client.id())).rejects.toThrow(SessionStorageError);
    engine.line.accept();
    expect([{}, { a: '1' }]).toContainEqual(await dataOf(client));
    await vi.waitFor(() => service.invalidate(client.id()), { timeout: 15_000 });
    expect(await dataOf(client)).toEqual({});
    expect(errors).toEqual([]);
  });
}

/** A line of which nothing comes any more, as when a firewall has forgotten it. */
export function forgottenLineCases(open: () => Promise<Engine>): void {
  it('D2, D6: whose line is open and dead: 503 in time, then another line is made', LONG, async () => {
    const errors = unhandled();
    const engine = await open();
    const app = await appOver('express', engine.connect(), STORAGE_TIMEOUT);
    const client = await signedIn(app);
    engine.line.forget();
    const [answer, took] = await timed(client.get('/read'));
    expectUnavailable(answer);
    expect(took).toBeLessThan(STORAGE_TIMEOUT + SLACK);
    expect(await dataOf(client)).toEqual({ a: '1' });
    expect(errors).toEqual([]);
  });
}
