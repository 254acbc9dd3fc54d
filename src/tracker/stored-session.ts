import type { KnownRecord } from './records.js';
import type { Token } from './token.js';

/** A session with a record: what is known of it at first. */
export interface StoredSession {
  readonly token: Token;
  readonly record: KnownRecord;
  /** How the client presented its token; `undefined` when it does not know the secret yet. */
  readonly presented?: {
    /** Whether the token was sealed under a key that is no longer the first. */
    readonly outdated: boolean;
  };
}
