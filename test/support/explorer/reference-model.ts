import { isDeepStrictEqual } from 'node:util';

/*
 * What `design.md` says of sessions (sections 5 and 6), without anything that happens at the same time: every verb is one step at
 * one instant, and there are no storages, no caches and no errors of either.
 */

/** Data of a session, by top-level key. */
export type Data = Record<string, unknown>;

/** A state of a session: by id it is stored, by value its client has it. It is never changed, another takes its place. */
export interface Kept {
  readonly id: string;
  /** What its client proves possession with; by value it is of no use, since the state itself travels. */
  readonly secret: string;
  /** The secret before, and until when a request may be on its way with it. */
  readonly previous: { readonly secret: string; readonly until: number } | undefined;
  readonly data: Data;
  /** The idle and the absolute deadline, in milliseconds since the epoch, as all instants here. */
  readonly idle: number;
  readonly absolute: number;
}

/** Why a session takes no more change: it is over; its secret was replaced; or the request may not even begin one. */
type Closure = 'ended' | 'replaced' | 'refused';

/** How a session is kept as a request knows it: in this state; not yet; or it is closed to the request. */
type Standing = Kept | 'new' | Closure;

/** What a response tells: the token of a state, `isOwed` to the client even if storing fails later; or that it has none now. */
export type Message = { readonly token: Kept; readonly isOwed: boolean } | 'cleared' | undefined;

/** Which keys a `regenerate()` keeps. */
type Keep = 'all' | 'none' | readonly string[];

/** What the verbs of a session that is closed throw. */
class ModelError extends Error {
  constructor(readonly code: 'ERR_SESSION_ENDED' | 'ERR_SESSION_CONFLICT') {
    super(code);
  }
}

/** How sessions are kept, and for how many milliseconds. */
export interface ModelSettings {
  readonly travel: 'by id' | 'by value';
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly touchAfter: number;
  /** Whether clients keep tokens for a limited time, so that each use hands out theirs anew. */
  readonly refreshes?: boolean;
}

/** For how long a replaced secret is told from any other wrong one, in milliseconds. */
const PREVIOUS_SECRET_TIME = 60_000;

/** All sessions that there are. */
export class ReferenceModel {
  /** When what comes next happens. */
  now = 0;
  /** When the request that does it made what it stores: maybe earlier. */
  made = 0;
  /** By id: what is stored. */
  readonly stored = new Map<string, Kept>();
  /** By value: the ids that ended before their time, and until when those that were replaced are told from others. */
  readonly ended = new Map<string, { readonly how: 'ended' | 'replaced'; readonly until: number }>();
  #names = 0;

  constructor(readonly settings: ModelSettings) {}

  /**
   * Begins a request.
   *
   * @param token what it brings: the state that it was handed last; `undefined` for nothing
   * @param shown what a cache shows under that id, by which nobody is refused; default: what is stored
   * @param id what a session is named that it begins; default: a new name
   */
  load(token?: Kept, shown?: Kept, id?: string): ModelSession {
    if (this.settings.travel === 'by value') return new ModelSession(this, this.#open(token), id);
    const found = this.#find(token, shown);
    const stored = token && this.stored.get(token.id);
    return new ModelSession(this, typeof found === 'object' ? found : this.#find(token, stored), id);
  }

  /** By id: the data of a session; `undefined` when there is none. */
  find(id: string): Data | undefined {
    const kept = this.stored.get(id);
    return kept && !this.isOver(kept) ? kept.data : undefined;
  }

  /** Ends a session; tells whether there was one, by value whether nobody has ended it before. */
  invalidate(id: string): boolean {
    const { stored, ended } = this;
    if (this.settings.travel === 'by value') return !ended.has(id) && !!ended.set(id, { how: 'ended', until: 0 });
    const kept = stored.get(id);
    return stored.delete(id) && kept !== undefined && !this.isOver(kept);
  }

  /** Whether a session has reached one of its deadlines. By value that is seen without asking anybody, so it is seen first. */
  isOver({ idle, absolute }: Kept): boolean {
    const at = this.settings.travel === 'by value' ? this.made : this.now;
    return at >= Math.min(idle, absolute);
  }

  /** By id: every session that is stored and not over. */
  get living(): readonly Kept[] {
    return [...this.stored.values()].filter((kept) => !this.isOver(kept));
  }

  /** A name that nothing had before, for ids and secrets. */
  name(): string {
    return `#${++this.#names}`;
  }

  #find(token: Kept | undefined, seen: Kept | undefined): Standing {
    if (token === undefined || seen === undefined || this.isOver(seen)) return 'new';
    if (seen.secret === token.secret) return seen;
    return seen.previous?.secret === token.secret && this.now < seen.previous.until ? 'refused' : 'new';
  }

  #open(token: Kept | undefined): Standing {
    if (token === undefined || this.isOver(token)) return 'new';
    const end = this.ended.get(token.id);
    if (end === undefined) return token;
    return this.now < end.until ? 'refused' : 'new';
  }
}

/** A session of the model, as one request has it: the verbs of `Session`, without the waiting. */
export class ModelSession {
  data: Data = {};
  message: Message;
  readonly #model: ReferenceModel;
  readonly #wantedId: string | undefined;
  /** How it was kept when this request last looked. */
  #standing: Standing;
  /** The data in that, and the object that the handler got for it: another one was assigned as a whole. */
  #base: Data = {};
  #handed = this.data;
  /** Whether somebody else may have its token. */
  #isOut: boolean;
  #isUsed = false;

  constructor(model: ReferenceModel, state: Standing, wantedId?: string) {
    this.#model = model;
    this.#standing = state;
    this.#wantedId = wantedId;
    this.#isOut = typeof state === 'object';
    if (typeof state === 'object') this.#show(state.data);
  }

  /** What is kept of it; `undefined` when that is nothing, or nothing to this request. */
  get kept(): Kept | undefined {
    return typeof this.#standing === 'object' ? this.#standing : undefined;
  }

  /** Whether there is nothing kept that this request may use. */
  get isNew(): boolean {
    return this.kept === undefined;
  }

  /** Whether the handler has changed what is not stored yet. */
  get isChanged(): boolean {
    return !isSame(this.data, this.#base);
  }

  save(): void {
    if (!this.isChanged) return;
    this.#store((data) => data);
    this.#isUsed = true;
  }

  reload(): void {
    this.#show(this.#open()?.data ?? {});
  }

  update(change: (data: Data) => unknown): Data {
    this.#store((data) => {
      change(data);
      return data;
    });
    return this.data;
  }

  take(key: string): unknown {
    const standing = this.#look();
    if (standing === 'ended' || standing === 'refused') return undefined;
    const kept = this.#open();
    const { [key]: value, ...rest } = this.#merged(kept?.data ?? {});
    if (kept !== undefined && value !== undefined) {
      // What was never stored leaves the record as it is, without a write; by value each state is sealed anew
      if (this.#model.settings.travel === 'by id' && isSame(kept.data, rest)) this.#show(rest);
      else this.#keep(kept, rest);
    } else {
      const isReplaced = this.#isReplaced;
      this.#show(kept?.data ?? {}, rest);
      // What was assigned as a whole is so still
      if (isReplaced) this.data = structuredClone(rest);
    }
    return value;
  }

  regenerate({ keep = 'all', restart = true }: { readonly keep?: Keep; readonly restart?: boolean } = {}): void {
    const standing = this.#look();
    const old = standing === 'ended' ? undefined : this.#open();
    if (old === undefined) {
      this.#startAnew(keptOf(this.#merged({}), keep));
      return;
    }
    const { made, settings, ended } = this.#model;
    const isByValue = settings.travel === 'by value';
    const until = made + PREVIOUS_SECRET_TIME;
    if (isByValue && this.#isOut) ended.set(old.id, { how: 'replaced', until });
    const next = {
      id: isByValue ? this.#model.name() : old.id,
      secret: this.#model.name(),
      previous: this.#isOut ? { secret: old.secret, until } : old.previous,
      absolute: restart ? made + settings.absoluteTimeout : old.absolute,
    };
    this.#isOut = false;
    this.#keep(next, keptOf(this.#merged(old.data), keep), true);
  }

  destroy(): void {
    const standing = this.#look();
    if (standing === 'replaced' || standing === 'refused') return;
    this.#startAnew({});
    if (typeof standing !== 'object') return;
    this.#model.invalidate(standing.id);
    this.message = 'cleared';
  }

  /**
   * Ends the request: stores what is not stored yet, or moves the idle deadline.
   *
   * @param thrown what the handler threw: what a verb could not store is not tried again
   * @returns the status of its answer
   */
  commit(thrown?: unknown): number {
    if (thrown instanceof ModelError) return 409;
    const status = thrown === undefined ? 200 : 500;
    if (!this.isChanged) this.#touch();
    else if (this.#look() !== 'ended') {
      try {
        this.save();
      } catch {
        if (typeof this.message === 'object' && !this.message.isOwed) this.message = undefined;
        return 409;
      }
    }
    return status;
  }

  /** Looks how it is kept now. What has ended, or belongs to another secret, stays closed to this request. */
  #look(): Standing {
    const { settings, stored, ended } = this.#model;
    const before = this.#standing;
    if (typeof before !== 'object') return before;
    const now = settings.travel === 'by id' ? stored.get(before.id) : before;
    if (now === undefined || this.#model.isOver(now)) this.#standing = 'ended';
    else this.#standing = now.secret === before.secret ? (ended.get(before.id)?.how ?? now) : 'replaced';
    if (typeof this.#standing !== 'object') this.message = undefined;
    return this.#standing;
  }

  /** The same, for verbs that a closed session refuses; `undefined` for a new one. */
  #open(): Kept | undefined {
    const state = this.#look();
    if (typeof state === 'object') return state;
    if (state !== 'new') throw new ModelError(state === 'ended' ? 'ERR_SESSION_ENDED' : 'ERR_SESSION_CONFLICT');
    return undefined;
  }

  /** Whether all of the data was assigned anew. */
  get #isReplaced(): boolean {
    return this.data !== this.#handed && this.isChanged;
  }

  /** What this request changed, key by key, in whatever the data is by now. */
  #merged(now: Data): Data {
    if (this.#isReplaced) return structuredClone(this.data);
    const merged = structuredClone(now);
    for (const key of Object.keys(this.#base)) if (!Object.hasOwn(this.data, key)) delete merged[key];
    for (const [key, value] of Object.entries(this.data)) {
      if (!isDeepStrictEqual(value, this.#base[key])) merged[key] = structuredClone(value);
    }
    return merged;
  }

  /** Keeps its own changes and one more; data that nobody changed is not kept anew. */
  #store(change: (data: Data) => Data): void {
    const now = this.#open();
    const before = now?.data ?? {};
    const after = change(this.#merged(before));
    if (isSame(after, before)) this.#show(before);
    else this.#keep(now ?? this.#born(), after);
  }

  #born(): Omit<Kept, 'data' | 'idle'> {
    const { made, settings, stored } = this.#model;
    const taken = this.#wantedId === undefined ? undefined : stored.get(this.#wantedId);
    const isFree = taken === undefined || this.#model.isOver(taken);
    const id = (isFree ? this.#wantedId : undefined) ?? this.#model.name();
    const absolute = made + settings.absoluteTimeout;
    return { id, secret: this.#model.name(), previous: undefined, absolute };
  }

  /** Puts another state in its place, used just now. By id the client is told of a new secret, by value of every state. */
  #keep(state: Omit<Kept, 'data' | 'idle'>, data: Data, isOwed = false): void {
    const { made, settings, stored } = this.#model;
    const next = { ...state, data: structuredClone(data), idle: made + settings.idleTimeout };
    if (settings.travel === 'by id') stored.set(next.id, next);
    if (settings.travel === 'by value' || settings.refreshes === true || next.secret !== this.kept?.secret) {
      const wasOwed = typeof this.message === 'object' && this.message.isOwed;
      this.message = { token: next, isOwed: isOwed || wasOwed };
    }
    this.#standing = next;
    this.#show(data);
  }

  /** Moves the idle deadline, if that is due and nobody else has changed anything. */
  #touch(): void {
    const { made, settings, ended, stored } = this.#model;
    const { kept } = this;
    if (kept === undefined || this.#isUsed || this.#model.isOver(kept)) return;
    const matters = settings.refreshes === true || kept.idle < kept.absolute;
    const isDue = matters && made + settings.idleTimeout - kept.idle >= settings.touchAfter;
    const isUnchanged = settings.travel === 'by id' ? stored.get(kept.id) === kept : !ended.has(kept.id);
    if (isDue && isUnchanged) this.#keep(kept, kept.data);
  }

  #startAnew(changes: Data): void {
    if (this.#standing !== 'new') this.message = undefined;
    this.#standing = 'new';
    this.#isOut = false;
    this.#show({}, changes);
  }

  /** Lets the handler see data; what differs from `base` is still to be stored. */
  #show(base: Data, data = base): void {
    this.#base = structuredClone(base);
    this.data = this.#handed = structuredClone(data);
  }
}

function keptOf(data: Data, keep: Keep): Data {
  if (keep === 'all') return data;
  const keys = keep === 'none' ? [] : keep;
  return Object.fromEntries(Object.entries(data).filter(([key]) => keys.includes(key)));
}

/** Compares as bytes are compared. */
function isSame(one: Data, other: Data): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
