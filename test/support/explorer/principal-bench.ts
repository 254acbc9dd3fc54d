import { SessionStorageMemory, type SessionStorage } from 'nest-sessions';
import { ForwardingStorage, ManualClock } from 'nest-sessions/testing';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { decodeRecord } from '../../../src/record/record.js';
import { DataShape } from '../../../src/session/data-shape.js';
import { isOver } from '../../../src/session/expiry.js';
import type { PrincipalIndex } from '../../../src/storage/principals/principal-index.js';
import { IdTracker } from '../../../src/tracker/id-tracker.js';
import type { PrincipalLimit } from '../../../src/tracker/principals.js';
import { SessionIndex } from '../../../src/tracker/session-index.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import { HOUR, MINUTE } from './program.js';
import type { Turns } from './scheduler.js';
import { SteppingIndex } from './stepping-index.js';
import { SteppingStorage } from './stepping-storage.js';
import { Trace, type Operation } from './trace.js';
import { TracedStorage } from './traced-storage.js';

/**
 * Where entries are: `with records`: in the memory that holds the records, which lets an entry go with its record; `apart`: where
 * nobody knows of records, as on a server.
 */
export type IndexPlace = 'with records' | 'apart';

/** A session that has a record. */
export interface LivingSession {
  readonly id: string;
  readonly principal: string | undefined;
}

type Tracker = IdTracker<Record<string, unknown>>;

const NAME = 'sid';
/** Time moves in leaps here: no storage is late. */
const STORAGE_TIMEOUT = 400 * 24 * HOUR;

/** One for all benches: at every promise Node looks at each `AsyncLocalStorage` that there ever was. */
const trace = new Trace(new ManualClock());

/** The instances of an app over one store, as far as they track sessions: every call of records and of the index is a step. */
export class PrincipalBench {
  readonly clock = new ManualClock();
  readonly trace = trace;
  readonly #records = new SessionStorageMemory({ clock: this.clock });
  readonly #index: PrincipalIndex;
  readonly #trackers: readonly Tracker[];

  constructor(place: IndexPlace, instances: number, limit: PrincipalLimit | undefined) {
    const apart = new SessionStorageMemory({ clock: this.clock });
    this.#index = (place === 'apart' ? apart : this.#records).principals;
    this.#trackers = Array.from({ length: instances }, (_, at) => this.#tracker(at + 1, limit));
  }

  /** The tracker of an instance, from 1; higher numbers mean these, all around. */
  at(place: number): Tracker {
    const tracker = this.#trackers[(place - 1) % this.#trackers.length];
    if (tracker === undefined) throw new RangeError(`Cannot find instance ${place}`);
    return tracker;
  }

  /** Does what a program does, each call when it is its turn; without turns, at once. */
  as<R>(program: number, turns: Turns | undefined, work: () => Promise<R>): Promise<R> {
    const operation: Operation = { program, action: 0, part: 'all', calls: [], began: trace.now() };
    return trace.as({ operation, turns: turns && this.#timed(turns) }, work);
  }

  /** Adds an entry past the library: as a login leaves it that could not write its record. */
  async addEntry(principal: string, id: string): Promise<void> {
    const index = new SessionIndex(this.#index, NAME, new TimeLimit(this.clock, STORAGE_TIMEOUT));
    await index.add(principal, id, { expiresAt: this.clock.now() + 12 * HOUR, begunAgo: 0 });
  }

  /** The ids that are listed under a principal in the index, whatever has become of their records. */
  async entriesOf(principal: string): Promise<readonly string[]> {
    const index = new SessionIndex(this.#index, NAME, new TimeLimit(this.clock, STORAGE_TIMEOUT));
    return (await index.entries(principal)).map(({ id }) => id);
  }

  /** What lives of the sessions with these ids. */
  async living(ids: Iterable<string>): Promise<readonly LivingSession[]> {
    const living: LivingSession[] = [];
    for (const id of ids) {
      const header = await this.#records.read(id, async ({ stream }) => {
        return decodeRecord(Uint8Array.from(stream.bytes ?? [])).header;
      });
      if (header === undefined || isOver(header, this.clock.now())) continue;
      living.push({ id, principal: header.principal });
    }
    return living;
  }

  /** No two steps are in the same millisecond, so that it is told apart what was first. */
  #timed(turns: Turns): Turns {
    return {
      ...turns,
      stop: async (text) => {
        const step = await turns.stop(text);
        this.clock.advance(1);
        return step;
      },
    };
  }

  #tracker(at: number, limit: PrincipalLimit | undefined): Tracker {
    const stepping = new SteppingStorage(this.#records, trace, () => 'whole');
    const storage = new IndexedStorage(new TracedStorage(stepping, trace, at), new SteppingIndex(this.#index, trace));
    return new IdTracker({
      name: NAME,
      shape: new DataShape<Record<string, unknown>>(new JsonSerializer(), undefined),
      storage,
      chain: undefined,
      timeouts: { idle: 30 * MINUTE, absolute: 12 * HOUR, touchAfter: MINUTE },
      storageTimeout: STORAGE_TIMEOUT,
      onConflict: 'merge',
      onOutage: 'fail',
      refreshes: false,
      generateId: undefined,
      limit,
      clock: this.clock,
      observe: () => {},
    });
  }
}

/** A storage whose index is another. */
class IndexedStorage extends ForwardingStorage {
  readonly #index: PrincipalIndex;

  constructor(delegate: SessionStorage, index: PrincipalIndex) {
    super(delegate);
    this.#index = index;
  }

  override get principals(): PrincipalIndex {
    return this.#index;
  }
}
