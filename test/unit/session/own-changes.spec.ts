import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlainData } from '../../../src/session/data-shape.js';
import { applyChanges, changesBetween } from '../../../src/session/own-changes.js';

/** Data as a serializer may give it: `__proto__` is a key like any other. */
const decoded = (data: PlainData): PlainData => JSON.parse(JSON.stringify(data)) as PlainData;

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString', '0', '');
const data = fc.array(fc.tuple(key, fc.jsonValue({ maxDepth: 2 }))).map((pairs) => {
  const json = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  return JSON.parse(`{${json}}`) as PlainData;
});
const sorted = (data: PlainData): unknown => Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1));

describe('changesBetween()', () => {
  it('finds nothing between equal states', () => {
    fc.assert(
      fc.property(data, (state) => {
        expect(changesBetween(state, decoded(state))).toEqual({ set: {}, removed: [] });
      }),
    );
  });

  it('finds a deep change as its top-level key alone', () => {
    const { set, removed } = changesBetween(
      { cart: { items: [{ n: 1 }] }, b: 1 },
      { cart: { items: [{ n: 2 }] }, b: 1 },
    );
    expect(set).toStrictEqual({ cart: { items: [{ n: 2 }] } });
    expect(removed).toEqual([]);
  });

  it('finds keys that are new and keys that are gone', () => {
    expect(changesBetween({ a: 1, b: 2 }, { b: 2, c: 3 })).toStrictEqual({ set: { c: 3 }, removed: ['a'] });
  });

  it.each([
    [0, '0'],
    [null, 0],
    [null, false],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    ['', null],
  ])('tells %j from %j', (before, after) => {
    expect(Object.keys(changesBetween({ a: before }, { a: after }).set)).toEqual(['a']);
  });

  it('tells a key that is undefined, which some serializers keep, from none', () => {
    expect(Object.keys(changesBetween({}, { a: undefined }).set)).toEqual(['a']);
    expect(changesBetween({ a: undefined }, {}).removed).toEqual(['a']);
  });

  it('tells a key with the name of an inherited one from none', () => {
    expect(changesBetween({}, decoded({ constructor: 1 })).set).toStrictEqual({ constructor: 1 });
    expect(changesBetween(decoded({ toString: 1 }), {}).removed).toEqual(['toString']);
  });
});

describe('applyChanges()', () => {
  it('gives `after` when what lies between is applied to `before`', () => {
    fc.assert(
      fc.property(data, data, (before, after) => {
        const target = decoded(before);
        applyChanges(target, changesBetween(before, after));
        expect(sorted(target)).toStrictEqual(sorted(after));
        expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves alone, of somebody else's data, all keys that were not changed", () => {
    fc.assert(
      fc.property(data, data, data, (before, after, others) => {
        const changes = changesBetween(before, after);
        const target = decoded(others);
        applyChanges(target, changes);
        for (const key of Object.keys(others)) {
          if (Object.hasOwn(changes.set, key) || changes.removed.includes(key)) continue;
          expect(target[key]).toStrictEqual(others[key]);
        }
        for (const key of Object.keys(changes.set)) expect(target[key]).toStrictEqual(after[key]);
        for (const key of changes.removed) expect(Object.hasOwn(target, key)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('B1, B3: merges two requests that changed different keys, in either order', () => {
    const before = { a: 1, b: 1, c: 1 };
    const left = changesBetween(before, { a: 2, b: 1, c: 1 });
    const right = changesBetween(before, { a: 1, c: 1 });
    for (const order of [
      [left, right],
      [right, left],
    ]) {
      const target: PlainData = { ...before };
      for (const changes of order) applyChanges(target, changes);
      expect(target).toStrictEqual({ a: 2, c: 1 });
    }
  });
});
