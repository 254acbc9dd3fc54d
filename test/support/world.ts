import { randomBytes } from 'node:crypto';
import { SessionsModule, SessionsService, type SessionOptions, type SessionsOptions } from 'nest-sessions';
import { FaultStorage, GateStorage, ManualClock } from 'nest-sessions/testing';
import { encodeCarried } from '../../src/record/carried-session.js';
import { startApp, type AppOptions, type RunningApp } from './app.js';
import type { Client } from './client.js';
import { CountingStorage } from './counting-storage.js';
import { isByValue, type Backend, type Cell } from './matrix.js';
import { carriageOf, headerOf, opened, sealed } from './travel.js';

/** An instance of the app under test: one process of several, its storage within reach of the test. */
export interface Instance extends RunningApp {
  readonly service: SessionsService;
  /** What the library asks of the storage. */
  readonly counts: CountingStorage;
  /** Below that: where calls stop. */
  readonly gate: GateStorage;
  /** Below that: what goes wrong. */
  readonly faults: FaultStorage;
}

/** A record, taken apart. */
export interface StoredRecord {
  readonly bytes: Uint8Array;
  readonly header: Readonly<Record<string, unknown>> & { readonly idle: number; readonly absolute: number };
  readonly data: Record<string, unknown>;
}

/** A session as it is kept, in a storage or by its client. */
export interface KeptSession {
  readonly bytes: Uint8Array;
  readonly data: Record<string, unknown>;
}

/** The options by which a session of a name (default: `sid`) is kept and travels, as its cell says. */
export type How = (name?: string) => SessionOptions;

/** An app with one session, its store and its clock. */
export interface World extends Instance {
  readonly clock: ManualClock;
  readonly backend: Backend;
  /** What seals sessions that travel. */
  readonly key: string;
  /** What is kept of a client's session, in the storage or by the client; `undefined` when nothing is. */
  kept(client: Client, name?: string): Promise<KeptSession | undefined>;
  /** Replaces what is kept of it, past the library; by value, the client gets what seals these bytes. */
  damage(client: Client, bytes: (good: KeptSession) => Uint8Array): Promise<void>;
  /** Reads a record past the library; `undefined` when there is none. */
  stored(id: string): Promise<StoredRecord | undefined>;
  /** Writes a record past the library, as it would be if it were made of the one that is there. */
  rewrite(id: string, bytes: (record: StoredRecord) => Uint8Array): Promise<void>;
  /** Starts another process of the same app, over the same store. */
  another(more?: WorldOptions): Promise<Instance>;
}

export interface WorldOptions extends Omit<AppOptions, 'clock' | 'carriage'> {
  /** Options of the session beside those by which it is kept and travels. */
  readonly session?: SessionOptions;
  /** All options of the module, in place of the session's; made with the storage. */
  readonly options?: (storage: CountingStorage, how: How) => SessionsOptions;
  readonly clock?: ManualClock;
}

/** Starts an app with one session `sid` (or what `options` say) on a cell's platform over a cell's storage. */
export async function start(cell: Cell, given: WorldOptions): Promise<World> {
  const { clock = new ManualClock() } = given;
  const backend = cell.open(clock);
  const key = randomBytes(32).toString('base64url');
  const another = (more: WorldOptions = {}): Promise<Instance> =>
    instance(cell, backend, key, { ...given, clock, ...more });
  const stored = (id: string): Promise<StoredRecord | undefined> => storedIn(backend, id);
  const rewrite: World['rewrite'] = (id, bytes) => rewriteIn(backend, clock, id, bytes);
  return {
    ...(await another()),
    clock,
    backend,
    key,
    another,
    stored,
    rewrite,
    kept: async (client, name = 'sid') => (isByValue(cell) ? carriedBy(client, key, name) : stored(client.id(name))),
    async damage(client, bytes) {
      if (!isByValue(cell)) return rewrite(client.id(), bytes);
      const good = carriedBy(client, key, 'sid');
      if (good === undefined) throw new Error('Cannot damage a session: its client has none');
      client.tokens.set('sid', sealed(bytes(good), key));
    },
  };
}

async function instance(cell: Cell, backend: Backend, key: string, given: WorldOptions): Promise<Instance> {
  const faults = new FaultStorage(backend.connect());
  const gate = new GateStorage(faults);
  const counts = new CountingStorage(gate);
  const { session, options = (_, how) => ({ ...how(), ...session }), imports = [], ...rest } = given;
  const app = await startApp(cell.platform, {
    ...rest,
    carriage: carriageOf(cell, key),
    imports: [SessionsModule.forRoot(options(counts, howOf(cell, counts, key))), ...imports],
  });
  return { ...app, service: app.nest.get(SessionsService, { strict: false }), counts, gate, faults };
}

function howOf({ travel = 'cookie by id', isRevocable = false }: Cell, storage: CountingStorage, key: string): How {
  return (name = 'sid') => {
    if (travel === 'cookie by id') return { name, storage };
    if (travel === 'header by id') return { name, storage, header: headerOf(name) };
    return { name, clientSide: isRevocable ? { revocation: storage } : true, keys: [key] };
  };
}

function carriedBy(client: Client, key: string, name: string): KeptSession | undefined {
  const carried = opened(client.token(name), key, name);
  return (
    carried && {
      bytes: encodeCarried(carried),
      data: JSON.parse(Buffer.from(carried.payload).toString('utf8')) as Record<string, unknown>,
    }
  );
}

async function storedIn(backend: Backend, id: string): Promise<StoredRecord | undefined> {
  const bytes = await backend.connect().read(id, async ({ stream }) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk.slice());
    return Buffer.concat(chunks);
  });
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf('\n');
  return {
    bytes,
    header: JSON.parse(bytes.toString('utf8', 0, end)) as StoredRecord['header'],
    data: JSON.parse(bytes.toString('utf8', end + 1)) as Record<string, unknown>,
  };
}

async function rewriteIn(
  backend: Backend,
  clock: ManualClock,
  id: string,
  bytes: (record: StoredRecord) => Uint8Array,
) {
  const record = await storedIn(backend, id);
  if (record === undefined) throw new Error('Cannot rewrite a record: there is none');
  await storeIn(backend, id, bytes(record), clock.now() + 3_600_000);
}

/** Stores bytes past the library, whatever they are. */
export async function storeIn(backend: Backend, id: string, bytes: Uint8Array, expiresAt: number): Promise<void> {
  const source = (async function* () {
    yield bytes;
  })();
  await backend.connect().write(id, source, { expiresAt });
}

/** A client that has a session: it called `path` once. */
export async function clientOf(app: RunningApp, path: string): Promise<Client> {
  const client = app.client();
  const { status } = await client.get(path);
  if (status >= 400) throw new Error(`Cannot start a session: ${path} answered ${status}`);
  return client;
}
