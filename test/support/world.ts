import { SessionsModule, SessionsService, type SessionOptions, type SessionsOptions } from 'nest-sessions';
import { FaultStorage, GateStorage, ManualClock } from 'nest-sessions/testing';
import { startApp, type AppOptions, type RunningApp } from './app.js';
import type { Client } from './client.js';
import { CountingStorage } from './counting-storage.js';
import type { Backend, Cell } from './matrix.js';

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

/** An app with one session, its store and its clock. */
export interface World extends Instance {
  readonly clock: ManualClock;
  readonly backend: Backend;
  /** Reads a record past the library; `undefined` when there is none. */
  stored(id: string): Promise<StoredRecord | undefined>;
  /** Writes a record past the library, as it would be if it were made of the one that is there. */
  rewrite(id: string, bytes: (record: StoredRecord) => Uint8Array): Promise<void>;
  /** Starts another process of the same app, over the same store. */
  another(more?: WorldOptions): Promise<Instance>;
}

export interface WorldOptions extends Omit<AppOptions, 'clock'> {
  /** Options of the session beside its storage. */
  readonly session?: SessionOptions;
  /** All options of the module, in place of the session's; made with the storage. */
  readonly options?: (storage: CountingStorage) => SessionsOptions;
  readonly clock?: ManualClock;
}

/** Starts an app with one session `sid` (or what `options` say) on a cell's platform over a cell's storage. */
export async function start({ platform, open }: Cell, given: WorldOptions): Promise<World> {
  const { clock = new ManualClock() } = given;
  const backend = open(clock);
  const first = await instance(platform, backend, { ...given, clock });
  return {
    ...first,
    clock,
    backend,
    stored: (id) => storedIn(backend, id),
    rewrite: (id, bytes) => rewriteIn(backend, clock, id, bytes),
    another: (more = {}) => instance(platform, backend, { ...given, clock, ...more }),
  };
}

async function instance(platform: Cell['platform'], backend: Backend, given: WorldOptions): Promise<Instance> {
  const faults = new FaultStorage(backend.connect());
  const gate = new GateStorage(faults);
  const counts = new CountingStorage(gate);
  const { session, options = (storage) => ({ ...session, storage }), imports = [], ...rest } = given;
  const app = await startApp(platform, { ...rest, imports: [SessionsModule.forRoot(options(counts)), ...imports] });
  return { ...app, service: app.nest.get(SessionsService, { strict: false }), counts, gate, faults };
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

/** A browser that has a stored session: it called `path` once. */
export async function clientOf(app: RunningApp, path: string): Promise<Client> {
  const client = app.client();
  const { status } = await client.get(path);
  if (status >= 400) throw new Error(`Cannot start a session: ${path} answered ${status}`);
  return client;
}
