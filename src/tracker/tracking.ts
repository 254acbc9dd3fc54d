import type { Clock } from '../common/clock.js';
import { Underway } from '../common/underway.js';
import { SessionStorageError } from '../errors.js';
import type { DataShape } from '../session/data-shape.js';
import type { Timeouts } from '../session/expiry.js';
import type { Marks } from '../session/session-marks.js';
import type { SessionStorage } from '../storage/session-storage.js';
import type { SessionEvent, SessionObserver } from './session-event.js';
import { SessionLine } from './session-line.js';
import type { Standee, Standing } from './standing.js';
import { TimeLimit } from './time-limit.js';

/** What happens to a request whose session cannot be read, since its storage fails. */
export type OutagePolicy = 'fail' | 'readonly';

/** What a tracker needs to know of one kind of session, however it is kept. */
export interface TrackerSettings<Data extends object> {
  /** The session's name. */
  readonly name: string;
  readonly shape: DataShape<Data>;
  readonly timeouts: Timeouts;
  /** Whether the client keeps what it is handed for a limited time, so that each use hands it that anew. */
  readonly refreshes: boolean;
  /** Milliseconds that a call of a storage may take. */
  readonly storageTimeout: number;
  /** What a request gets whose session cannot be read: 503, or a session that is empty and takes no change. */
  readonly onOutage: OutagePolicy;
  readonly clock: Clock;
  readonly observe: SessionObserver;
}

/** A session that nobody has stored yet. */
export interface Birth {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly payload: Uint8Array;
  readonly marks: Marks;
}

/** What became of it: how it stands, and what its client has to be handed. */
export interface Begun<Data extends object> {
  readonly standing: Standing<Data>;
  readonly value: string;
}

/** What all sessions of one kind share: their settings, the way in which they are kept, and whoever observes them. */
export abstract class Tracking<Data extends object> {
  /** What has begun to write, whoever waits for it: the storage must not be closed under it. */
  readonly underway = new Underway();

  protected readonly limit: TimeLimit;
  readonly #line: SessionLine;

  /** @param storage what its sessions are changed in, if anything: all who change it stand in one line */
  constructor(
    readonly settings: TrackerSettings<Data>,
    storage: SessionStorage | undefined,
  ) {
    this.limit = new TimeLimit(settings.clock, settings.storageTimeout);
    this.#line = new SessionLine(storage ?? this, this.limit);
  }

  /** Names a new session. */
  abstract newId(request: unknown): string;

  /** @throws {TypeError} when its sessions cannot have such marks */
  abstract assertTakes(marks: Marks): void;

  /** Keeps the first state of a session. */
  abstract begin(session: Standee<Data>, birth: Birth): Promise<Begun<Data>>;

  /**
   * Does `work` when no other request of this process is changing the session.
   *
   * @param work told whether it had to wait
   */
  inLine<R>(id: string, work: (waited: boolean) => Promise<R>): Promise<R> {
    return this.#line.inLine(id, work);
  }

  observe(event: Omit<SessionEvent, 'session'>): void {
    this.settings.observe({ session: this.settings.name, ...event });
  }

  /** Does `work`, and tells of its error if it is the storage's. */
  async noticed<R>(id: string, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      this.noticeFailure(error, id);
      throw error;
    }
  }

  /** Tells of an error if it is the storage's. */
  noticeFailure(error: unknown, id: string): void {
    if (!(error instanceof SessionStorageError)) return;
    this.observe({ type: 'storageFailed', id, reason: [error.message, ...codesOf(error.cause)].join(', ') });
  }
}

/** What may be told of a driver's error: its kind and its code, but not its message, which may quote what was stored. */
function codesOf(cause: unknown): readonly string[] {
  if (!(cause instanceof Error)) return [];
  return 'code' in cause && typeof cause.code === 'string' ? [cause.name, cause.code] : [cause.name];
}
