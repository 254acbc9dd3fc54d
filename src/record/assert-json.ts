import { SessionNotSerializableError } from '../errors.js';

/** Deeper than any data that a session should hold, and shallow enough for the engine's own recursion. */
const MAX_DEPTH = 500;

/**
 * Checks that JSON gives a session's data back as it is, but for `undefined` keys (which vanish), and for a `Date` and other
 * objects with a `toJSON()` (which come back as that).
 *
 * @throws {SessionNotSerializableError} naming the path of the first value that would be lost or changed
 */
export function assertJson(data: object): void {
  if (Array.isArray(data) || data instanceof Date || isCollection(data) || isBinary(data)) refuse([], nameOf(data));
  assertKeys(data, [], []);
}

function assertValue(value: unknown, path: PropertyKey[], ancestors: object[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) refuse(path, String(value));
      return;
    case 'object':
      if (value !== null) assertObject(value, path, ancestors);
      return;
    case 'undefined':
      refuse(path, 'undefined');
      return;
    default:
      refuse(path, `a ${typeof value}`);
  }
}

function assertObject(value: object, path: PropertyKey[], ancestors: object[]): void {
  if (isBinary(value)) refuse(path, 'binary data');
  if (value instanceof Date && Number.isNaN(value.getTime())) refuse(path, 'an invalid Date');
  if (hasToJson(value)) return;
  if (ancestors.includes(value)) refuse(path, 'a cycle');
  if (ancestors.length >= MAX_DEPTH) refuse(path, `nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    ancestors.push(value);
    for (let index = 0; index < value.length; index++) assertAt(value, index, path, ancestors);
    if (Object.keys(value).length > value.length) refuse(path, 'an array with other keys than indexes');
    ancestors.pop();
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuse(path, nameOf(value));
  assertKeys(value, path, ancestors);
}

function assertKeys(value: object, path: PropertyKey[], ancestors: object[]): void {
  ancestors.push(value);
  for (const key of Object.keys(value)) {
    if ((value as Record<string, unknown>)[key] !== undefined) assertAt(value, key, path, ancestors);
  }
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length > 0) refuse(path, 'an object with a symbol as key');
  ancestors.pop();
}

function assertAt(value: object, key: string | number, path: PropertyKey[], ancestors: object[]): void {
  path.push(key);
  assertValue((value as Record<PropertyKey, unknown>)[key], path, ancestors);
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

/** By its class, not by what a key of its own says: that is data. */
function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  const type = prototype?.constructor;
  return typeof type === 'function' && type.name !== '' ? `an instance of ${type.name}` : 'an instance of a class';
}

function refuse(path: PropertyKey[], what: string): never {
  const at = path.reduce<string>(
    (text, key) => text + (typeof key === 'number' ? `[${key}]` : `.${String(key)}`),
    'data',
  );
  throw new SessionNotSerializableError(
    `Cannot store session: ${at} is ${what}, which the serializer would not give back`,
  );
}
