import { SessionConflictError, SessionEndedError } from '../errors.js';
import type { RegenerateOptions } from '../session/session.js';
import type { Standee, Standing } from './standing.js';
import { startAnew } from './start-anew.js';

/**
 * Why a session takes no more change: its record is gone; its secret was replaced while this request used it; or there was
 * none to begin with that this request could use, and it may not start one.
 */
export type Closure = 'ended' | 'replaced' | 'refused';

const WHY = { ended: 'it has ended meanwhile', replaced: 'it was replaced meanwhile' };

/** What is known of a session that is closed. */
export interface ClosedFacts {
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * Closes a session that this request has used until now.
 *
 * @returns the error of the verb that has found out
 */
export function closeSession<Data extends object>(
  session: Standee<Data>,
  facts: ClosedFacts,
  closure: keyof typeof WHY,
): Error {
  const closed = new ClosedStanding(session, facts, closure, WHY[closure]);
  session.become(closed);
  return closed.error();
}

/** A session that takes no more change in this request, so that nothing is revived and nothing is overwritten. */
export class ClosedStanding<Data extends object> implements Standing<Data> {
  readonly isNew = true;
  readonly isOpen = false;
  readonly refreshes = false;
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly #session: Standee<Data>;
  readonly #closure: Closure;
  readonly #why: string;

  /** @param why the end of the sentence "Cannot use session: ..." */
  constructor(session: Standee<Data>, facts: ClosedFacts, closure: Closure, why: string) {
    this.#session = session;
    this.id = facts.id;
    this.createdAt = facts.createdAt;
    this.expiresAt = facts.expiresAt;
    this.#closure = closure;
    this.#why = why;
  }

  async commit(): Promise<void> {
    throw this.error();
  }

  touch(): undefined {
    return undefined;
  }

  async reload(): Promise<void> {
    throw this.error();
  }

  async regenerate({ keep = 'all' }: RegenerateOptions<Data>): Promise<void> {
    if (this.#closure !== 'ended') throw this.error();
    startAnew(this.#session, keep);
  }

  async destroy(): Promise<void> {
    if (this.#closure === 'ended') this.#session.becomeNew();
  }

  async update(): Promise<void> {
    throw this.error();
  }

  async take(): Promise<unknown> {
    if (this.#closure === 'replaced') throw this.error();
    return undefined;
  }

  /** What its verbs reject with. */
  error(): SessionConflictError | SessionEndedError {
    const Kind = this.#closure === 'ended' ? SessionEndedError : SessionConflictError;
    return new Kind(`Cannot use session: ${this.#why}`, { id: this.id });
  }
}
