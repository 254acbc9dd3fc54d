import { classOf, refuseValue } from './refused-value.js';

/**
 * Checks that JSON gives a session's data back as it is, but for `undefined` keys (which vanish), and for a `Date` and other
 * objects with a `toJSON()` (which come back as that).
 *
 * @param maxDepth how deep objects may nest, the data itself included
 * @returns whether all of it was looked at: false when a `toJSON()` makes something else of a part
 * @throws {SessionNotSerializableError} naming the path of the first value that would be lost or changed
 */
export function assertJson(data: object, maxDepth: number): boolean {
  if (Array.isArray(data) || data instanceof Date || isCollection(data) || isBinary(data))
    refuseValue([], classOf(data));
  const walk: Walk = { ancestors: [], maxDepth, isWhole: !hasToJson(data) };
  assertKeys(data, [], walk);
  return walk.isWhole;
}

interface Walk {
  readonly ancestors: object[];
  readonly maxDepth: number;
  isWhole: boolean;
}

function assertValue(value: unknown, path: (string | number)[], walk: Walk): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) refuseValue(path, String(value));
      return;
    case 'object':
      if (value !== null) assertObject(value, path, walk);
      return;
    case 'undefined':
      refuseValue(path, 'undefined');
      return;
    default:
      refuseValue(path, `a ${typeof value}`);
  }
}

function assertObject(value: object, path: (string | number)[], walk: Walk): void {
  if (isBinary(value)) refuseValue(path, 'binary data');
  if (value instanceof Date && Number.isNaN(value.getTime())) refuseValue(path, 'an invalid Date');
  if (hasToJson(value)) {
    walk.isWhole = false;
    return;
  }
  const { ancestors, maxDepth } = walk;
  if (ancestors.includes(value)) refuseValue(path, 'a cycle');
  if (ancestors.length >= maxDepth) refuseValue(path, `nested more than ${maxDepth} deep`);
  if (Array.isArray(value)) {
    ancestors.push(value);
    for (let index = 0; index < value.length; index++) assertAt(value, index, path, walk);
    if (Object.keys(value).length > value.length) refuseValue(path, 'an array with other keys than indexes');
    ancestors.pop();
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuseValue(path, classOf(value));
  assertKeys(value, path, walk);
}

function assertKeys(value: object, path: (string | number)[], walk: Walk): void {
  walk.ancestors.push(value);
  for (const key of Object.keys(value)) {
    if ((value as Record<string, unknown>)[key] !== undefined) assertAt(value, key, path, walk);
  }
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length > 0) refuseValue(path, 'an object with a symbol as key');
  walk.ancestors.pop();
}

function assertAt(value: object, key: string | number, path: (string | number)[], walk: Walk): void {
  path.push(key);
  assertValue((value as Record<PropertyKey, unknown>)[key], path, walk);
  path.pop();
}

function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function isBinary(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function isCollection(value: object): boolean {
  return value instanceof Map || value instanceof Set;
}
