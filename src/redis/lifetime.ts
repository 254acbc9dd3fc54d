import type { Clock } from '../common/clock.js';

/** The longest lifetime that is asked for, in milliseconds: some 30,000 years. The server refuses what overflows its clock. */
const LONGEST = 1e15;

/**
 * How long something lives from now, for a server that tells the time by a clock of its own.
 *
 * @param expiresAt milliseconds since the epoch
 * @returns whole milliseconds; 0 or less for what has expired already
 */
export function lifetimeOf(expiresAt: number, clock: Clock): number {
  return Math.min(Math.ceil(expiresAt - clock.now()), LONGEST);
}
