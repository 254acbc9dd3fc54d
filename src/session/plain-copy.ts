/**
 * Copies data, so that nothing of it is shared with whoever made it: plain objects, arrays, `Map`, `Set` and `Date`, however
 * deep; anything else stays itself. A schema may give the same default to everybody.
 */
export function plainCopy<Value>(value: Value): Value {
  return copyOf(value, new Map()) as Value;
}

function copyOf(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return copyOfArray(value, seen);
  const copy = emptyLike(value);
  if (copy === undefined) return value;
  seen.set(value, copy);
  if (copy instanceof Map) {
    for (const [key, inner] of value as Map<unknown, unknown>) copy.set(copyOf(key, seen), copyOf(inner, seen));
  } else if (copy instanceof Set) {
    for (const inner of value as Set<unknown>) copy.add(copyOf(inner, seen));
  } else {
    for (const key of Reflect.ownKeys(value)) {
      const inner: unknown = Reflect.get(value, key);
      // Not assigned: it may be called __proto__
      Object.defineProperty(copy, key, {
        value: copyOf(inner, seen),
        writable: true,
        enumerable: Object.prototype.propertyIsEnumerable.call(value, key),
        configurable: true,
      });
    }
  }
  return copy;
}

/** Holes stay holes. */
function copyOfArray(value: readonly unknown[], seen: Map<object, object>): unknown[] {
  const copy: unknown[] = [];
  seen.set(value, copy);
  copy.length = value.length;
  value.forEach((inner, index) => (copy[index] = copyOf(inner, seen)));
  return copy;
}

/** A new object of the same kind; `undefined` for a kind that is not copied. */
function emptyLike(value: object): object | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return {};
  if (prototype === null) return Object.create(null) as object;
  if (prototype === Map.prototype) return new Map<unknown, unknown>();
  if (prototype === Set.prototype) return new Set<unknown>();
  return undefined;
}
