import { describe, expect, it } from 'vitest';
import { SessionNotSerializableError } from '../../../src/errors.js';
import { assertJson } from '../../../src/record/assert-json.js';

class Point {
  x = 1;
}

const cycle: Record<string, unknown> = { a: {} };
(cycle['a'] as Record<string, unknown>)['back'] = cycle;
const loop: unknown[] = [];
loop.push(loop);
const chain: Record<string, unknown> = {};
let end = chain;
for (let depth = 0; depth < 600; depth++) {
  const next: Record<string, unknown> = {};
  end['next'] = next;
  end = next;
}

/** Data, and what the message says of it between "Cannot store session: " and ", which the serializer would not give back". */
const refused: [what: string, data: object, message: string][] = [
  ['a function', { a: () => 1 }, 'data.a is a function'],
  ['a symbol', { a: Symbol('s') }, 'data.a is a symbol'],
  ['a BigInt', { a: 1n }, 'data.a is a bigint'],
  ['NaN', { a: NaN }, 'data.a is NaN'],
  ['Infinity', { a: [1, Infinity] }, 'data.a[1] is Infinity'],
  ['-Infinity', { a: { b: -Infinity } }, 'data.a.b is -Infinity'],
  ['a Map', { a: new Map([[1, 2]]) }, 'data.a is an instance of Map'],
  ['a Set', { a: { b: [new Set([1])] } }, 'data.a.b[0] is an instance of Set'],
  ['a typed array', { a: new Uint8Array(2) }, 'data.a is binary data'],
  ['a view of floats', { a: new Float64Array(2) }, 'data.a is binary data'],
  ['a Buffer, whose toJSON() gives another thing back', { a: Buffer.from('x') }, 'data.a is binary data'],
  ['an ArrayBuffer', { a: new ArrayBuffer(2) }, 'data.a is binary data'],
  ['a DataView', { a: new DataView(new ArrayBuffer(2)) }, 'data.a is binary data'],
  ['an instance of a class', { a: { b: new Point() } }, 'data.a.b is an instance of Point'],
  ['an instance of a class without a name', { a: new (class {})() }, 'data.a is an instance of a class'],
  ['an Error', { a: new TypeError('quoted?') }, 'data.a is an instance of TypeError'],
  ['a RegExp', { a: /x/ }, 'data.a is an instance of RegExp'],
  ['a Promise', { a: Promise.resolve(1) }, 'data.a is an instance of Promise'],
  ['a boxed number', { a: Object(5) as object }, 'data.a is an instance of Number'],
  ['an invalid Date', { a: new Date(NaN) }, 'data.a is an invalid Date'],
  ['a cycle', cycle, 'data.a.back is a cycle'],
  ['a cycle of arrays', { a: loop }, 'data.a[0] is a cycle'],
  ['a symbol as key', { a: { [Symbol('k')]: 1 } }, 'data.a is an object with a symbol as key'],
  ['a symbol as key of the data itself', { [Symbol('k')]: 1 }, 'data is an object with a symbol as key'],
  ['undefined in an array', { a: [1, undefined] }, 'data.a[1] is undefined'],
  // oxlint-disable-next-line no-sparse-arrays
  ['a hole in an array', { a: [1, , 3] }, 'data.a[1] is undefined'],
];

describe('assertJson()', () => {
  it.each(refused)('A15: refuses %s, naming its path', (_, data, message) => {
    expect(() => assertJson(data, 500)).toThrow(
      new SessionNotSerializableError(`Cannot store session: ${message}, which the serializer would not give back`),
    );
  });

  it('A15: refuses what is nested deeper than the engine could follow', () => {
    expect(() => assertJson(chain, 500)).toThrow(
      /^Cannot store session: data(\.next){500} is nested more than 500 deep/,
    );
  });

  it('quotes no value', () => {
    const data = { a: new Error('THE-DATA'), b: 'THE-DATA' };
    expect(() => assertJson(data, 500)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('THE-DATA') }),
    );
  });

  it.each<[string, object]>([
    ['every JSON value', { a: [1, 'x', true, null, { b: [] }], '': 0, 'a.b': -1.5 }],
    ['a Date', { at: new Date(0) }],
    ['an object with a toJSON()', { a: { toJSON: () => 'text' }, b: new URL('http://a/') }],
    ['undefined as the value of a key', { a: undefined, b: { c: undefined } }],
    ['an object without a prototype', { a: Object.assign(Object.create(null) as object, { b: 1 }) }],
    ['one object at two places, which is no cycle', ((shared) => ({ a: shared, b: [shared, shared] }))({ c: 1 })],
    ['an instance of a class as the data itself', new Point()],
    ['keys with the names of inherited ones', JSON.parse('{"__proto__":{"constructor":1},"toString":"x"}') as object],
  ])('accepts %s', (_, data) => {
    expect(() => assertJson(data, 500)).not.toThrow();
  });

  // What Fastify gives as request.query: an instance of a function whose prototype has no prototype, so no constructor
  it('A15: refuses an object whose prototype has no constructor as any other, with a SessionNotSerializableError', () => {
    const query = Object.assign(Object.create(Object.create(null) as object) as object, { page: '2' });
    expect(() => assertJson({ filter: query }, 500)).toThrow(SessionNotSerializableError);
    expect(() => assertJson({ filter: query }, 500)).toThrow('data.filter is an instance of a class');
  });

  it('A15: names an instance by its class, not by what its own key `constructor` says', () => {
    const data = { a: Object.assign(new Point(), { constructor: { name: 'THE-DATA' } }) };
    expect(() => assertJson(data, 500)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('THE-DATA') }),
    );
  });

  it('A15: refuses an array with keys beside its elements, which JSON drops', () => {
    expect(() => assertJson({ a: Object.assign([1], { note: 'x' }) }, 500)).toThrow(SessionNotSerializableError);
  });

  it.each<[string, object]>([
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a Date', new Date(0)],
    ['a typed array', Uint8Array.of(1)],
  ])('A15: refuses %s as the data itself', (_, data) => {
    expect(() => assertJson(data, 500)).toThrow(SessionNotSerializableError);
  });
});
