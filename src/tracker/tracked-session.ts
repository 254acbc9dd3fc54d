import type { Session } from '../session/session.js';

/** The response to the request that uses a session, as far as a tracker must know of it. */
export interface Reply {
  /** `open`: what travels can still be sent. `begun`: its head has left. `gone`: nobody is there to receive it. */
  readonly state: 'open' | 'begun' | 'gone';
  /** Told when the storage failed, so that the answer can say when to try again. */
  outage(): void;
}

/** The request that a session is for. */
export interface Occasion {
  /** The platform's request, for `generateId`. */
  readonly request: unknown;
  readonly reply: Reply;
}

/** A request whose session is asked for. */
export interface Arrival extends Occasion {
  /** When it was asked for, before anything was read, in milliseconds since the epoch: what a handler knows may be as old. */
  readonly begunAt: number;
}

/** How a value goes out: `once` with a good answer, `always` with whatever answer leaves. */
export type Sending = 'once' | 'always';

/**
 * What the response has to tell the client: a value to keep, which goes out `once` with a good answer or `always` with
 * whatever answer leaves; or to forget what it has; or nothing.
 */
export type Outgoing = { readonly value: string; readonly sending: Sending } | 'clear' | undefined;

/** A session as one request uses it, seen from the side that loads and commits. */
export interface TrackedSession {
  /** What the handler holds. */
  readonly handle: Session;
  /** The value under which it was found; `undefined` when the client brought no session, so that the response depends on nobody. */
  readonly presented: string | undefined;
  /** What the response has to tell the client now; `undefined` for nothing. */
  readonly outgoing: Outgoing;
  /**
   * Stores what changed, and touches the session when that is due.
   *
   * @returns `undefined` when the response need not wait for anything; else a promise that rejects with a `SessionError`
   */
  commit(): Promise<void> | undefined;
  /** Is told of an error that the client is going to be answered with: if that is its own, it does not try again. */
  answeredWith(error: unknown): void;
}
