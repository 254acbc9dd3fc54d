import { pathStep } from '../common/path-step.js';
import { SessionNotSerializableError } from '../errors.js';

/** Where a value stands within the data: keys are texts, indexes are numbers. */
export type ValuePath = readonly (string | number)[];

/** @throws {SessionNotSerializableError} naming the path of a value, and what it is; never the value */
export function refuseValue(path: ValuePath, what: string): never {
  const at = path.reduce<string>((text, key) => text + pathStep(key), 'data');
  throw new SessionNotSerializableError(
    `Cannot store session: ${at} is ${what}, which the serializer would not give back`,
  );
}

/** Names an object by its class, not by what a key of its own says: that is data. */
export function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  const type = prototype?.constructor;
  return typeof type === 'function' && type.name !== '' ? `an instance of ${type.name}` : 'an instance of a class';
}
