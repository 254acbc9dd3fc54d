import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError, SessionNotSerializableError } from '../../../src/errors.js';
import { assertJson } from '../../../src/record/assert-json.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';

const serializer = new JsonSerializer();
const roundTrip = (data: object): object => serializer.deserialize(serializer.serialize(data));

/** Any JSON object, with keys and texts of any characters; JSON has no negative zero. */
const { jsonObject } = fc.letrec((tie) => {
  const key = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('constructor', 'prototype', 'toJSON', '0'),
  );
  const object = fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map(
      (pairs) =>
        JSON.parse(
          `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
        ) as object,
    );
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(null, true, false, '', 0),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('jsonObject'),
    ),
    jsonObject: object,
  };
}) as { jsonObject: fc.Arbitrary<object> };

/** Without keys that are undefined, at any depth. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner)]));
}

/** Without the keys by which a merge would reach a prototype, at any depth: the same rule, said otherwise. */
function withoutPrototypeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypeKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, inner]) => key !== '__proto__' && (key !== 'constructor' || !leadsToPrototype(inner)),
  );
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPrototypeKeys(inner)]));
}

function leadsToPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

describe('JsonSerializer', () => {
  it('gives any JSON data back equal, but for keys that lead to prototypes', () => {
    fc.assert(
      fc.property(jsonObject, (data) => {
        expect(isDeepStrictEqual(roundTrip(data), withoutPrototypeKeys(data))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('gives whatever assertJson() accepts back equal, but for keys that are undefined', () => {
    const anything = fc.object({
      withBigInt: true,
      withBoxedValues: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      values: [fc.boolean(), fc.double(), fc.string(), fc.constantFrom(null, undefined, NaN, () => 1, Symbol('s'))],
    });
    let accepted = 0;
    fc.assert(
      fc.property(anything, (data) => {
        try {
          assertJson(data, 500);
        } catch {
          expect(() => serializer.serialize(data)).toThrow(SessionNotSerializableError);
          return;
        }
        accepted++;
        expect(isDeepStrictEqual(roundTrip(data), withoutUndefined(data))).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('gives the same bytes for the same data', () => {
    fc.assert(
      fc.property(jsonObject, (data) => {
        const bytes = serializer.serialize(data);
        expect(Buffer.from(serializer.serialize(serializer.deserialize(bytes))).equals(bytes)).toBe(true);
      }),
    );
  });

  it('gives a Date back as its ISO text', () => {
    expect(roundTrip({ at: new Date(0) })).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('drops keys that are undefined', () => {
    expect(roundTrip({ a: undefined, b: { c: undefined } })).toStrictEqual({ b: {} });
  });

  it('A15: refuses what JSON would change, naming its path', () => {
    expect(() => serializer.serialize({ a: [{ n: NaN }] })).toThrow(
      'Cannot store session: data.a[0].n is NaN, which the serializer would not give back',
    );
  });

  it('A15: refuses an object whose toJSON() fails, without quoting its error', () => {
    const data = {
      a: {
        toJSON: () => {
          throw new Error('THE-DATA');
        },
      },
    };
    expect(() => serializer.serialize(data)).toThrow(
      new SessionNotSerializableError('Cannot serialize session data: JSON has no form for it'),
    );
  });

  it.each(['', '{', 'null', '5', '"text"', '[]', '[{}]', 'undefined', '{"a":1}}', '\ufeff{}'])(
    'A16: deserialize() refuses %j, without quoting it',
    (text) => {
      expect(() => serializer.deserialize(Buffer.from(text))).toThrow(
        new SessionDecodeError('Cannot read session data: it is not a JSON object'),
      );
    },
  );

  it('deserialize() reads bytes that lie somewhere within a larger memory', () => {
    const memory = Buffer.from('xx{"a":1}yy');
    expect(serializer.deserialize(new Uint8Array(memory.buffer, memory.byteOffset + 2, 7))).toStrictEqual({ a: 1 });
  });

  it('A15: refuses data whose own toJSON() makes no object of it', () => {
    class Odd {
      toJSON(): unknown {
        return ['THE-DATA'];
      }
    }
    expect(() => serializer.serialize(new Odd())).toThrow(
      new SessionNotSerializableError('Cannot serialize session data: JSON has no form for it'),
    );
  });

  it('A15: refuses what a toJSON() makes too deep to be read again', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 600; level++) deep = [deep];
    expect(() => serializer.serialize({ a: { toJSON: () => deep } })).toThrow(
      new SessionNotSerializableError('Cannot store session: data is nested more than 500 deep'),
    );
  });

  it.each(['{"n":1e999}', '{"a":[{"b":-1E400}]}', `{"n":${'9'.repeat(400)}}`])(
    'deserialize() refuses a number that could not be stored again: %.20s',
    (text) => {
      expect(() => new JsonSerializer().deserialize(Buffer.from(text))).toThrow(SessionDecodeError);
    },
  );

  it.each(['{"n":1e20}', '{"text":"1e999"}', '{"n":1.5E-7}'])('deserialize() takes %s', (text) => {
    expect(new JsonSerializer().deserialize(Buffer.from(text))).toEqual(JSON.parse(text));
  });
});
