import { setImmediate } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { inject, type DispatchFunc } from 'light-my-request';
import { SessionsModule, SessionsService, type Clock, type SessionOptions, type SessionStorage } from 'nest-sessions';
import { ManualClock } from 'nest-sessions/testing';
import { decodeRecord } from '../../../src/record/record.js';
import { collect } from '../../../src/common/byte-stream.js';
import { randomId, randomSecret } from '../../../src/tracker/token.js';
import { compile } from '../app.js';
import type { Platform } from '../matrix.js';
import { createApp } from '../platforms.js';
import { setCookieOf } from '../set-cookie.js';
import { idOf } from '../tokens.js';
import { opened } from '../travel.js';
import type { Handle } from './program.js';
import { SteppingStorage, type Cut } from './stepping-storage.js';
import { TracedStorage } from './traced-storage.js';
import { optionsOf, type Variant } from './variants.js';
import { Trace, type Answer, type Operation } from './trace.js';

/** How sessions are kept: where, and how they travel. */
export interface Keeping {
  readonly travel: 'by id' | 'by value';
  /** Whether each instance has a cache, and how the caches learn of each other's changes. */
  readonly cache: 'none' | 'with a bus' | 'without a bus';
  open(clock: Clock): Store;
}

/** A store that several instances use. */
export interface Store {
  /** As it is, below every cache. */
  readonly storage: SessionStorage;
  /** What one instance is given; `step` stands right above the store. */
  connect(step: (storage: SessionStorage) => SessionStorage): SessionStorage;
  /** Removes what it has left. */
  remove?(): void;
}

/** What is stored under an id. */
export interface Found {
  readonly id: string;
  /** As text; by value a revocation has none. */
  readonly data: string;
  readonly idle: number;
  readonly absolute: number;
}

interface Instance {
  readonly nest: INestApplication;
  readonly dispatch: DispatchFunc;
  readonly service: SessionsService;
}

const KEY = 'k'.repeat(32);

/** Real apps over one store, called in process, every call of which can be stopped. */
export class Bench {
  readonly clock = new ManualClock();
  readonly trace = new Trace(this.clock);
  /** How calls of the store are cut into steps, from now on. */
  cut: Cut = 'whole';
  #run = 0;
  readonly #instances: Instance[] = [];
  readonly #store: Store;

  private constructor(readonly keeping: Keeping) {
    this.#store = keeping.open(this.clock);
  }

  /** Starts one app for each platform. */
  static async start(keeping: Keeping, platforms: readonly Platform[], variant: Variant): Promise<Bench> {
    const bench = new Bench(keeping);
    for (const platform of platforms) bench.#instances.push(await bench.#instance(platform, variant));
    // With its first request a cache begins to listen to its bus: those after it are not like that one
    for (const at of bench.places) await bench.aside(at, `${randomId()}.${randomSecret()}`, async () => {});
    return bench;
  }

  /** The numbers of its instances, from 1; higher ones mean these, all around. */
  get places(): readonly number[] {
    return this.#instances.map((_, index) => index + 1);
  }

  /** Forgets what was traced. */
  beginRun(): void {
    this.trace.forget();
    this.#run++;
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map(({ nest }) => nest.close()));
    this.#store.remove?.();
  }

  /** Sends a request; its handler is the doer's. */
  async request(at: number, token: string | undefined): Promise<Answer> {
    const headers = token === undefined ? {} : { cookie: `sid=${token}` };
    const { statusCode, headers: fields } = await inject(this.#at(at).dispatch, { url: '/run', headers });
    const [cookie] = [fields['set-cookie'] ?? []].flat().map(setCookieOf);
    if (cookie === undefined) return { status: statusCode, handed: undefined };
    const { value, isCleared } = cookie;
    return { status: statusCode, handed: isCleared ? 'cleared' : { token: value, id: this.#idOf(value) } };
  }

  /** Sends a request that is no part of a run. */
  async aside(at: number, token: string, handler: (session: Handle) => Promise<void>): Promise<void> {
    const operation: Operation = { program: NaN, action: 0, part: 'all', calls: [], began: this.trace.now() };
    await this.trace.as({ operation, handler }, () => this.request(at, token));
  }

  async find(at: number, token: string): Promise<unknown> {
    return (await this.#at(at).service.find(this.#idOf(token)))?.data;
  }

  invalidate(at: number, token: string): Promise<boolean> {
    return this.#at(at).service.invalidate(this.#idOf(token));
  }

  sweep(): Promise<number> {
    return this.#store.storage.sweep();
  }

  /** What is stored under these ids and has not expired. */
  async found(ids: Iterable<string>): Promise<readonly Found[]> {
    const found: Found[] = [];
    for (const id of ids) {
      const bytes = await this.#store.storage.read(id, async ({ stream }) => Uint8Array.from(await collect(stream)));
      if (bytes === undefined) continue;
      const { header, payload } = decodeRecord(bytes);
      const { idleDeadline: idle, absoluteDeadline: absolute } = header;
      found.push({ id, data: Buffer.from(payload).toString(), idle, absolute });
    }
    return found;
  }

  /** Removes what is stored under these ids. */
  async clear(ids: Iterable<string>): Promise<void> {
    // What no response has waited for
    await setImmediate();
    for (const id of ids) await this.#store.storage.invalidate(id);
  }

  #at(at: number): Instance {
    const instance = this.#instances[(at - 1) % this.#instances.length];
    if (instance === undefined) throw new RangeError(`Cannot find instance ${at}`);
    return instance;
  }

  #idOf(token: string): string {
    return this.keeping.travel === 'by id' ? idOf(token) : (opened(token, KEY)?.id ?? '');
  }

  async #instance(platform: Platform, variant: Variant): Promise<Instance> {
    const step = (storage: SessionStorage) => new SteppingStorage(storage, this.trace, () => this.cut);
    const storage = new TracedStorage(this.#store.connect(step), this.trace, this.#instances.length + 1);
    const kept: SessionOptions =
      this.keeping.travel === 'by id' ? { storage } : { clientSide: { revocation: storage }, keys: [KEY] };
    // Time moves in leaps here: no storage is late
    const options = { ...kept, storageTimeout: '400d', ...optionsOf(variant, this.#generateId) } as const;
    const routes = { run: ({ session: held }: { session: object }) => this.trace.doer.handler?.(held as Handle) };
    const imports = [SessionsModule.forRoot(options)];
    const nest = createApp(platform, await compile({ routes, imports, clock: this.clock }));
    await nest.init();
    const adapter = nest.getHttpAdapter().getInstance() as DispatchFunc | FastifyLike;
    if ('routing' in adapter) await adapter.ready();
    const dispatch = 'routing' in adapter ? adapter.routing : adapter;
    return { nest, dispatch, service: nest.get(SessionsService, { strict: false }) };
  }

  /** For `generateId`: the id that the doer asks for, which no run before has had. */
  readonly #generateId = (): string => {
    const { id } = this.trace.doer;
    return id === undefined ? randomId() : `${id}-${this.#run}`;
  };
}

interface FastifyLike {
  readonly routing: DispatchFunc;
  ready(): Promise<unknown>;
}
