import type { SessionStorageError } from '../errors.js';
import type { SessionData } from '../session/session-data.js';
import type { Standee, Standing } from './standing.js';

/** A session that the client brought. */
export interface PresentedSession<Data extends object> {
  readonly id: string;
  /** The value under which it was found, as the client sent it. */
  readonly presented: string;
  readonly data: SessionData<Data>;
  /** Why it could not be read, which was told of already; `undefined` when it was. */
  readonly failure?: SessionStorageError;
  /** How it stands. */
  stand(session: Standee<Data>): Standing<Data>;
}
