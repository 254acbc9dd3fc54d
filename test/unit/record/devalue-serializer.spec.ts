import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError, SessionNotSerializableError } from '../../../src/errors.js';
import { DevalueSerializer } from '../../../src/record/devalue-serializer.js';

const serializer = new DevalueSerializer();
const roundTrip = (data: object): Record<string, unknown> =>
  serializer.deserialize(serializer.serialize(data)) as Record<string, unknown>;
const message = (path: string, what: string): string =>
  `Cannot store session: ${path} is ${what}, which the serializer would not give back`;

class Point {
  x = 1;
}

const key = fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__' && name !== 'constructor');

/** Whatever it gives back. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, undefined, true, -0, NaN, Infinity, -Infinity, '\ud800', '\udfff\ud83d\ude00'),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(/a+"/g, /[<\n]/u),
    fc.uint8Array({ maxLength: 9 }),
    fc.float64Array({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 9 }).map(({ buffer }) => buffer),
    fc.uint8Array({ minLength: 4, maxLength: 9 }).map(({ buffer }) => new DataView(buffer, 1, 2)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.sparseArray(tie('value'), { maxLength: 40, maxNumElements: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
  ),
})) as { value: fc.Arbitrary<unknown> };

const data = fc.dictionary(
  key,
  value.filter((one) => one !== undefined),
  { maxKeys: 4, noNullPrototype: true },
);

/** Values that do not come back, and how the message names them. */
const refused: readonly (readonly [what: string, data: object, message: string])[] = [
  ['a function', { a: () => 1 }, message('data.a', 'a function')],
  ['a symbol', { a: [Symbol('x')] }, message('data.a[0]', 'a symbol')],
  ['an instance of a class', { a: { b: new Point() } }, message('data.a.b', 'an instance of Point')],
  ['an Error', { a: new TypeError('x') }, message('data.a', 'an instance of TypeError')],
  ['a promise', { a: Promise.resolve(1) }, message('data.a', 'an instance of Promise')],
  // oxlint-disable-next-line unicorn/no-thenable
  ['a thenable', { a: Object.fromEntries([['then', () => 1]]) }, message('data.a.then', 'a function')],
  ['a WeakMap', { a: new WeakMap() }, message('data.a', 'an instance of WeakMap')],
  ['a boxed number', { a: Object(5) as object }, message('data.a', 'an instance of Number')],
  ['a URL', { a: new URL('http://a/') }, message('data.a', 'an instance of URL')],
  ['a Buffer', { a: Buffer.from('x') }, message('data.a', 'an instance of Buffer')],
  ['shared memory', { a: new SharedArrayBuffer(2) }, message('data.a', 'an instance of SharedArrayBuffer')],
  [
    'a view of shared memory',
    { a: new Uint8Array(new SharedArrayBuffer(2)) },
    message('data.a', 'an instance of Uint8Array'),
  ],
  ['a subclass of Map', { a: new (class Cart extends Map {})() }, message('data.a', 'an instance of Cart')],
  ['a subclass of Array', { a: new (class List extends Array {})() }, message('data.a', 'an instance of List')],
  [
    'what only looks like a Map',
    { a: Object.create(Map.prototype) as object },
    message('data.a', 'an instance of Map'),
  ],
  ['an invalid Date', { a: new Date(NaN) }, message('data.a', 'an invalid Date')],
  ['a symbol as key', { a: { [Symbol('k')]: 1 } }, message('data.a', 'an object with a symbol as key')],
  ['a symbol as key of the data', { [Symbol('k')]: 1 }, message('data', 'an object with a symbol as key')],
  [
    'a key of an array',
    { a: Object.assign([1], { note: 1 }) },
    message('data.a', 'an array with other keys than indexes'),
  ],
  [
    'a key of a Map',
    { a: Object.assign(new Map(), { note: 1 }) },
    message('data.a', 'an instance of Map with keys of its own'),
  ],
  [
    'a key of a Date',
    { a: Object.assign(new Date(0), { note: 1 }) },
    message('data.a', 'an instance of Date with keys of its own'),
  ],
  ['a value of a Map', { a: new Map([['x', () => 1]]) }, message('data.a.values()[0]', 'a function')],
  ['a key within a Map', { a: new Map([[new Point(), 1]]) }, message('data.a.keys()[0]', 'an instance of Point')],
  ['a member of a Set', { a: [new Set([1, new Point()])] }, message('data.a[0].values()[1]', 'an instance of Point')],
  [
    'a value under an object that stands at two places',
    ((shared) => ({ a: shared, b: shared }))({ f: () => 1 }),
    message('data.a.f', 'a function'),
  ],
];

describe('DevalueSerializer', () => {
  it('gives back equal what it takes, and the same bytes for the same data', () => {
    fc.assert(
      fc.property(data, (given) => {
        const bytes = serializer.serialize(given);
        const back = serializer.deserialize(bytes);
        expect(isDeepStrictEqual(back, given)).toBe(true);
        expect(Buffer.from(serializer.serialize(back)).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives anything back equal, or refuses it', () => {
    const anything = fc.object({
      key,
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      values: [fc.boolean(), fc.double(), fc.string(), fc.constantFrom(null, undefined, NaN, () => 1, Symbol('s'))],
    });
    fc.assert(
      fc.property(anything, (given) => {
        let back: object;
        try {
          back = roundTrip({ given });
        } catch (error) {
          expect(error).toBeInstanceOf(SessionNotSerializableError);
          return;
        }
        expect(isDeepStrictEqual(back, { given })).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives cycles back, and one object at several places as one', () => {
    const cycle: Record<string, unknown> = { name: 'cycle', list: [] };
    (cycle['list'] as unknown[]).push(new Map([['back', cycle]]));
    const shared = new Date(0);
    const { a, b, c } = roundTrip({ a: cycle, b: [shared], c: new Set([shared]) }) as {
      a: { list: [Map<string, unknown>] };
      b: [Date];
      c: Set<Date>;
    };
    expect(a.list[0].get('back')).toBe(a);
    expect(c.has(b[0])).toBe(true);
  });

  it('gives the own keys of an instance of the session class, as a plain object', () => {
    class Cart {
      items = new Set(['mug']);
      coupon: string | undefined = undefined;

      get total(): number {
        return this.items.size;
      }
    }
    expect(roundTrip(new Cart())).toStrictEqual({ items: new Set(['mug']) });
  });

  it('drops keys of the data that are undefined, so that they read as the default, and keeps them further in', () => {
    expect(roundTrip({ a: undefined, b: { c: undefined }, d: [undefined] })).toStrictEqual({
      b: { c: undefined },
      d: [undefined],
    });
  });

  it('stores of a larger memory what a view shows of it, and nothing else', () => {
    const memory = new TextEncoder().encode('xxTHE-DATAxx').buffer;
    const views = {
      bytes: new Uint8Array(memory, 0, 2),
      view: new DataView(memory, 10, 2),
      words: new Uint16Array(memory, 10, 1),
    };
    expect(Buffer.from(roundTrip(views)['bytes'] as Uint8Array).toString()).toBe('xx');
    expect(isDeepStrictEqual(roundTrip(views), views)).toBe(true);
    const stored = Buffer.from(serializer.serialize(views)).toString();
    const buffers = [...stored.matchAll(/"ArrayBuffer","([^"]*)"/g)].map(([, text = '']) =>
      Buffer.from(text, 'base64'),
    );
    expect(buffers.map(String)).toEqual(['xx', 'xx', 'xx']);
  });

  it.each(refused)('A15: refuses %s, naming its path', (_, given, text) => {
    expect(() => serializer.serialize(given)).toThrow(new SessionNotSerializableError(text));
  });

  it('A15: refuses a reference to the data itself, which would come back as a copy', () => {
    const given: Record<string, unknown> = { a: {} };
    (given['a'] as Record<string, unknown>)['self'] = given;
    expect(() => serializer.serialize(given)).toThrow(
      new SessionNotSerializableError(message('data.a.self', 'the data itself')),
    );
  });

  it.each<[string, object]>([
    ['an array', [1]],
    ['a Map', new Map([['a', 1]])],
    ['a subclass of Map', new (class extends Map {})()],
    ['a Set', new Set([1])],
    ['a Date', new Date(0)],
    ['a typed array', Uint8Array.of(1)],
    ['a RegExp', /x/],
  ])('A15: refuses %s as the data itself', (_, given) => {
    expect(() => serializer.serialize(given)).toThrow(SessionNotSerializableError);
  });

  it.each<[string, object]>([
    ['a key of a Map', { a: new Map([['THE-DATA', () => 1]]) }],
    ['a symbol', { a: new Set([Symbol('THE-DATA')]) }],
    ['an Error', { a: new Error('THE-DATA') }],
  ])('A15: its errors do not quote %s and carry no cause', (_, given) => {
    let thrown: unknown;
    try {
      serializer.serialize(given);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SessionNotSerializableError);
    expect((thrown as Error).message).not.toContain('THE-DATA');
    expect((thrown as Error).cause).toBeUndefined();
  });

  it('A15: a huge array of holes takes neither time nor room', () => {
    const holes: unknown[] = [];
    holes[4_000_000_000] = 'x';
    expect(serializer.serialize({ holes }).length).toBeLessThan(100);
    expect((roundTrip({ holes })['holes'] as unknown[])[4_000_000_000]).toBe('x');
  });

  it.each([
    '',
    '{',
    'null',
    '5',
    '-1',
    '"THE-DATA"',
    '{}',
    '[]',
    '[5]',
    '[[]]',
    '[["Map"]]',
    '[["Date",""]]',
    '[{"a":9}]',
    '[["null","a",1],1]',
    '[{"a":"x"}]',
    '[{"a":"__proto__"}]',
    '[{"a":"length"}]',
    '[{"a":1},["Uint8Array",9]]',
    '[{"a":1},["Uint8Array",1]]',
    '[{"a":1},["BigInt","x"]]',
    '[{"a":1},["Evil",0]]',
    '[{"a":1},[-7,1e99,0,2],1]',
  ])('A16: deserialize() refuses %j, without quoting it', (text) => {
    expect(() => serializer.deserialize(Buffer.from(text))).toThrow(
      new SessionDecodeError('Cannot read session data: it is not what DevalueSerializer writes'),
    );
  });

  it('A16: deserialize() gives an object or a SessionDecodeError for any bytes like its own', () => {
    const cell = fc.oneof(
      fc.integer({ min: -8, max: 8 }),
      fc.constantFrom('Map', 'Set', 'null', 'Object', 'a', '__proto__'),
    );
    const flat = fc.array(
      fc.oneof(
        cell,
        fc.array(cell, { maxLength: 5 }),
        fc.dictionary(fc.constantFrom('a', 'constructor', 'prototype'), cell),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(flat, (values) => {
        try {
          expect(Object.getPrototypeOf(serializer.deserialize(Buffer.from(JSON.stringify(values))))).toBe(
            Object.prototype,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(SessionDecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('nests Maps and Sets as deep as objects, and they can still be compared', () => {
    for (const wrap of [(inner: unknown) => new Map([['a', inner]]), (inner: unknown) => new Set([inner])]) {
      let deep: unknown = 1;
      for (let level = 1; level < 500; level++) deep = wrap(deep);
      expect(isDeepStrictEqual(roundTrip({ deep }), { deep })).toBe(true);
      expect(() => serializer.serialize({ deep: [deep] })).toThrow(/nested more than 500 deep/);
    }
  });

  it.each(['[{"a":1},["Date",""]]', '[{"a":1},["URL","https://a.example/"]]', '[{"a":0}]', '[{"a":1},["Object",5]]'])(
    'deserialize() refuses what serialize() would not write: %s',
    (text) => {
      expect(() => new DevalueSerializer().deserialize(Buffer.from(text))).toThrow(SessionDecodeError);
    },
  );
});
