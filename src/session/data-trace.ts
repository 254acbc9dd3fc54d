/** Deeper data is not traced: it may be a cycle. */
const MAX_DEPTH = 100;
/** Nor is data with more parts: one object may stand at so many places that a walk would not end. */
const MAX_PARTS = 500_000;

/** What stands after the last part of an object. */
const END = Symbol('end');

/**
 * What data consisted of at one instant: its objects themselves, their keys, and their values. As long as all of it is the same,
 * a serializer would give the same bytes and need not be asked: a request asks up to four times whether something has changed,
 * and for 1 KB of data to compare takes 3 us, to serialize 14 (in one run).
 */
export class DataTrace {
  readonly #parts: readonly unknown[];

  private constructor(parts: readonly unknown[]) {
    this.#parts = parts;
  }

  /** @returns `undefined` for data that holds more than plain objects, arrays and primitive values: nobody knows what it hides */
  static of(data: object): DataTrace | undefined {
    const parts: unknown[] = [data];
    return !('toJSON' in data) && traceObject(data, parts, 0) ? new DataTrace(parts) : undefined;
  }

  /** Whether data still is what it was, part by part. */
  isOf(data: object): boolean {
    return data === this.#parts[0] && matchObject(data, this.#parts, 1) === this.#parts.length;
  }
}

/** @returns whether all of it could be traced */
function traceObject(value: object, parts: unknown[], depth: number): boolean {
  if (depth > MAX_DEPTH || parts.length > MAX_PARTS || hasSymbols(value)) return false;
  // Also of an array: it may have holes, and other keys than indexes
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    parts.push(key, inner);
    if (typeof inner === 'object' && inner !== null) {
      if (!isPlain(inner) || !traceObject(inner, parts, depth + 1)) return false;
    } else if (typeof inner === 'function' || typeof inner === 'symbol') {
      return false;
    }
  }
  parts.push(END);
  return true;
}

/** @returns where the parts of this value end; -1 when it is not the same any more */
function matchObject(value: object, parts: readonly unknown[], start: number): number {
  if (hasSymbols(value)) return -1;
  let at = start;
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (parts[at] !== key || !Object.is(parts[at + 1], inner)) return -1;
    at += 2;
    if (typeof inner === 'object' && inner !== null) at = matchObject(inner, parts, at);
    if (at < 0) return -1;
  }
  return parts[at] === END ? at + 1 : -1;
}

/** Keys that nothing else here sees, and that are refused when they are to be stored. */
function hasSymbols(value: object): boolean {
  return Object.getOwnPropertySymbols(value).length > 0;
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
