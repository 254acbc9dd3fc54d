import { SessionDecodeError, SessionStorageError } from '../errors.js';
import { UnfitDataError } from '../session/data-schema.js';
import { SessionData } from '../session/session-data.js';
import type { PrincipalSession, SessionFacts } from '../session/session.js';
import { ClosedStanding } from './closed-standing.js';
import type { PresentedSession } from './presented-session.js';
import { RequestSession } from './request-session.js';
import type { RefusalReason } from './session-event.js';
import { randomId } from './token.js';
import type { Arrival, Occasion, TrackedSession } from './tracked-session.js';
import type { Tracking } from './tracking.js';
import { UnreachableStanding } from './unreachable-standing.js';

/** A snapshot of a session: public facts and data, no secret. */
export type FoundSession<Data extends object> = Readonly<SessionFacts & { readonly data: Data }>;

/** Why a value is none of a session. */
export interface Refusal {
  /** The public id, if the value holds one that can be believed. */
  readonly id?: string;
  readonly refusal: RefusalReason;
  /** Why the request may not even start a session, as the end of the sentence "Cannot use session: ...". */
  readonly closes?: string;
}

/** What was found under a value. */
export type LookedUp<Data extends object> = PresentedSession<Data> | Refusal;

/** The most values under one name that are looked up. */
const MAX_VALUES = 2;

/** Finds the sessions of one kind: what the clients of an app send, and what is known by public id. */
export abstract class SessionTracker<Data extends object> {
  readonly #tracking: Tracking<Data>;

  constructor(tracking: Tracking<Data>) {
    this.#tracking = tracking;
  }

  /** Whether a value has the form of one that this app, or another instance of it, may have handed out. */
  protected abstract isWellFormed(value: string): boolean;

  /** Looks up values that are well-formed, at the same time; several that mean the same give one answer. */
  protected abstract lookUp(values: readonly string[]): Promise<readonly LookedUp<Data>[]>;

  /**
   * Reads a session by its public id.
   *
   * @returns `undefined` when there is none
   * @throws {SessionStorageError} when the storage fails
   */
  abstract find(id: string): Promise<FoundSession<Data> | undefined>;

  /**
   * Ends a session by its public id.
   *
   * @param principal whose it must be; `undefined` for whosever
   * @returns whether there was one
   * @throws {SessionStorageError} when the storage fails
   */
  abstract invalidate(id: string, principal?: string): Promise<boolean>;

  /**
   * Tells what a principal may know of their sessions.
   *
   * @throws {TypeError} when that is not kept
   */
  abstract list(principal: string): AsyncGenerator<PrincipalSession, void, undefined>;

  /**
   * Ends all sessions of a principal.
   *
   * @param except the id of the one that stays
   * @returns how many there were
   * @throws {TypeError} when it is not kept whose they are
   * @throws {SessionStorageError} when the storage fails
   */
  abstract invalidateAll(principal: string, except?: string): Promise<number>;

  /**
   * Finds the session of a request.
   *
   * @param values what the client sent, each distinct value once
   * @returns a stored session, a new one, or one that takes no change
   * @throws {SessionStorageError} when the storage fails, unless handlers go on without it then
   */
  async load(values: readonly string[], occasion: Occasion): Promise<TrackedSession> {
    const { request, reply } = occasion;
    const arrival = { request, reply, begunAt: this.#tracking.settings.clock.now() };
    const wellFormed = values.filter((value) => this.isWellFormed(value));
    if (wellFormed.length === 0) {
      if (values.length > 0) this.#tracking.observe({ type: 'refused', reason: 'malformed' });
      const session = new RequestSession(this.#tracking, arrival);
      if (values.length > 0) session.clear();
      return session;
    }
    if (wellFormed.length > MAX_VALUES) {
      this.#tracking.observe({ type: 'refused', reason: 'duplicates' });
      return new RequestSession(this.#tracking, arrival);
    }
    try {
      return this.#choose(await this.lookUp(wellFormed), arrival);
    } catch (error) {
      if (this.#tracking.settings.onOutage === 'readonly' && error instanceof SessionStorageError) {
        return this.#unreachable(arrival, wellFormed, error);
      }
      throw error;
    }
  }

  /** Resolves when nothing is being stored any more, whoever waits for it. */
  settled(): Promise<void> {
    return this.#tracking.underway.settled();
  }

  #choose(found: readonly LookedUp<Data>[], arrival: Arrival): TrackedSession {
    const valid = found.filter((one) => 'presented' in one);
    const [match] = valid;
    if (valid.length > 1) {
      this.#tracking.observe({ type: 'refused', reason: 'duplicates' });
      return this.#refused(arrival, 'the request presents two different ones');
    }
    if (match !== undefined) {
      this.#tracking.observe({ type: 'loaded', id: match.id });
      return new RequestSession(this.#tracking, arrival, match);
    }
    const refusals = found.filter((one) => 'refusal' in one);
    for (const { id, refusal } of refusals)
      this.#tracking.observe({ type: 'refused', ...(id !== undefined && { id }), reason: refusal });
    const closes = refusals.find((refusal) => refusal.closes !== undefined)?.closes;
    return closes === undefined ? new RequestSession(this.#tracking, arrival) : this.#refused(arrival, closes);
  }

  /** A session that takes no change: what the client presented is nobody's any more, or two. */
  #refused(arrival: Arrival, why: string): TrackedSession {
    const session = new RequestSession(this.#tracking, arrival);
    const { createdAt, expiresAt } = session.standing;
    // It will never be stored: the app need not name it
    session.become(new ClosedStanding(session, { id: randomId(), createdAt, expiresAt }, 'refused', why));
    return session;
  }

  /** A session that takes no change, since nobody knows what the client presented. */
  #unreachable(arrival: Arrival, values: readonly string[], failure: SessionStorageError): TrackedSession {
    const [presented = ''] = values;
    const { settings } = this.#tracking;
    const standing = new UnreachableStanding<Data>(settings, failure);
    const { id } = standing;
    const data = new SessionData(settings.shape);
    return new RequestSession(this.#tracking, arrival, { id, presented, data, failure, stand: () => standing });
  }
}

/**
 * Why data that cannot be read is no session.
 *
 * @throws the error, when it says something else
 */
export function refusalOf(error: unknown): Extract<RefusalReason, 'data' | 'record'> {
  if (error instanceof UnfitDataError) return 'data';
  if (error instanceof SessionDecodeError) return 'record';
  throw error;
}
