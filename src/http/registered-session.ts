import type { SessionTracker } from '../tracker/session-tracker.js';
import type { SessionTransport } from '../transport/session-transport.js';

/** One kind of session that an app has: how it travels and how it is kept. */
export interface RegisteredSession {
  readonly name: string;
  readonly transport: SessionTransport;
  readonly tracker: Pick<SessionTracker<object>, 'load'>;
}
