import { SessionDecodeError } from '../errors.js';
import type { RecordHeader } from '../record/record-header.js';
import { expiryOf, isOver } from '../session/expiry.js';
import type { SessionFacts } from '../session/session.js';
import { SessionData } from '../session/session-data.js';
import { isStorageId } from '../storage/assert-storage-id.js';
import { splitSigned } from '../transformer/sign.js';
import type { KnownRecord } from './records.js';
import type { RefusalReason } from './session-event.js';
import { IdTracking, type IdTrackerSettings } from './id-tracking.js';
import { SessionById, type StoredSession } from './session-by-id.js';
import { formatToken, hashOf, isSameHash, parseToken, type Token } from './token.js';
import type { Occasion, TrackedSession } from './tracked-session.js';

/** A snapshot of a session: public facts and data, no secret. */
export type FoundSession<Data extends object> = Readonly<SessionFacts & { readonly data: Data }>;

/** What was found under a public id. */
interface OwnSession<Data extends object> {
  readonly header: RecordHeader;
  readonly data: SessionData<Data>;
}

/** What was found under a token: a session, or why not. */
type Found<Data extends object> = StoredSession<Data> | { readonly token: Token; readonly refusal: RefusalReason };

/** The most values under one name that are looked up. */
const MAX_VALUES = 2;

/** Sessions by id: a token travels, the data stays in a storage. */
export class IdTracker<Data extends object> {
  readonly #tracking: IdTracking<Data>;
  readonly #settings: IdTrackerSettings<Data>;

  constructor(settings: IdTrackerSettings<Data>) {
    this.#tracking = new IdTracking(settings);
    this.#settings = settings;
  }

  /**
   * Finds the session of a request.
   *
   * @param values what the client sent, each distinct value once
   * @returns a stored session, a new one, or one that takes no change
   * @throws {SessionStorageError}
   */
  async load(values: readonly string[], occasion: Occasion): Promise<TrackedSession> {
    const wellFormed = values.filter((value) => this.#isWellFormed(value));
    if (wellFormed.length === 0) {
      if (values.length > 0) this.#tracking.observe({ type: 'refused', reason: 'malformed' });
      const session = new SessionById(this.#tracking, occasion);
      if (values.length > 0) session.clear();
      return session;
    }
    if (wellFormed.length > MAX_VALUES) {
      this.#tracking.observe({ type: 'refused', reason: 'duplicates' });
      return new SessionById(this.#tracking, occasion);
    }
    const found = await Promise.all(this.#tokensOf(wellFormed).map((token) => this.#find(token)));
    return this.#choose(found, occasion);
  }

  /**
   * Reads a session by its public id.
   *
   * @returns `undefined` when there is none
   * @throws {SessionStorageError} when the storage fails
   */
  async find(id: string): Promise<FoundSession<Data> | undefined> {
    const found = await this.#own(id);
    if (found === undefined || isOver(found.header, this.#settings.clock.now())) return undefined;
    const { header, data } = found;
    return { id, createdAt: new Date(header.createdAt), expiresAt: new Date(expiryOf(header)), data: data.value };
  }

  /**
   * Ends a session by its public id.
   *
   * @returns whether there was one
   * @throws {SessionStorageError} when the storage fails
   */
  async invalidate(id: string): Promise<boolean> {
    if ((await this.#own(id)) === undefined) return false;
    const { records, writer } = this.#tracking;
    const ended = await this.#noticed(id, () => writer.inLine(id, () => records.invalidate(id)));
    if (ended) this.#tracking.observe({ type: 'destroyed', id });
    return ended;
  }

  /** Resolves when nothing is being stored any more, whoever waits for it. */
  settled(): Promise<void> {
    return this.#tracking.underway.settled();
  }

  /** Reads a session that is of this kind, and not another's in the same storage. */
  async #own(id: string): Promise<OwnSession<Data> | undefined> {
    if (!isStorageId(id)) return undefined;
    try {
      const record = await this.#noticed(id, () => this.#tracking.records.read(id, true));
      if (record?.header.name !== this.#settings.name) return undefined;
      return { header: record.header, data: new SessionData(this.#settings.shape, record.payload) };
    } catch (error) {
      if (error instanceof SessionDecodeError) return undefined;
      throw error;
    }
  }

  /** A token's shape, signed or not: an instance that has no keys yet must not make clients forget signed tokens. */
  #isWellFormed(value: string): boolean {
    return this.#parse(value) !== undefined || this.#parse(splitSigned(value)[0]) !== undefined;
  }

  #parse(text: string): Token | undefined {
    return parseToken(text, this.#settings.generateId !== undefined);
  }

  #tokensOf(values: readonly string[]): readonly Token[] {
    const { transformer } = this.#settings;
    const tokens = new Map<string, Token>();
    for (const value of values) {
      const text = transformer === undefined ? value : transformer.open(value);
      const token = text === undefined ? undefined : this.#parse(text);
      if (token === undefined) this.#tracking.observe({ type: 'refused', reason: 'signature' });
      else tokens.set(formatToken(token), token);
    }
    return [...tokens.values()];
  }

  #choose(found: readonly Found<Data>[], occasion: Occasion): TrackedSession {
    const valid = found.filter((one) => 'record' in one);
    const refused = found.filter((one) => 'refusal' in one);
    if (valid.length > 1) {
      this.#tracking.observe({ type: 'refused', reason: 'duplicates' });
      return this.#refused(occasion, 'the request presents two different ones');
    }
    const [match] = valid;
    if (match !== undefined) {
      this.#tracking.observe({ type: 'loaded', id: match.token.id });
      return new SessionById(this.#tracking, occasion, match);
    }
    for (const { token, refusal } of refused)
      this.#tracking.observe({ type: 'refused', id: token.id, reason: refusal });
    const replaced = refused.find(({ refusal }) => refusal === 'previous secret');
    if (replaced !== undefined) return this.#refused(occasion, 'its secret was replaced a moment ago');
    return new SessionById(this.#tracking, occasion);
  }

  #refused(occasion: Occasion, why: string): TrackedSession {
    const session = new SessionById(this.#tracking, occasion);
    session.refuse(why);
    return session;
  }

  async #find(token: Token): Promise<Found<Data>> {
    try {
      const { records } = this.#tracking;
      const first = await this.#noticed(token.id, () => records.read(token.id, false));
      const found = this.#check(token, first);
      // Another node may have touched it, or replaced its secret, since it was cached
      if ('record' in found || first?.cached !== true) return found;
      return this.#check(token, await this.#noticed(token.id, () => records.read(token.id, true)));
    } catch (error) {
      if (error instanceof SessionDecodeError) return { token, refusal: 'record' };
      throw error;
    }
  }

  async #noticed<R>(id: string, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      this.#tracking.noticeFailure(error, id);
      throw error;
    }
  }

  #check(token: Token, record: KnownRecord | undefined): Found<Data> {
    if (record === undefined) return { token, refusal: 'unknown' };
    const { header } = record;
    const now = this.#settings.clock.now();
    if (header.name !== this.#settings.name) return { token, refusal: 'other session' };
    if (isOver(header, now)) return { token, refusal: 'expired' };
    const presented = hashOf(token.secret);
    if (isSameHash(header.secretHash, presented)) {
      return { token, record, data: new SessionData(this.#settings.shape, record.payload) };
    }
    const { previous } = header;
    const wasReplaced = previous !== undefined && now < previous.until && isSameHash(previous.hash, presented);
    return { token, refusal: wasReplaced ? 'previous secret' : 'secret' };
  }
}
