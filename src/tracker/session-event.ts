/**
 * Why a request got no session for what it presented, or lost what it changed.
 *
 * - `malformed`: it has not the form of a token; `signature`: it was not sealed under a key that is known
 * - `duplicates`: there were two valid ones, or more than two to look at
 * - `unknown`: nothing is stored under its id; `expired`: its time is over; `revoked`: by value, it had ended
 * - `secret`: of another secret than the session has; `previous secret`: that was replaced within the last minute
 * - `other session`: it is one of a session of another name; `record`, `data`: what is stored cannot be read, or does not fit the
 *   schema
 * - `ended`: the session had ended when the request was to store its change; `too late`: its client had gone, which would never
 *   have learned of the session
 */
export type RefusalReason =
  | 'malformed'
  | 'signature'
  | 'duplicates'
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'secret'
  | 'previous secret'
  | 'other session'
  | 'record'
  | 'data'
  | 'ended'
  | 'too late';

/**
 * A fact about a session that this process observed; ids only, never secret or data. It is told once, by the request or the sweep
 * that made it so.
 */
export interface SessionEvent {
  /**
   * What happened.
   *
   * - `created`: the first change of a new session was stored, or handed to its client (by value)
   * - `loaded`: a request that uses the session came with a valid one
   * - `changed`: a commit has stored other data than there were, however many tries it took; a moved deadline is no change
   * - `conflict`: a commit, or a `destroy()`, has met what another request had stored meanwhile; what became of it is told besides
   * - `regenerated`: the secret was replaced; by value the id, and this is the new one. `changed` besides, if the data was
   * - `destroyed`: `destroy()` or `SessionsService.invalidate()` has ended a session that was there
   * - `expired`: a sweep, or a request that came with its token, has removed the record of a session whose time was over. None
   *   where the storage's engine removes it, and none by value
   * - `refused`: a request got no session for what it presented, or what it changed was dropped; `reason` says why
   * - `storageFailed`: the storage failed, or took too long; `reason` says how
   */
  readonly type:
    | 'created'
    | 'loaded'
    | 'changed'
    | 'conflict'
    | 'regenerated'
    | 'destroyed'
    | 'expired'
    | 'refused'
    | 'storageFailed';
  /** The session's name. */
  readonly session: string;
  /** The public id; absent with `refused` alone, where what came holds none that can be believed. */
  readonly id?: string;
  /** With `refused` alone: why. With `storageFailed` alone: the error's message, and its cause's kind and code. */
  readonly reason?: RefusalReason | (string & {});
}

/** Is told what happens to sessions. It must not throw. */
export type SessionObserver = (event: SessionEvent) => void;
