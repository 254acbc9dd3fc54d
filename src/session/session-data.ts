import { sameBytes } from '../common/same-bytes.js';
import { applyChanges, changesBetween } from './own-changes.js';
import { assignKeys, type DataShape, type PlainData } from './data-shape.js';
import { DataTrace } from './data-trace.js';
import { NO_MARKS, SessionMarks, type Marks } from './session-marks.js';

/** A state of the data, or of the marks, that differs from what is stored; the data serialized at one instant. */
export interface DataSnapshot {
  readonly bytes: Uint8Array;
  /** The object that was assigned as a whole; `undefined` when keys were changed one by one. */
  readonly replacement: object | undefined;
  /** Which marks were changed. */
  readonly marks: Marks;
  /** What the data consisted of; absent when that cannot be told. */
  readonly trace?: DataTrace | undefined;
}

/**
 * The data that a handler holds, and what is known to be stored of it. It notices changes by serializing: nothing is wrapped,
 * the data stays an ordinary object.
 */
export class SessionData<Data extends object> {
  readonly marks: SessionMarks;
  readonly #shape: DataShape<Data>;
  #value: Data | undefined;
  /** What `#value` serialized to when it was last known to be as stored. */
  #baseline: Uint8Array | undefined;
  /** What `#value` consisted of when it was last known to be as `#baseline` says. */
  #trace: DataTrace | undefined;
  #replacement: object | undefined;
  #lookedAt = false;

  /**
   * @param payload what is stored, kept by this object; `undefined` for a new session
   * @param marks those that are stored
   * @throws {SessionDecodeError} when these are not the serializer's bytes
   */
  constructor(shape: DataShape<Data>, payload?: Uint8Array, marks: Marks = NO_MARKS) {
    this.#shape = shape;
    this.marks = new SessionMarks(marks);
    if (payload !== undefined) this.#take(payload);
  }

  get value(): Data {
    const value = this.#current();
    if (!this.#lookedAt) {
      // From now on somebody may change it
      this.#lookedAt = true;
      this.#trace = DataTrace.of(value);
    }
    return value;
  }

  set value(value: Data) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new TypeError('Cannot assign session data: it must be an object');
    }
    this.#current();
    this.#lookedAt = true;
    this.#value = this.#shape.adopt(value);
    this.#replacement = this.#value;
  }

  /**
   * Tells what is not stored yet.
   *
   * @returns `undefined` when nothing changed; data that nobody looked at is not even serialized
   * @throws {SessionNotSerializableError} when the serializer would not give a value back, or the next load would refuse it
   */
  snapshot(): DataSnapshot | undefined {
    const marks = this.marks.changes;
    if (!this.#lookedAt && marks === NO_MARKS) return undefined;
    const value = this.#current();
    const isTraced = this.#trace?.isOf(value) === true;
    if (isTraced && marks === NO_MARKS && this.#replacement === undefined) return undefined;
    const bytes = this.#serialize(value);
    const trace = isTraced ? this.#trace : DataTrace.of(value);
    if (this.#baseline !== undefined && sameBytes(bytes, this.#baseline)) {
      this.#trace = trace;
      // To assign what is there already replaces nothing
      this.#replacement = undefined;
      if (marks === NO_MARKS) return undefined;
    }
    return { bytes: this.storable(bytes), replacement: this.#replacement, marks, trace };
  }

  /** The same; also `undefined` for what the serializer would not give back. */
  unstored(): DataSnapshot | undefined {
    try {
      return this.snapshot();
    } catch {
      return undefined;
    }
  }

  /**
   * Passes bytes on that are to be stored.
   *
   * @throws {SessionNotSerializableError} when the next load would refuse them
   */
  storable(bytes: Uint8Array): Uint8Array {
    this.#shape.assertLoads(bytes);
    return bytes;
  }

  /** Applies what `snapshot` changed to a newer payload. Without a snapshot it is the payload's data as it is. */
  merge(payload: Uint8Array, snapshot: DataSnapshot | undefined): PlainData {
    if (snapshot?.replacement !== undefined) return this.#shape.recall(snapshot.bytes);
    const data = this.#shape.read(payload);
    if (snapshot === undefined) return data;
    applyChanges(data, changesBetween(this.#stored(), this.#decode(snapshot.bytes)));
    return this.#shape.settled(data);
  }

  /** Takes over what was stored, which `snapshot` is part of; what changed since that snapshot stays to be stored. */
  rebase(payload: Uint8Array, snapshot: DataSnapshot | undefined): void {
    if (this.#replacement === snapshot?.replacement) this.#replacement = undefined;
    if (!this.#lookedAt) {
      this.#take(payload);
      return;
    }
    // What was assigned while it was being stored holds nothing of what is stored
    if (payload === snapshot?.bytes || this.#replacement !== undefined) {
      this.#baseline = payload;
      this.#trace = payload === snapshot?.bytes ? snapshot.trace : undefined;
      return;
    }
    const live = this.#current() as PlainData;
    const { bytes, unfit } = this.#fit(live);
    const mine = this.#decode(bytes);
    const late = changesBetween(snapshot === undefined ? this.#stored() : this.#decode(snapshot.bytes), mine);
    const values = pick(live, Object.keys(late.set));
    const loaded = this.#shape.of(this.#shape.read(payload)).data;
    const news = changesBetween(mine, this.#decode(this.#serialize(loaded)));
    // What is equal stays: a handler may hold parts of it
    applyChanges(live, { set: pick(loaded as PlainData, Object.keys(news.set)), removed: news.removed });
    this.#baseline = this.#serialize(live);
    this.#trace = undefined;
    applyChanges(live, { set: { ...values, ...unfit }, removed: late.removed });
  }

  /**
   * Makes data to try a change on, in which nothing of a handler's own object is touched.
   *
   * @param payload what is stored now; `undefined` for nothing, as in a new session
   * @returns the data, and its bytes as long as nothing changes
   */
  draft(
    payload: Uint8Array | undefined,
    snapshot: DataSnapshot | undefined,
  ): { readonly data: Data; readonly before: Uint8Array } {
    this.#current();
    const stored = payload ?? snapshot?.bytes ?? this.#baseline ?? this.#serialize({});
    const { data, faithful } = this.#shape.of(
      payload === undefined ? this.#shape.recall(stored) : this.merge(payload, snapshot),
    );
    return { data, before: faithful && snapshot === undefined ? stored : this.#serialize(data) };
  }

  /** What was changed, and nothing of what was loaded: all that a request may say for itself when its session has ended. */
  ownChanges(snapshot: DataSnapshot | undefined): PlainData {
    if (snapshot === undefined) return {};
    const data = this.#decode(snapshot.bytes);
    if (snapshot.replacement !== undefined) return data;
    const changes: PlainData = {};
    applyChanges(changes, changesBetween(this.#stored(), data));
    return changes;
  }

  /** Starts as new, with some data and marks as changes that are to be stored. */
  restart(changes: PlainData, marks: Marks): void {
    this.reset(undefined);
    assignKeys(this.value, changes);
    this.marks.change(marks);
  }

  /** Drops what was changed and takes what is stored; `undefined` for nothing: the data of a new session. */
  reset(payload: Uint8Array | undefined, marks: Marks = NO_MARKS): void {
    this.#replacement = undefined;
    this.marks.reset(marks);
    if (payload !== undefined) this.#take(payload);
    else this.#put(this.#shape.blank(), undefined);
  }

  #current(): Data {
    if (this.#value === undefined) this.#put(this.#shape.blank(), undefined);
    return this.#value as Data;
  }

  #take(payload: Uint8Array): void {
    const { data, faithful } = this.#shape.of(this.#shape.read(payload));
    this.#put(data, faithful ? payload : this.#shape.baseline(data));
  }

  /** Puts data into the object that a handler may hold already. */
  #put(data: Data, baseline: Uint8Array | undefined): void {
    this.#baseline = baseline ?? this.#serialize(data);
    this.#trace = undefined;
    if (this.#value === undefined) {
      this.#value = data;
      return;
    }
    for (const key of Object.keys(this.#value)) delete (this.#value as PlainData)[key];
    assignKeys(this.#value, data as PlainData);
  }

  /** Takes out what cannot be serialized any more: late changes like others, which the next snapshot will refuse. */
  #fit(live: PlainData): { readonly bytes: Uint8Array; readonly unfit: PlainData } {
    try {
      return { bytes: this.#serialize(live), unfit: {} };
    } catch {
      const unfit = pick(
        live,
        Object.keys(live).filter((key) => !this.#isFit(pick(live, [key]))),
      );
      for (const key of Object.keys(unfit)) delete live[key];
      return { bytes: this.#serialize(live), unfit };
    }
  }

  #isFit(data: PlainData): boolean {
    try {
      this.#serialize(data);
      return true;
    } catch {
      return false;
    }
  }

  #serialize(data: object): Uint8Array {
    return this.#shape.codec.serialize(data);
  }

  #stored(): PlainData {
    return this.#baseline === undefined ? {} : this.#decode(this.#baseline);
  }

  #decode(bytes: Uint8Array): PlainData {
    return this.#shape.decode(bytes);
  }
}

function pick(data: PlainData, keys: readonly string[]): PlainData {
  const picked: PlainData = {};
  for (const key of keys) assignKeys(picked, { [key]: data[key] });
  return picked;
}
