import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DevalueSerializer } from '../../../src/record/devalue-serializer.js';
import { JsonSerializer } from '../../../src/record/json-serializer.js';

/* No data that a serializer gives back holds a key by which a careless merge reaches a prototype. */

const json = new JsonSerializer();
const devalue = new DevalueSerializer();

const name = fc.constantFrom('__proto__', 'constructor', 'prototype', 'polluted', 'a');

/** JSON texts of such names, some of their characters escaped. */
const { text } = fc.letrec((tie) => ({
  text: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom('1', 'true', '"__proto__"', 'null'),
    fc.array(tie('text'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(name, fc.infiniteStream(fc.boolean()), tie('text')), { maxLength: 3 })
      .map((entries) => `{${entries.map(([key, escapes, value]) => `${spelt(key, escapes)}:${value}`).join(',')}}`),
  ),
})) as { text: fc.Arbitrary<string> };

function spelt(key: string, escapes: Iterator<boolean>): string {
  const characters = [...key].map((character) =>
    escapes.next().value === true ? `\\u00${character.charCodeAt(0).toString(16)}` : character,
  );
  return `"${characters.join('')}"`;
}

/** The deep merge that one finds in many an app. */
function merge(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const key in source) {
    const [inner, value] = [target[key], source[key]];
    if (isObject(value) && (isObject(inner) || typeof inner === 'function')) merge(inner as never, value);
    else target[key] = value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Every object within, and itself. */
function* objectsIn(value: unknown): Generator<object> {
  if (!isObject(value)) return;
  yield value;
  for (const key of Object.keys(value)) yield* objectsIn(Object.getOwnPropertyDescriptor(value, key)?.value);
}

function expectHarmless(data: object): void {
  for (const object of objectsIn(data)) {
    expect(Object.hasOwn(object, '__proto__')).toBe(false);
    expect([Object.prototype, Array.prototype, null]).toContain(Object.getPrototypeOf(object));
  }
  merge({ body: {} }, data as Record<string, unknown>);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

describe.each([
  ['JsonSerializer', json],
  ['DevalueSerializer', devalue],
])('%s', (_, serializer) => {
  it('never gives back a key that leads to a prototype, whatever a client sent and an app stored', () => {
    fc.assert(
      fc.property(text, (body) => {
        const data = { body: JSON.parse(body) as unknown };
        const bytes = serializer.serialize(data);
        expectHarmless(serializer.deserialize(bytes));
        expect(Buffer.from(serializer.serialize(serializer.deserialize(bytes))).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('stores what it gives back: the keys are in no bytes', () => {
    const body = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"b":2}') as object;
    const bytes = serializer.serialize({ a: body });
    expect(Buffer.from(bytes).toString()).not.toMatch(/polluted/);
    expect(serializer.deserialize(bytes)).toStrictEqual({ a: { b: 2 } });
    expect(Object.keys(body)).toEqual(['__proto__', 'constructor', 'b']);
  });

  it('does so for the data itself', () => {
    const data = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{}},"b":2}') as object;
    expect(serializer.deserialize(serializer.serialize(data))).toStrictEqual({ b: 2 });
  });

  it('keeps a constructor that is a harmless key, and such names as values', () => {
    const data = { constructor: 'Ferrari', a: { constructor: { name: 'x' } }, b: '__proto__', c: ['constructor'] };
    expect(isDeepStrictEqual(serializer.deserialize(serializer.serialize(data)), data)).toBe(true);
  });
});

describe('JsonSerializer', () => {
  it('deserialize() drops such keys from whatever is stored, however they are spelt', () => {
    fc.assert(
      fc.property(text, (body) => {
        expectHarmless(json.deserialize(Buffer.from(`{"body":${body}}`)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['__proto__', '\\u005f_proto__', '__pr\\u006fto__', '\\u005F\\u005F\\u0070roto__'])(
    'deserialize() drops a key that is spelt %s',
    (key) => {
      expect(json.deserialize(Buffer.from(`{"a":[{"${key}":{"admin":true},"b":1}]}`))).toStrictEqual({ a: [{ b: 1 }] });
    },
  );

  it.each(['"constructor":{"prototype":{}}', '"c\\u006fnstructor":{"\\u0070rototype":{}}'])(
    'deserialize() drops %s',
    (member) => {
      expect(json.deserialize(Buffer.from(`{"a":{${member}}}`))).toStrictEqual({ a: {} });
    },
  );
});

describe('DevalueSerializer', () => {
  it.each([
    ['[{"a":1},{"__proto__":2,"b":3},{"polluted":3},1]', { b: 1 }],
    ['[{"a":1},{"constructor":2,"b":4},{"prototype":3},{"polluted":4},1]', { b: 1 }],
    ['[{"a":1},{"c\\u006fnstructor":2,"b":4},{"\\u0070rototype":3},{"polluted":4},1]', { b: 1 }],
    ['[{"a":1},{"constructor":2,"b":4},["null","prototype",3],{"polluted":4},1]', { b: 1 }],
    ['[{"a":1},{"constructor":2},{"name":3},"x"]', { constructor: { name: 'x' } }],
  ])('deserialize() drops such keys from what is stored: %s', (stored, a) => {
    expect(isDeepStrictEqual(devalue.deserialize(Buffer.from(stored)), { a })).toBe(true);
  });

  it('deserialize() drops such keys from objects without a prototype', () => {
    const stored = '[{"a":1},["null","__proto__",2,"constructor",2,"b",3],["null","prototype",3],1]';
    const { a } = devalue.deserialize(Buffer.from(stored)) as { a: object };
    expect(Object.keys(a)).toEqual(['b']);
  });
});
