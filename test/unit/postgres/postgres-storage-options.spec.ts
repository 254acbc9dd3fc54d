import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/common/clock.js';
import { postgresStorageSettings } from '../../../src/postgres/postgres-storage-options.js';

describe('postgresStorageSettings()', () => {
  it('completes what is not given', () => {
    const settings = postgresStorageSettings({});
    expect(settings).toMatchObject({ maxBytes: 16_777_216, clock: systemClock });
    expect(settings.tables.records).toBe('"nest_sessions"');
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '1'])('refuses maxBytes %j', (maxBytes) => {
    expect(() => postgresStorageSettings({ maxBytes: maxBytes as number })).toThrow(
      new RangeError(
        `Cannot create PostgresStorage: maxBytes must be a positive integer: received ${String(maxBytes)}`,
      ),
    );
  });

  it('refuses options that it does not have, by name', () => {
    const options = { table: 'carts', tableName: 'carts' };
    expect(() => postgresStorageSettings(options)).toThrow(
      new TypeError('Cannot create PostgresStorage: it has no option tableName'),
    );
  });
});
