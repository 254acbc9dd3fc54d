import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/common/clock.js';
import { redisStorageSettings } from '../../../src/redis/redis-storage-options.js';

describe('redisStorageSettings()', () => {
  it('completes options with the defaults', () => {
    expect(redisStorageSettings({})).toEqual({
      prefix: 'session:',
      maxBytes: 16 * 1024 * 1024,
      clock: systemClock,
    });
    const given = { prefix: '', maxBytes: 5, clock: { ...systemClock } };
    expect(redisStorageSettings(given)).toEqual(given);
  });

  it.each([
    [{ prefix: 5 }, TypeError, 'prefix must be a text: received number'],
    [{ prefix: null }, TypeError, 'prefix must be a text: received object'],
    [{ maxBytes: 0 }, RangeError, 'maxBytes must be a positive integer: received 0'],
    [{ maxBytes: 1.5 }, RangeError, 'maxBytes must be a positive integer: received 1.5'],
    [{ maxBytes: NaN }, RangeError, 'maxBytes must be a positive integer: received NaN'],
    [{ ttl: 5 }, TypeError, 'it has no option ttl'],
  ])('refuses %j', (options, Kind, message) => {
    const settings = () => redisStorageSettings(options as object);
    expect(settings).toThrow(Kind);
    expect(settings).toThrow(`Cannot create RedisStorage: ${message}`);
  });
});
