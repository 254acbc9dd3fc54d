import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionDecodeError } from '../../../src/errors.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';
import { assignKeys, DataShape, type PlainData } from '../../../src/session/data-shape.js';

class Cart {
  items: string[] = [];
  coupon?: string;
  count = 0;

  get total(): number {
    return this.items.length;
  }

  set total(_: number) {
    throw new Error('a stored key must not reach a setter');
  }
}

const codec = new JsonSerializer();
const carts = new DataShape(codec, Cart);
const plain = new DataShape<PlainData>(codec, undefined);
/** What a serializer may give, which need not be ours. */
const stored = (json: string): PlainData => JSON.parse(json) as PlainData;

describe('DataShape', () => {
  it('blank() has the defaults of the class, each time anew', () => {
    const blank = carts.blank();
    expect(blank).toBeInstanceOf(Cart);
    expect(blank).toEqual({ items: [], count: 0 });
    blank.items.push('tea');
    expect(carts.blank().items).toEqual([]);
  });

  it('blank() without a class is an empty plain object', () => {
    expect(plain.blank()).toStrictEqual({});
  });

  it('of() gives stored keys the prototype of the class', () => {
    const { data } = carts.of(stored('{"items":["tea"],"count":2}'));
    expect(data).toBeInstanceOf(Cart);
    expect(data.total).toBe(1);
    expect(data).toEqual({ items: ['tea'], count: 2 });
  });

  it('A17: of() fills in the default of a key that is not stored', () => {
    const { data, faithful } = carts.of(stored('{"items":["tea"]}'));
    expect(data.count).toBe(0);
    expect(faithful).toBe(false);
  });

  it('of() keeps stored keys that the class does not have', () => {
    const { data } = carts.of(stored('{"items":[],"old":true}'));
    expect(data).toEqual({ items: [], count: 0, old: true });
  });

  it('of() without a class gives what is stored itself', () => {
    const keys = stored('{"a":1}');
    const { data, faithful } = plain.of(keys);
    expect(data).toBe(keys);
    expect(faithful).toBe(true);
  });

  it('of() is faithful exactly where serializing it anew gives the stored bytes', () => {
    const key = fc.constantFrom('items', 'coupon', 'count', 'total', 'other', 'constructor', '7');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.constantFrom('1', '"x"', 'null', '[]', '{"a":1}'))), (pairs) => {
        const distinct = new Map(pairs);
        const json = `{${[...distinct].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
        // Integer-like keys come first in every object: this is what a serializer would have written
        const keys = stored(json);
        const bytes = Buffer.from(codec.serialize(keys));
        const { data, faithful } = carts.of(stored(json));
        const again = Buffer.from(codec.serialize(data));
        if (faithful) expect(again.equals(bytes)).toBe(true);
        if (again.equals(bytes)) expect(faithful).toBe(true);
      }),
    );
  });

  it('of() is not faithful where the class has a toJSON() of its own', () => {
    class Custom {
      a = 1;
      toJSON(): object {
        return { a: 2 };
      }
    }
    expect(new DataShape(codec, Custom).of({ a: 1 }).faithful).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'total', 'toString', 'hasOwnProperty'])(
    'of() makes a stored %s an own key, and reaches no prototype or setter',
    (key) => {
      const { data } = carts.of(stored(`{${JSON.stringify(key)}:{"polluted":true}}`));
      expect(Object.getPrototypeOf(data)).toBe(Cart.prototype);
      expect(Object.getOwnPropertyDescriptor(data, key)).toEqual({
        value: { polluted: true },
        writable: true,
        enumerable: true,
        configurable: true,
      });
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    },
  );

  it.each<[what: string, deserialize: () => unknown]>([
    [
      'throws, whatever it throws',
      () => {
        throw new RangeError('THE-DATA');
      },
    ],
    ['gives nothing', () => undefined],
    ['gives null', () => null],
    ['gives no object', () => 'THE-DATA'],
  ])('A16: decode() refuses what a serializer does not know: it %s', (_, deserialize) => {
    const shape = new DataShape(
      { serialize: codec.serialize.bind(codec), deserialize: deserialize as () => object },
      Cart,
    );
    expect(() => shape.decode(Buffer.from('{}'))).toThrow(
      new SessionDecodeError('Cannot read session data: the serializer does not know what is stored'),
    );
  });

  it('adopt() makes a plain object one of the class, with defaults', () => {
    const adopted = carts.adopt({ items: ['tea'] } as unknown as Cart);
    expect(adopted).toBeInstanceOf(Cart);
    expect(adopted).toEqual({ items: ['tea'], count: 0 });
  });

  it('adopt() lets an object of the class be itself, and without a class any object', () => {
    const cart = new Cart();
    expect(carts.adopt(cart)).toBe(cart);
    const object = {};
    expect(plain.adopt(object)).toBe(object);
  });
});

describe('assignKeys()', () => {
  it('assigns every own enumerable string key, for any data, as an own key', () => {
    const data = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'total', 'items')),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(data, (source) => {
        const target = new Cart() as unknown as PlainData;
        assignKeys(target, source);
        expect(Object.getPrototypeOf(target)).toBe(Cart.prototype);
        for (const key of Object.keys(source)) {
          expect(Object.hasOwn(target, key)).toBe(true);
          expect(target[key]).toBe(source[key]);
        }
      }),
    );
  });
});
