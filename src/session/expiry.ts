/** The rules that end a session; all in milliseconds. */
export interface Timeouts {
  /** How long a session lives without use. */
  readonly idle: number;
  /** How long it lives after its creation, whatever the use; `Infinity` for as long as it is used. */
  readonly absolute: number;
  /** How old the idle deadline gets before a use moves it. */
  readonly touchAfter: number;
}

/** The instants at which a session ends, in milliseconds since the epoch. */
export interface Deadlines {
  readonly idleDeadline: number;
  readonly absoluteDeadline: number;
}

/** The last instant that there is. @see ECMA-262, section 21.4.1.1 (time range) */
const LAST_INSTANT = 8_640_000_000_000_000;

/** The absolute deadline of a session that starts, or starts anew, at an instant. */
export function absoluteDeadlineFrom(start: number, { absolute }: Timeouts): number {
  return Math.min(start + absolute, LAST_INSTANT);
}

/** The deadlines of a session that is stored for the first time, however long ago the request began that does so. */
export function firstDeadlines(now: number, timeouts: Timeouts): Deadlines {
  return { idleDeadline: now + timeouts.idle, absoluteDeadline: absoluteDeadlineFrom(now, timeouts) };
}

/** The instant from which a session is over: the nearer deadline. */
export function expiryOf({ idleDeadline, absoluteDeadline }: Deadlines): number {
  return Math.min(idleDeadline, absoluteDeadline);
}

/** Whether a session is over; it is so at the very instant of a deadline. */
export function isOver(deadlines: Deadlines, now: number): boolean {
  return now >= expiryOf(deadlines);
}

/**
 * Whether a use should move the idle deadline: it is older than `touchAfter`, or lies further away than the timeout allows
 * (which was longer when it was set). Not when the absolute deadline comes first anyway, unless it `refreshes` what the client
 * keeps for a limited time.
 */
export function isTouchDue(
  { idleDeadline, absoluteDeadline }: Deadlines,
  { idle, touchAfter }: Timeouts,
  now: number,
  refreshes: boolean,
): boolean {
  const next = now + idle;
  if (idleDeadline > next) return true;
  const matters = refreshes || idleDeadline < absoluteDeadline;
  return matters && next - idleDeadline >= touchAfter && next > idleDeadline;
}
