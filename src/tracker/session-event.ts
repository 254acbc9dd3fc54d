/** Why a request got no session, or its change was not stored. */
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

/** A fact about a session that this process observed; ids only, never secret or data. */
export interface SessionEvent {
  readonly type:
    'created' | 'loaded' | 'changed' | 'conflict' | 'regenerated' | 'destroyed' | 'refused' | 'storageFailed';
  /** The session's name. */
  readonly session: string;
  /** The public id; absent when the client sent none that could be one. */
  readonly id?: string;
  /** With `refused`: why. With `storageFailed`: the error's message. */
  readonly reason?: RefusalReason | (string & {});
}

/** Is told what happens to sessions. It must not throw. */
export type SessionObserver = (event: SessionEvent) => void;
