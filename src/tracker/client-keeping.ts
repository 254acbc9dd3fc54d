import type { Clock } from '../common/clock.js';
import type { CarriedSession } from '../record/carried-session.js';
import type { DataShape } from '../session/data-shape.js';
import type { Timeouts } from '../session/expiry.js';
import type { Revocations } from './revocations.js';
import type { SessionEvent } from './session-event.js';

/** How sessions of one kind are kept by their clients. */
export interface ClientKeeping<Data extends object> {
  readonly settings: {
    readonly clock: Clock;
    readonly shape: DataShape<Data>;
    readonly timeouts: Timeouts;
    /** Whether the client keeps a value for a limited time, so that it has to be handed one anew. */
    readonly refreshes: boolean;
  };
  /** `undefined` where nothing of a session is known to the server. */
  readonly revocations: Revocations | undefined;
  /** The value that travels for a state of a session. */
  seal(session: CarriedSession): string;
  observe(event: Omit<SessionEvent, 'session'>): void;
}
