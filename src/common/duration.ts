import ms, { type StringValue } from 'ms';

type Short = 'ms' | 's' | 'm' | 'h' | 'd' | 'w';
type Long = 'second' | 'minute' | 'hour' | 'day' | 'week';

/** A span of time: milliseconds, or a number with a unit, such as `'500ms'`, `'30m'`, `'12h'`, `'7d'`, `'7 days'`. */
export type Duration = number | `${number}` | `${number}${Short}` | `${number} ${Long | `${Long}s`}`;

/** The longest duration accepted, in milliseconds: 400 days, beyond which browsers cap a cookie's age (RFC 6265bis, section 5.5). */
export const MAX_DURATION = 400 * 24 * 60 * 60 * 1000;

/**
 * Reads a duration.
 *
 * @returns milliseconds; `NaN` for a text that says no duration
 */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  return duration.length > 0 && duration.length <= 100 ? (ms(duration as StringValue) ?? NaN) : NaN;
}
