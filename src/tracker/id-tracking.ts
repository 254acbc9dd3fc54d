import type { Clock } from '../common/clock.js';
import { Underway } from '../common/underway.js';
import { SessionStorageError } from '../errors.js';
import type { DataShape } from '../session/data-shape.js';
import type { Timeouts } from '../session/expiry.js';
import { OrderedStorage } from '../storage/ordered-storage.js';
import type { SessionStorage } from '../storage/session-storage.js';
import type { SessionTransformer } from '../transformer/session-transformer.js';
import { RecordWriter } from './record-writer.js';
import { Records } from './records.js';
import type { SessionEvent, SessionObserver } from './session-event.js';
import { formatToken, type Token } from './token.js';

/** What a tracker needs to know of one kind of session. */
export interface IdTrackerSettings<Data extends object> {
  /** The session's name. */
  readonly name: string;
  readonly shape: DataShape<Data>;
  readonly storage: SessionStorage;
  /** Signs tokens; `undefined` when they travel unsigned. */
  readonly transformer: SessionTransformer | undefined;
  readonly timeouts: Timeouts;
  /** Milliseconds that a call of the storage may take. */
  readonly storageTimeout: number;
  /** Whether the client is handed its token anew with each write, because it keeps that for a limited time. */
  readonly refreshes: boolean;
  /** Names the ids of new sessions; `undefined` for random ones. */
  readonly generateId: ((request: unknown) => string) | undefined;
  readonly clock: Clock;
  readonly observe: SessionObserver;
}

/** What all sessions of one kind share: their settings, and the ways to their storage and to whoever observes them. */
export class IdTracking<Data extends object> {
  readonly records: Records;
  readonly writer: RecordWriter;
  /** What has begun to write, whoever waits for it: the storage must not be closed under it. */
  readonly underway = new Underway();

  constructor(readonly settings: IdTrackerSettings<Data>) {
    const { storage, clock, storageTimeout } = settings;
    this.records = new Records(
      storage.conditionalWrites ? storage : new OrderedStorage(storage),
      clock,
      storageTimeout,
    );
    this.writer = new RecordWriter(storage, this.records, clock, storageTimeout);
  }

  /** The value that travels for a token. */
  seal(token: Token): string {
    const text = formatToken(token);
    return this.settings.transformer?.seal(text) ?? text;
  }

  observe(event: Omit<SessionEvent, 'session'>): void {
    this.settings.observe({ session: this.settings.name, ...event });
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
