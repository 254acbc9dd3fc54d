import { PREVIOUS_SECRET_TIME } from '../record/record-header.js';
import type { SessionRecord } from '../record/record.js';
import { absoluteDeadlineFrom } from '../session/expiry.js';
import type { Marks } from '../session/session-marks.js';
import type { TrackerSettings } from './tracking.js';

type Time = Pick<TrackerSettings<object>, 'clock' | 'timeouts'>;

const NOTHING = new Uint8Array(0);

/** The change that removes all marks. */
export const UNMARKED: Marks = Object.freeze({ principal: undefined, label: undefined });

/** How a record's secret is replaced. */
export interface Rotation {
  /** SHA-256 of the new secret, base64url. */
  readonly secretHash: string;
  /** Whether some client knows the old one; else no request can come with it. */
  readonly isKnown: boolean;
  /** Whether the absolute timeout starts anew. */
  readonly restart: boolean;
}

/** The record to follow another: with this payload and these marks changed, used just now. */
export function usedRecord(
  { header }: SessionRecord,
  payload: Uint8Array,
  marks: Marks,
  { clock, timeouts }: Time,
): SessionRecord {
  return { header: { ...header, ...marks, idleDeadline: clock.now() + timeouts.idle }, payload };
}

/** The record whose write ends the session: it is over, is nobody's, and holds nothing. */
export function endedRecord({ header }: SessionRecord): SessionRecord {
  return { header: { ...header, ...UNMARKED, idleDeadline: 0 }, payload: NOTHING };
}

/** The same record with a new secret; the old one is refused kindly for a while. */
export function rotatedRecord(record: SessionRecord, rotation: Rotation, { clock, timeouts }: Time): SessionRecord {
  const { header, payload } = record;
  const { secretHash, isKnown, restart } = rotation;
  const now = clock.now();
  const previous = isKnown ? { hash: header.secretHash, until: now + PREVIOUS_SECRET_TIME } : header.previous;
  const absoluteDeadline = restart ? absoluteDeadlineFrom(now, timeouts) : header.absoluteDeadline;
  return { header: { ...header, secretHash, previous, absoluteDeadline }, payload };
}
