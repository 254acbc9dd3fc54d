import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it, vi } from 'vitest';
import { SessionDecodeError, SessionNotSerializableError } from '../../../src/errors.js';
import { DataSchema, UnfitDataError } from '../../../src/session/data-schema.js';

type Plain = Record<string, unknown>;

/** A schema of one's own: what the standard asks for, and no library. */
function schema(validate: StandardSchemaV1.Props['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

/** Fits data whose `version` is 2, and makes a number of `count`. */
const second = schema((value) => {
  const { version, count } = value as Plain;
  if (version !== 2) return { issues: [{ message: 'THE-DATA', path: ['version'] }] };
  return { value: { version, count: Number(count) } };
});
const asIs = (plain: Plain): Plain => plain;
const load = (data: DataSchema, stored: Plain): Plain => data.load(stored, asIs);
const errorOf = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Expected an error');
};

describe('DataSchema', () => {
  it('load() gives what the schema makes of the data', () => {
    expect(load(new DataSchema(second), { version: 2, count: '5' })).toStrictEqual({ version: 2, count: 5 });
  });

  it('load() refuses data that does not fit, quoting no more than the path', () => {
    const error = errorOf(() => load(new DataSchema(second), { version: 1, secret: 'THE-DATA' }));
    expect(error).toBeInstanceOf(UnfitDataError);
    expect(error).toBeInstanceOf(SessionDecodeError);
    expect(error.message).toBe('Cannot read session data: data.version does not fit its schema');
    expect(error.cause).toBeUndefined();
  });

  it('load() asks the schema of what migrate() makes of the stored data', () => {
    const migrate = vi.fn((data: unknown) => ({ ...(data as Plain), version: 2, count: '7' }));
    const stored = { version: 1, old: true };
    expect(load(new DataSchema(second, migrate), stored)).toStrictEqual({ version: 2, count: 7 });
    expect(migrate.mock.calls).toEqual([[stored]]);
  });

  it('load() does not call migrate() for data that fits', () => {
    const migrate = vi.fn();
    load(new DataSchema(second, migrate), { version: 2, count: 1 });
    expect(migrate).not.toHaveBeenCalled();
  });

  it.each<[what: string, migrate: () => unknown]>([
    ['gives undefined', () => undefined],
    ['gives what does not fit either', () => ({ version: 3, secret: 'THE-DATA' })],
    ['gives no object', () => 'THE-DATA'],
    ['gives an array', () => [{ version: 2 }]],
    [
      'throws',
      () => {
        throw new Error('THE-DATA');
      },
    ],
    ['gives a promise', async () => ({ version: 2 })],
    ['gives a promise that rejects', () => Promise.reject(new Error('THE-DATA'))],
  ])('load() refuses data whose migrate() %s', (_, migrate) => {
    const error = errorOf(() => load(new DataSchema(second, migrate), { version: 1 }));
    expect(error).toBeInstanceOf(UnfitDataError);
    expect(error.message).toBe('Cannot read session data: data.version does not fit its schema');
  });

  it('load() fills in defaults of stored and of migrated data before the schema is asked, and drops them again', () => {
    const strict = schema((value) => {
      const { version, count } = value as Plain;
      return version === 2 && count === 9 ? { value: { version, count } } : { issues: [{ message: 'x' }] };
    });
    const migrate = vi.fn(() => ({ version: 2 }));
    const fill = (data: Plain): Plain => (Object.hasOwn(data, 'count') ? data : { ...data, count: 9 });
    const data = new DataSchema(strict, migrate);
    expect(data.load({ version: 2 }, fill)).toStrictEqual({ version: 2 });
    expect(data.load({ version: 2, count: 9 }, fill)).toStrictEqual({ version: 2, count: 9 });
    expect(migrate).not.toHaveBeenCalled();
    expect(data.load({ version: 1 }, fill)).toStrictEqual({ version: 2 });
    expect(migrate.mock.calls).toEqual([[{ version: 1 }]]);
  });

  it('load() gives an object that can be changed, also where the schema freezes it', () => {
    const frozen = schema((value) => ({ value: Object.freeze({ ...(value as Plain) }) }));
    const data = load(new DataSchema(frozen), { a: 1 });
    data['b'] = 2;
    expect(data).toStrictEqual({ a: 1, b: 2 });
  });

  it.each<[what: string, validate: StandardSchemaV1.Props['validate'], why: string]>([
    [
      'throws',
      () => {
        throw new Error('THE-DATA');
      },
      'data does not fit its schema',
    ],
    ['validates asynchronously', async () => ({ value: {} }), 'its schema validates asynchronously'],
    ['rejects', () => Promise.reject(new Error('THE-DATA')), 'its schema validates asynchronously'],
    ['makes no object of it', () => ({ value: 'THE-DATA' }), 'what its schema makes of it is no object'],
    ['makes an array of it', () => ({ value: [] }), 'what its schema makes of it is no object'],
    ['has issues without a place', () => ({ issues: [{ message: 'THE-DATA' }] }), 'data does not fit its schema'],
    ['has no issue to show', () => ({ issues: [] }), 'data does not fit its schema'],
    [
      'names a place',
      () => ({ issues: [{ message: 'x', path: ['a', { key: 'b' }, 0, { key: 1 }, Symbol('s')] }] }),
      'data.a.b[0][1][...] does not fit its schema',
    ],
  ])('load() and assertFit() refuse data when the schema %s', (_, validate, why) => {
    const data = new DataSchema(schema(validate));
    expect(() => load(data, {})).toThrow(new UnfitDataError(`Cannot read session data: ${why}`));
    expect(() => data.assertFit({}, asIs)).toThrow(
      new SessionNotSerializableError(`Cannot store session: ${why}, the next request would not load it`),
    );
  });

  it('assertFit() does not ask migrate(): what is stored anew is of today', () => {
    const migrate = vi.fn(() => ({ version: 2 }));
    expect(() => new DataSchema(second, migrate).assertFit({ version: 1 }, asIs)).toThrow(SessionNotSerializableError);
    expect(migrate).not.toHaveBeenCalled();
  });
});
