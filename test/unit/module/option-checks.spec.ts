import { describe, expect, it } from 'vitest';
import type { Duration } from '../../../src/common/duration.js';
import {
  assertKnownKeys,
  at,
  durationAt,
  listAt,
  objectAt,
  oneOf,
  outOfRange,
  textAt,
  wrongType,
} from '../../../src/module/option-checks.js';

describe('at()', () => {
  it('puts a key behind the path that it stands at', () => {
    expect(at('', 'name')).toBe('name');
    expect(at('sessions[0]', 'name')).toBe('sessions[0].name');
  });
});

describe('wrongType(), outOfRange()', () => {
  it.each<[received: unknown, shown: string]>([
    [-5, '-5'],
    [NaN, 'NaN'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5'],
    ['short', '"short"'],
    ['x'.repeat(40), `"${'x'.repeat(40)}"`],
    ['x'.repeat(41), 'a text of 41 characters'],
    [{ secret: 'THE-SECRET' }, 'an object'],
    [['THE-SECRET'], 'an array'],
    [function secret() {}, 'a function'],
    [class Secret {}, 'a function'],
  ])('name path, cure and %s by what it is', (received, shown) => {
    const message = `Cannot start SessionsModule: sessions[0].x must be so: received ${shown}`;
    expect(wrongType('sessions[0].x', 'must be so', received)).toEqual(new TypeError(message));
    expect(outOfRange('sessions[0].x', 'must be so', received)).toEqual(new RangeError(message));
  });
});

describe('assertKnownKeys()', () => {
  it('refuses an option that nothing would read, naming those there are', () => {
    expect(() => assertKnownKeys({ idleTimeuot: 1 }, ['idleTimeout', 'name'], 'sessions[1]')).toThrow(
      new TypeError(
        'Cannot start SessionsModule: sessions[1].idleTimeuot is not an option: use one of idleTimeout, name',
      ),
    );
    expect(() => assertKnownKeys({ name: undefined }, ['name'], '')).not.toThrow();
    expect(() => assertKnownKeys(JSON.parse('{"__proto__":1}') as object, ['name'], '')).toThrow(TypeError);
  });
});

describe('objectAt()', () => {
  it('takes an object as it is, and undefined for an empty one', () => {
    const given = { a: 1 };
    expect(objectAt(given, 'x')).toBe(given);
    expect(objectAt(undefined, 'x')).toEqual({});
  });

  it.each([null, 5, 'text', true, [], () => 1])('refuses %j', (value) => {
    expect(() => objectAt(value as unknown as object, 'cookie')).toThrow(
      /^Cannot start SessionsModule: cookie must be an object: received /,
    );
  });
});

describe('listAt()', () => {
  it('takes a list of objects as they are', () => {
    const given = [{ a: 1 }, {}];
    expect(listAt(given, 'sessions')).toEqual(given);
    expect(listAt([], 'sessions')).toEqual([]);
  });

  it.each<[value: unknown, message: string]>([
    [undefined, 'sessions must be an array: received undefined'],
    [{}, 'sessions must be an array: received an object'],
    ['text', 'sessions must be an array: received "text"'],
    [[{}, null], 'sessions[1] must be an object: received null'],
    [[[]], 'sessions[0] must be an object: received an array'],
  ])('A20: refuses %j', (value, message) => {
    expect(() => listAt(value as object[], 'sessions')).toThrow(
      new TypeError(`Cannot start SessionsModule: ${message}`),
    );
  });
});

describe('textAt()', () => {
  it('takes a text, the empty one too', () => {
    expect(textAt('', 'name')).toBe('');
    expect(textAt('cart', 'name')).toBe('cart');
  });

  it.each<[value: unknown, shown: string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [['cart'], 'an array'],
    [new String('cart'), 'an object'],
  ])('A20: refuses %o', (value, shown) => {
    expect(() => textAt(value, 'name')).toThrow(
      new TypeError(`Cannot start SessionsModule: name must be a text: received ${shown}`),
    );
  });
});

describe('durationAt()', () => {
  it.each<[Duration, number]>([
    ['30m', 1_800_000],
    [1, 1],
    ['400d', 34_560_000_000],
    ['30 days', 2_592_000_000],
  ])('reads %j as %d ms', (value, expected) => {
    expect(durationAt(value, 'idleTimeout')).toBe(expected);
  });

  it.each<[value: unknown, least: number, Kind: typeof TypeError | typeof RangeError, message: string]>([
    [-5, 1, RangeError, 'must be > 0: received -5'],
    [0, 1, RangeError, 'must be > 0: received 0'],
    ['0', 1, RangeError, 'must be > 0: received "0"'],
    ['-5s', 1, RangeError, 'must be > 0: received "-5s"'],
    [-1, 0, RangeError, 'must be >= 0 ms: received -1'],
    [500, 1000, RangeError, 'must be >= 1000 ms: received 500'],
    ['401d', 1, RangeError, 'must be at most 400 days: received "401d"'],
    [Infinity, 1, RangeError, 'must be at most 400 days: received Infinity'],
    [NaN, 1, TypeError, "must be milliseconds or a text such as '30m': received NaN"],
    ['soon', 1, TypeError, 'must be milliseconds or a text such as \'30m\': received "soon"'],
    ['', 1, TypeError, 'must be milliseconds or a text such as \'30m\': received ""'],
    [null, 1, TypeError, "must be milliseconds or a text such as '30m': received null"],
    [{}, 1, TypeError, "must be milliseconds or a text such as '30m': received an object"],
    [5n, 1, TypeError, "must be milliseconds or a text such as '30m': received 5"],
  ])('A20: refuses %s where the least is %d', (value, least, Kind, message) => {
    expect(() => durationAt(value as Duration, 'idleTimeout', least)).toThrow(
      new Kind(`Cannot start SessionsModule: idleTimeout ${message}`),
    );
  });

  it('takes 0 where that is the least', () => {
    expect(durationAt(0, 'touchAfter', 0)).toBe(0);
  });
});

describe('oneOf()', () => {
  it('takes what is allowed, and names it all when refusing', () => {
    expect(oneOf('lax', ['strict', 'lax'], 'x')).toBe('lax');
    expect(oneOf(false, [true, false, 'auto'], 'x')).toBe(false);
    expect(() => oneOf('LAX', ['strict', 'lax'], 'cookie.sameSite')).toThrow(
      new TypeError('Cannot start SessionsModule: cookie.sameSite must be "strict" or "lax": received "LAX"'),
    );
    expect(() => oneOf(1, [true, false, 'auto'], 'x')).toThrow('must be true or false or "auto": received 1');
  });
});
