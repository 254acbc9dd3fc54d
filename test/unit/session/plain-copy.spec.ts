import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCopy } from '../../../src/session/plain-copy.js';

describe('plainCopy()', () => {
  it('gives equal data that shares no object', () => {
    const value = {
      list: [1, { deep: true }],
      at: new Date(5),
      map: new Map([[{ k: 1 }, new Set([[2]])]]),
      none: null,
    };
    const copy = plainCopy(value);
    expect(copy).toEqual(value);
    (copy.list[1] as { deep: boolean }).deep = false;
    copy.at.setTime(6);
    copy.map.clear();
    expect(value).toEqual({
      list: [1, { deep: true }],
      at: new Date(5),
      map: new Map([[{ k: 1 }, new Set([[2]])]]),
      none: null,
    });
  });

  it('gives any data back, whatever its keys', () => {
    fc.assert(
      fc.property(fc.object({ withMap: true, withSet: true, withDate: true, withNullPrototype: true }), (value) => {
        expect(plainCopy(value)).toEqual(value);
      }),
    );
    const polluted = JSON.parse('{"__proto__":{"a":1}}') as object;
    expect(Object.keys(plainCopy(polluted))).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(plainCopy(polluted))).toBe(Object.prototype);
  });

  it('keeps cycles, shared parts and holes', () => {
    const part = { n: 1 };
    const value: Record<string, unknown> = { part, again: part, holes: Array(3) };
    value['self'] = value;
    const copy = plainCopy(value);
    expect(copy['self']).toBe(copy);
    expect(copy['part']).toBe(copy['again']);
    expect(copy['part']).not.toBe(part);
    expect(Object.keys(copy['holes'] as unknown[])).toEqual([]);
    expect(copy['holes']).toHaveLength(3);
  });

  it('leaves instances of classes themselves, and takes frozen data apart', () => {
    class Money {
      amount = 1;
    }
    const money = new Money();
    const copy = plainCopy(Object.freeze({ money, list: Object.freeze(['a']) }));
    expect(copy.money).toBe(money);
    expect(Object.isFrozen(copy)).toBe(false);
    expect(Object.isFrozen(copy.list)).toBe(false);
  });
});
