import { systemClock, type Clock } from '../common/clock.js';
import { assertKnownOptions } from '../storage/creation-checks.js';

/** How a `RedisInvalidationBus` works. */
export interface RedisInvalidationBusOptions {
  /** The channel of all who are to hear each other; default `'nest-sessions'`. Databases and key prefixes do not divide it. */
  readonly channel?: string;
  /** The clock that tells for how long nothing was heard; default: the machine's. */
  readonly clock?: Clock;
}

const OPTIONS = ['channel', 'clock'] as const satisfies readonly (keyof RedisInvalidationBusOptions)[];

/**
 * Checks the options of a `RedisInvalidationBus`, and completes them.
 *
 * @throws {TypeError} naming the option and the cure
 */
export function redisInvalidationBusSettings(
  options: RedisInvalidationBusOptions,
): Required<RedisInvalidationBusOptions> {
  assertKnownOptions('RedisInvalidationBus', options, OPTIONS);
  const { channel = 'nest-sessions', clock = systemClock } = options;
  if (typeof channel !== 'string' || channel === '') {
    throw new TypeError('Cannot create RedisInvalidationBus: channel must be a text that is not empty');
  }
  return Object.freeze({ channel, clock });
}
