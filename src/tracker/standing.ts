import type { RegenerateOptions } from '../session/session.js';
import type { DataSnapshot, SessionData } from '../session/session-data.js';
import type { Reply, Sending } from './tracked-session.js';

/** How a session is kept, as far as this request knows, and what its verbs mean then. */
export interface Standing<Data extends object> {
  readonly id: string;
  readonly isNew: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Whether it takes changes. */
  readonly isOpen: boolean;
  /** Whether a touch hands the client its value anew, so that the response waits for it. */
  readonly refreshes: boolean;
  /** Stores a changed state of the data. */
  commit(snapshot: DataSnapshot): Promise<void>;
  /** Moves the idle deadline, if that is due; `undefined` if it is not, or done already. */
  touch(): Promise<void> | undefined;
  reload(): Promise<void>;
  regenerate(options: RegenerateOptions<Data>): Promise<void>;
  destroy(): Promise<void>;
  update(change: (data: Data) => unknown): Promise<void>;
  take(key: string): Promise<unknown>;
}

/** The session that stands so: what a standing works on. */
export interface Standee<Data extends object> {
  readonly sessionData: SessionData<Data>;
  readonly reply: Reply;
  /** When this request asked for it, in milliseconds since the epoch: what its handler knows may be as old. */
  readonly begunAt: number;
  /** How it stands now: what another standing learns late is about nothing any more. */
  readonly standing: Standing<Data>;
  /** From now on it stands like that, and what the response had to tell of it before is void. */
  become(standing: Standing<Data>): void;
  /** Lets it stand like one that was never stored. */
  becomeNew(): void;
  /** The response hands the client this value. */
  send(value: string, sending: Sending): void;
  /** The response makes the client forget its value. */
  clear(): void;
}
