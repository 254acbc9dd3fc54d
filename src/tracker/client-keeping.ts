import type { CarriedSession } from '../record/carried-session.js';
import type { Revocations } from './revocations.js';
import type { Tracking } from './tracking.js';

/** How sessions of one kind are kept by their clients. */
export interface ClientKeeping<Data extends object> extends Pick<Tracking<Data>, 'settings' | 'observe'> {
  /** `undefined` where nothing of a session is known to the server. */
  readonly revocations: Revocations | undefined;
  /** The value that travels for a state of a session. */
  seal(session: CarriedSession): string;
}
