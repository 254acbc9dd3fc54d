import { deferred, type Deferred } from '../../../src/testing/deferred.js';
import type { Session } from '../../../src/session/session.js';
import type {
  AddOptions,
  AddResult,
  PrincipalEntry,
  PrincipalIndex,
} from '../../../src/storage/principals/principal-index.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ForwardingStorage } from '../../../src/testing/forwarding-storage.js';
import type { ManualClock } from '../../../src/testing/manual-clock.js';
import type { IdTracker } from '../../../src/tracker/id-tracker.js';
import type { IdTrackerSettings } from '../../../src/tracker/id-tracking.js';
import { SessionIndex } from '../../../src/tracker/session-index.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';
import { Lab, STORAGE_TIMEOUT, TestReply, type Cart, type LabRequest, type LabStorage } from './tracker-lab.js';

type Verb = keyof PrincipalIndex;

/** What goes wrong with a call: it rejects and has done nothing; or has done it; or never answers; or has done it and does not. */
export type IndexFault = 'fails' | 'fails after effect' | 'hangs' | 'hangs after effect';

/** An index of which a test sees the calls, that goes wrong as it is told, and takes as long as it is told. */
export class LabIndex implements PrincipalIndex {
  readonly calls: Verb[] = [];
  /** The options of each `add()`. */
  readonly added: AddOptions[] = [];
  /** Since when each `holds()` was asked. */
  readonly since: number[] = [];
  /** Steps into the next calls of a verb, one after the other, before they take effect. */
  readonly on = new Map<Verb, (() => unknown)[]>();
  /** By how many milliseconds time goes on before a call takes effect, and then before its answer is there. */
  way: readonly [there: number, back: number] = [0, 0];
  readonly #index: PrincipalIndex;
  readonly #clock: ManualClock;
  readonly #faults = new Map<Verb, { readonly fault: IndexFault; readonly met: Deferred }>();

  /** Entries are apart from all records, as on a server. */
  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#index = new SessionStorageMemory({ clock }).principals;
  }

  /**
   * Lets the next call of a verb go wrong.
   *
   * @returns a promise that resolves when it has come
   */
  next(verb: Verb, fault: IndexFault): Promise<void> {
    const met = deferred();
    this.#faults.set(verb, { fault, met });
    return met.promise;
  }

  add(principal: string, id: string, options: AddOptions): Promise<AddResult> {
    this.added.push(options);
    return this.#call('add', () => this.#index.add(principal, id, options));
  }

  holds(principal: string, id: string, since: number): Promise<boolean> {
    this.since.push(since);
    return this.#call('holds', () => this.#index.holds(principal, id, since));
  }

  remove(principal: string, id: string): Promise<void> {
    return this.#call('remove', () => this.#index.remove(principal, id));
  }

  entries(principal: string): Promise<readonly PrincipalEntry[]> {
    return this.#call('entries', () => this.#index.entries(principal));
  }

  raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    return this.#call('raiseEpoch', () => this.#index.raiseEpoch(principal, except));
  }

  async #call<R>(verb: Verb, effect: () => Promise<R>): Promise<R> {
    this.calls.push(verb);
    await this.on.get(verb)?.shift()?.();
    const [there, back] = this.way;
    this.#clock.advance(there);
    const planned = this.#faults.get(verb);
    this.#faults.delete(verb);
    planned?.met.resolve();
    const fault = planned?.fault;
    const result = fault === 'fails' || fault === 'hangs' ? undefined : await effect();
    if (fault === 'hangs' || fault === 'hangs after effect') return new Promise<never>(() => {});
    if (fault !== undefined) throw Object.assign(new Error('MOVED eva@example'), { code: 'ECONNRESET' });
    this.#clock.advance(back);
    return result as R;
  }
}

/** A lab whose storage has an index of principals. */
export class PrincipalLab {
  readonly lab = new Lab();
  readonly clock = this.lab.clock;
  readonly storage: LabStorage = this.lab.storage;
  readonly index = new LabIndex(this.clock);
  readonly tracker: IdTracker<Cart>;

  constructor(settings: Partial<IdTrackerSettings<Cart>> = {}) {
    this.tracker = this.another(settings);
  }

  /** Another node. */
  another(settings: Partial<IdTrackerSettings<Cart>> = {}): IdTracker<Cart> {
    return this.lab.another({ storage: new IndexedStorage(this.storage, this.index), ...settings });
  }

  get events(): Lab['events'] {
    return this.lab.events;
  }

  /** The types of the events so far, with their reasons. */
  get log(): readonly string[] {
    return this.lab.log;
  }

  request(...values: string[]): Promise<LabRequest> {
    return this.requestOf(this.tracker, ...values);
  }

  /** A request to another node. */
  async requestOf(tracker: IdTracker<Cart>, ...values: string[]): Promise<LabRequest> {
    const reply = new TestReply();
    const tracked = await tracker.load(values, { request: { is: 'the request' }, reply });
    return { session: tracked.handle as Session<object> as Session<Cart>, tracked, reply };
  }

  /** Makes a session somebody's, in a request of its own; resolves to what its client holds. What is noted so far is forgotten. */
  async client(
    principal: string | undefined,
    label?: string,
  ): Promise<{ readonly id: string; readonly value: string }> {
    const { session, tracked } = await this.request();
    session.data.count = 1;
    session.principal = principal;
    session.label = label;
    await tracked.commit();
    const { outgoing } = tracked;
    if (typeof outgoing !== 'object') throw new Error('nothing goes out');
    this.forget();
    return { id: session.id, value: outgoing.value };
  }

  forget(): void {
    this.events.length = 0;
    this.storage.calls.length = 0;
    this.index.calls.length = 0;
    this.index.added.length = 0;
    this.index.since.length = 0;
  }

  /** The ids that are under a principal in the index, whatever their records are. */
  async entries(principal: string, name = 'sid'): Promise<readonly string[]> {
    const calls = this.index.calls.length;
    const entries = await this.keyed(name).entries(principal);
    this.index.calls.length = calls;
    return entries.map(({ id }) => id);
  }

  /** The index as the sessions of a name see it. */
  keyed(name = 'sid'): SessionIndex {
    return new SessionIndex(this.index, name, new TimeLimit(this.clock, STORAGE_TIMEOUT));
  }

  /** Whose a stored session is; `undefined` for nobody's, and where there is none. */
  async principalOf(id: string): Promise<string | undefined> {
    return (await this.storage.record(id))?.header.principal;
  }

  /** The ids that a principal is told. */
  async list(principal: string, tracker = this.tracker): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { id } of tracker.list(principal)) ids.push(id);
    return ids;
  }
}

class IndexedStorage extends ForwardingStorage {
  readonly #index: PrincipalIndex;

  constructor(storage: LabStorage, index: PrincipalIndex) {
    super(storage);
    this.#index = index;
  }

  override get principals(): PrincipalIndex {
    return this.#index;
  }
}
