import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataTrace } from '../../../src/session/data-trace.js';

type Data = Record<string, unknown>;

function traceOf(data: object): DataTrace {
  const trace = DataTrace.of(data);
  if (trace === undefined) throw new Error('Cannot trace the data of this test');
  return trace;
}

/** Every object and array in data, itself included. */
function objectsIn(data: object): object[] {
  const inner = Object.values(data).filter((value) => typeof value === 'object' && value !== null);
  return [data, ...inner.flatMap((value) => objectsIn(value as object))];
}

describe('DataTrace', () => {
  it('is of what nobody has changed, for any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const own = JSON.parse(JSON.stringify(data)) as Data;
        expect(traceOf(own).isOf(own)).toBe(true);
      }),
    );
  });

  it('notices whatever JSON notices: a value changed, a key added, removed or moved, anywhere', () => {
    const change = fc.constantFrom('set', 'add', 'remove', 'move', 'clear');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), change, (made, at, how) => {
        const data = JSON.parse(JSON.stringify(made)) as Data;
        const trace = traceOf(data);
        const before = JSON.stringify(data);
        const objects = objectsIn(data);
        const object = objects[at % objects.length] as Data;
        const [key = '0'] = Object.keys(object);
        if (how === 'set') object[key] = 'another';
        if (how === 'add') object[Array.isArray(object) ? String(object.length) : `${key}+`] = 1;
        if (how === 'remove') delete object[key];
        if (how === 'move' && !Array.isArray(object)) {
          const { [key]: value } = object;
          delete object[key];
          object[key] = value;
        }
        if (how === 'clear') for (const each of Object.keys(object)) delete object[each];
        if (trace.isOf(data)) expect(JSON.stringify(data)).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });

  it('notices another object with the same content: what two places share is data, too', () => {
    const shared = { a: 1 };
    const data: Data = { one: shared, other: shared };
    const trace = traceOf(data);
    data['other'] = { a: 1 };
    expect(trace.isOf(data)).toBe(false);
    expect(traceOf(data).isOf({ ...data })).toBe(false);
  });

  it.each([
    [0, -0],
    [null, Number.NaN],
    ['1', 1],
    [1, 1n],
  ])('tells %s from %s', (before, after) => {
    const data: Data = { value: before };
    const trace = traceOf(data);
    data['value'] = after;
    expect(trace.isOf(data)).toBe(false);
  });

  it('takes NaN for itself', () => {
    const data = { value: Number.NaN };
    expect(traceOf(data).isOf(data)).toBe(true);
  });

  it('notices an array that became shorter, or longer by what is at its end', () => {
    const data = { list: [1, 2, 3] };
    const trace = traceOf(data);
    data.list.length = 2;
    expect(trace.isOf(data)).toBe(false);
    data.list.push(3);
    expect(trace.isOf(data)).toBe(true);
    data.list.push(4);
    expect(trace.isOf(data)).toBe(false);
  });

  it.each([
    ['a symbol as key', (list: unknown[]) => Object.assign(list, { [Symbol('s')]: 1 })],
    ['a key that is no index', (list: unknown[]) => Object.assign(list, { other: 1 })],
    ['a hole in the place of undefined', (list: unknown[]) => void Reflect.deleteProperty(list, 1)],
  ])('notices %s: a serializer may refuse it', (_what, change) => {
    const data = { list: [1, undefined, 3] as unknown[] };
    const trace = traceOf(data);
    change(data.list);
    expect(trace.isOf(data)).toBe(false);
  });

  class Secretive {
    #hidden = 1;

    hide(): number {
      return this.#hidden++;
    }
  }

  it.each([
    ['a Date', { at: new Date(0) }],
    ['a Map', { map: new Map() }],
    ['an object of a class', { one: new Secretive() }],
    ['a function', { call: () => 1 }],
    ['a symbol', { symbol: Symbol('s') }],
    ['a symbol as key', { inner: { [Symbol('s')]: 1 } }],
    ['a toJSON()', { toJSON: () => 1 }],
  ])('is none of data with %s: it may change unseen', (_what, data) => {
    expect(DataTrace.of(data)).toBeUndefined();
  });

  it('is of an object of the session class', () => {
    class Cart {
      items: string[] = [];
    }
    const cart = new Cart();
    const trace = traceOf(cart);
    expect(trace.isOf(cart)).toBe(true);
    cart.items.push('mug');
    expect(trace.isOf(cart)).toBe(false);
  });

  it('is none of a cycle, nor of one object at more places than a walk would end for', () => {
    const cycle: Data = {};
    cycle['self'] = { cycle };
    expect(DataTrace.of(cycle)).toBeUndefined();
    let shared: object = { leaf: 1 };
    for (let level = 0; level < 60; level++) shared = { left: shared, right: shared };
    expect(DataTrace.of(shared)).toBeUndefined();
  });
});
