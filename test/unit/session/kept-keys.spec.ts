import { describe, expect, it } from 'vitest';
import { keptKeys } from '../../../src/session/kept-keys.js';

const data = { a: 1, b: { c: 2 }, d: null };

describe('keptKeys()', () => {
  it("keeps 'all'", () => {
    expect(keptKeys(data, 'all')).toStrictEqual(data);
  });

  it("keeps 'none'", () => {
    expect(keptKeys(data, 'none')).toStrictEqual({});
    expect(keptKeys(data, [])).toStrictEqual({});
  });

  it('keeps those listed that are there', () => {
    expect(keptKeys(data, ['b', 'd', 'missing'])).toStrictEqual({ b: { c: 2 }, d: null });
  });

  it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])('keeps no inherited %s', (key) => {
    const kept = keptKeys(data, [key]);
    expect(Object.keys(kept)).toEqual([]);
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
  });

  it('keeps a stored __proto__ as an own key', () => {
    const kept = keptKeys(JSON.parse('{"__proto__":{"x":1}}'), ['__proto__']);
    expect(Object.keys(kept)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
  });

  it('keeps nothing for a symbol or a number', () => {
    expect(keptKeys({ 1: 'x' }, [Symbol.iterator, 1])).toStrictEqual({});
  });
});
