import { streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { decodeRecord, type SessionRecord } from '../../../src/record/record.js';
import { DataShape } from '../../../src/session/data-shape.js';
import type { Session } from '../../../src/session/session.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from '../../../src/storage/session-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { IdTracker } from '../../../src/tracker/id-tracker.js';
import type { IdTrackerSettings } from '../../../src/tracker/id-tracking.js';
import { Records } from '../../../src/tracker/records.js';
import type { SessionEvent } from '../../../src/tracker/session-event.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import type { Reply, TrackedSession } from '../../../src/tracker/tracked-session.js';
import { sign } from '../../../src/transformer/sign.js';
import { TransformerChain } from '../../../src/transformer/transformer-chain.js';

type Write = () => Promise<WriteResult>;

/** A storage in memory of which a test sees the calls, and into which it can step. */
export class LabStorage extends SessionStorage {
  readonly conditionalWrites = true;
  /** Each call: `read`, `read fresh`, `write`, `end` (a write that has expired already), `invalidate`. */
  readonly calls: string[] = [];
  readonly memory: SessionStorageMemory;
  /** Steps into the next writes, one after the other. */
  readonly onWrite: ((write: Write, options: WriteOptions) => Promise<WriteResult>)[] = [];
  /** Steps into the next reads, one after the other, before them. */
  readonly onRead: ((options: ReadOptions | undefined) => Promise<void>)[] = [];
  readonly #cached = new Map<string, { bytes: Uint8Array; version: string }>();

  constructor(clock: ManualClock) {
    super();
    this.memory = new SessionStorageMemory({ clock });
  }

  /** From now on reads of an id that are not fresh get what is stored now, as from a cache. */
  async cache(id: string): Promise<void> {
    await this.memory.read(id, async ({ stream, version = '' }) => {
      this.#cached.set(id, { bytes: stream.bytes ?? new Uint8Array(), version });
    });
  }

  async read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    this.calls.push(options?.fresh === true ? 'read fresh' : 'read');
    await this.onRead.shift()?.(options);
    const cached = options?.fresh === true ? undefined : this.#cached.get(id);
    if (cached === undefined) return this.memory.read(id, consumer);
    return consumer({ stream: streamOf(cached.bytes), version: cached.version, cached: true });
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.calls.push(options.expiresAt === 0 ? 'end' : 'write');
    const write = (): Promise<WriteResult> => this.memory.write(id, source, options);
    const step = this.onWrite.shift();
    return step === undefined ? write() : step(write, options);
  }

  async invalidate(id: string): Promise<boolean> {
    this.calls.push('invalidate');
    return this.memory.invalidate(id);
  }

  /** What is stored under an id, taken apart. */
  async record(id: string): Promise<SessionRecord | undefined> {
    return this.memory.read(id, async ({ stream }) => decodeRecord(Uint8Array.from(stream.bytes ?? [])));
  }

  /** The data that is stored under an id. */
  async data(id: string): Promise<unknown> {
    const record = await this.record(id);
    return record && (JSON.parse(Buffer.from(record.payload).toString()) as unknown);
  }
}

export class TestReply implements Reply {
  state: Reply['state'] = 'open';
  outages = 0;

  outage(): void {
    this.outages++;
  }
}

export interface CartData {
  items: string[];
  count: number;
  coupon?: string;
  nonce?: string;
}

export class Cart implements CartData {
  items: string[] = [];
  count = 0;
  declare coupon?: string;
  declare nonce?: string;
}

export const IDLE = 600_000;
export const ABSOLUTE = 3_600_000;
export const TOUCH_AFTER = 60_000;
export const STORAGE_TIMEOUT = 5000;

export const KEY = 'a'.repeat(32);
export const OTHER_KEY = 'b'.repeat(32);

/** What signs tokens with the first of these keys, and opens them with all. */
export const signedBy = (...keys: readonly string[]): TransformerChain =>
  new TransformerChain([sign(keys)], 'token sid');

/** One request: its session, seen by its handler and by the side that commits. */
export interface LabRequest {
  readonly session: Session<Cart>;
  readonly tracked: TrackedSession;
  readonly reply: TestReply;
}

/** A tracker over a storage in memory, with everything at hand. */
export class Lab {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly storage = new LabStorage(this.clock);
  readonly events: SessionEvent[] = [];
  /** The same storage as another process would use it. */
  readonly records = new Records(this.storage, new TimeLimit(this.clock, STORAGE_TIMEOUT));
  readonly tracker: IdTracker<Cart>;

  constructor(settings: Partial<IdTrackerSettings<Cart>> = {}) {
    this.tracker = this.another(settings);
  }

  /** A tracker over the same storage: another node, or another session. */
  another(settings: Partial<IdTrackerSettings<Cart>> = {}): IdTracker<Cart> {
    return new IdTracker<Cart>({
      name: 'sid',
      shape: new DataShape(new JsonSerializer(), Cart),
      storage: this.storage,
      chain: undefined,
      timeouts: { idle: IDLE, absolute: ABSOLUTE, touchAfter: TOUCH_AFTER },
      storageTimeout: STORAGE_TIMEOUT,
      onConflict: 'merge',
      onOutage: 'fail',
      refreshes: false,
      generateId: undefined,
      limit: undefined,
      clock: this.clock,
      observe: (event) => this.events.push(event),
      ...settings,
    });
  }

  async request(...values: string[]): Promise<LabRequest> {
    const reply = new TestReply();
    const tracked = await this.tracker.load(values, { request: { is: 'the request' }, reply });
    return { session: tracked.handle as Session<object> as Session<Cart>, tracked, reply };
  }

  /** Stores a session, in a request of its own; resolves to what its client holds. */
  async client(data: Partial<Cart> = { count: 1 }): Promise<{ readonly id: string; readonly value: string }> {
    const { session, tracked } = await this.request();
    Object.assign(session.data, data);
    await tracked.commit();
    this.events.length = 0;
    this.storage.calls.length = 0;
    return { id: session.id, value: valueOf(tracked) };
  }

  /** The types of the events so far, with their reasons. */
  get log(): string[] {
    return this.events.map(({ type, reason }) => (reason === undefined ? type : `${type}: ${reason}`));
  }
}

/** The value that a response hands its client. */
export function valueOf({ outgoing }: TrackedSession): string {
  if (typeof outgoing !== 'object') throw new Error(`no value goes out, but ${outgoing}`);
  return outgoing.value;
}
