import { types } from 'node:util';
import { classOf, refuseValue } from './refused-value.js';
import { safeKeys } from './safe-keys.js';

interface Walk {
  readonly root: object;
  readonly maxDepth: number;
  /** What has been looked at: a cycle, or one object at several places. */
  readonly seen: Set<object>;
  readonly path: (string | number)[];
}

const VIEWS = new Set<unknown>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  ].map(({ prototype }) => prototype),
);

/**
 * Checks that devalue gives a session's data back as it is, but for keys of the data itself that are `undefined` (which
 * vanish, as in JSON), and for a `RegExp`'s `lastIndex`.
 *
 * @param maxDepth how deep objects may nest, the data itself included
 * @throws {SessionNotSerializableError} naming the path of the first value that would be lost or changed
 */
export function assertDevalue(data: object, maxDepth: number): void {
  if (Array.isArray(data) || isBuiltIn(data)) refuseValue([], classOf(data));
  assertKeys(data, 1, { root: data, maxDepth, seen: new Set(), path: [] });
}

function isBuiltIn(data: object): boolean {
  return types.isMap(data) || types.isSet(data) || types.isRegExp(data) || types.isDate(data) || isMemory(data);
}

function isMemory(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

function assertValue(value: unknown, depth: number, walk: Walk): void {
  if (typeof value === 'function' || typeof value === 'symbol') refuseValue(walk.path, `a ${typeof value}`);
  if (typeof value !== 'object' || value === null || walk.seen.has(value)) return;
  if (value === walk.root) refuseValue(walk.path, 'the data itself');
  walk.seen.add(value);
  assertObject(value, depth, walk);
}

function assertObject(value: object, depth: number, walk: Walk): void {
  const { path, maxDepth } = walk;
  const container = containerOf(value);
  if (container === undefined) {
    if (!isLeaf(value)) refuseValue(path, classOf(value));
    assertLeaf(value, walk);
    return;
  }
  if (depth > maxDepth) refuseValue(path, `nested more than ${maxDepth} deep`);
  container(value, depth, walk);
}

/** What looks into an object; `undefined` for one that holds no others, or that is refused. */
function containerOf(value: object): typeof assertKeys | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return assertKeys;
  if (prototype === Array.prototype && Array.isArray(value)) return assertElements;
  if (prototype === Map.prototype && types.isMap(value)) return assertEntries;
  if (prototype === Set.prototype && types.isSet(value)) return assertMembers;
  return undefined;
}

function assertKeys(value: object, depth: number, walk: Walk): void {
  assertNoSymbols(value, walk);
  for (const key of safeKeys(value)) assertAt(key, (value as Record<string, unknown>)[key], depth, walk);
}

function assertElements(value: object, depth: number, walk: Walk): void {
  assertNoSymbols(value, walk);
  // Not by index: most of a huge array may be holes
  for (const key of Object.keys(value)) {
    const index = Number(key) >>> 0;
    if (String(index) !== key) refuseValue(walk.path, 'an array with other keys than indexes');
    assertAt(index, (value as readonly unknown[])[index], depth, walk);
  }
}

function assertEntries(value: object, depth: number, walk: Walk): void {
  assertNoKeys(value, walk);
  let index = 0;
  for (const [key, inner] of value as Map<unknown, unknown>) {
    // Not by its key, which is data
    assertAt(`keys()[${index}]`, key, depth, walk);
    assertAt(`values()[${index}]`, inner, depth, walk);
    index++;
  }
}

function assertMembers(value: object, depth: number, walk: Walk): void {
  assertNoKeys(value, walk);
  let index = 0;
  for (const inner of value as Set<unknown>) assertAt(`values()[${index++}]`, inner, depth, walk);
}

function assertAt(key: string | number, value: unknown, depth: number, walk: Walk): void {
  walk.path.push(key);
  assertValue(value, depth + 1, walk);
  walk.path.pop();
}

function isLeaf(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return types.isDate(value);
  if (prototype === RegExp.prototype) return types.isRegExp(value);
  if (prototype === ArrayBuffer.prototype) return types.isArrayBuffer(value);
  return ArrayBuffer.isView(value) && VIEWS.has(prototype) && types.isArrayBuffer(value.buffer);
}

function assertLeaf(value: object, walk: Walk): void {
  if (value instanceof Date && Number.isNaN(value.getTime())) refuseValue(walk.path, 'an invalid Date');
  if (!ArrayBuffer.isView(value)) assertNoKeys(value, walk);
}

function assertNoKeys(value: object, walk: Walk): void {
  assertNoSymbols(value, walk);
  if (Object.keys(value).length > 0) refuseValue(walk.path, `${classOf(value)} with keys of its own`);
}

function assertNoSymbols(value: object, { path }: Walk): void {
  if (Object.getOwnPropertySymbols(value).length > 0) refuseValue(path, 'an object with a symbol as key');
}
