import { keptKeys } from '../session/kept-keys.js';
import { NO_MARKS } from '../session/session-marks.js';
import type { RegenerateOptions } from '../session/session.js';
import type { Standee } from './standing.js';

/**
 * Lets a session that has ended be a new one, which holds what this request has changed, and of that what is kept; marks only
 * when all is.
 */
export function startAnew<Data extends object>(
  session: Standee<Data>,
  keep: NonNullable<RegenerateOptions<Data>['keep']>,
): void {
  const { sessionData: data } = session;
  const changes = keptKeys(data.ownChanges(data.snapshot()), keep);
  const marks = keep === 'all' ? data.marks.changes : NO_MARKS;
  session.becomeNew();
  data.restart(changes, marks);
}
