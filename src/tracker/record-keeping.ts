import type { Clock } from '../common/clock.js';
import type { DataShape } from '../session/data-shape.js';
import type { Timeouts } from '../session/expiry.js';
import type { RecordWriter } from './record-writer.js';
import type { SessionEvent } from './session-event.js';
import type { Token } from './token.js';

/** How sessions of one kind are kept in records. */
export interface RecordKeeping<Data extends object> {
  readonly settings: {
    readonly clock: Clock;
    readonly shape: DataShape<Data>;
    readonly timeouts: Timeouts;
    /** Whether the client is handed its token anew with each write. */
    readonly refreshes: boolean;
  };
  readonly writer: RecordWriter;
  /** The value that travels for a token. */
  seal(token: Token): string;
  observe(event: Omit<SessionEvent, 'session'>): void;
}
