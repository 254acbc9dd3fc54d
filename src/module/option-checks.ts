import { MAX_DURATION, milliseconds, type Duration } from '../common/duration.js';

/** Where an option stands, for messages: `sessions[0].cookie`. */
export type OptionPath = string;

/** An option as somebody wrote it, before anything is known of it. */
type Given = unknown;

/** The path of an option within another. */
export function at(path: OptionPath, key: string): OptionPath {
  return path === '' ? key : `${path}.${key}`;
}

/** The error that stops an app with a wrong type of option: names the path, the cure and what was received. */
export function wrongType(path: OptionPath, cure: string, received: Given): TypeError {
  return new TypeError(message(path, cure, received));
}

/** The error that stops an app with an option out of its range. */
export function outOfRange(path: OptionPath, cure: string, received: Given): RangeError {
  return new RangeError(message(path, cure, received));
}

/** Refuses options that nothing would read: a typing error must not become a silent default. */
export function assertKnownKeys(options: object, known: readonly string[], path: OptionPath): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new TypeError(
        `Cannot start SessionsModule: ${at(path, key)} is not an option: use one of ${known.join(', ')}`,
      );
    }
  }
}

/** Reads an object of options; `undefined` is an empty one. */
export function objectAt<T extends object>(value: T | undefined, path: OptionPath): Partial<T> {
  if (value === undefined) return {};
  const given: unknown = value;
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return value;
  throw wrongType(path === '' ? 'options' : path, 'must be an object', typeof given === 'string' ? 'text' : given);
}

/** Reads a list of objects of options. */
export function listAt<T extends object>(value: readonly T[], path: OptionPath): readonly Partial<T>[] {
  if (!Array.isArray(value)) throw wrongType(path, 'must be an array', value);
  return value.map((one: T, index) => objectAt(one, `${path}[${index}]`));
}

/**
 * Reads a duration.
 *
 * @param least the least number of milliseconds allowed
 * @returns milliseconds
 */
export function durationAt(value: Duration, path: OptionPath, least = 1): number {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw wrongType(path, "must be milliseconds or a text such as '30m'", value);
  }
  const duration = milliseconds(value);
  if (Number.isNaN(duration)) throw wrongType(path, "must be milliseconds or a text such as '30m'", value);
  if (duration < least) throw outOfRange(path, least === 1 ? 'must be > 0' : `must be >= ${least} ms`, value);
  if (duration > MAX_DURATION) throw outOfRange(path, 'must be at most 400 days', value);
  return duration;
}

/** What was received where a text may be a secret, such as a connection string: of a text only that it is one. */
export function withoutText(received: Given): Given {
  return typeof received === 'string' ? 'a text' : received;
}

/** Reads a text. */
export function textAt(value: Given, path: OptionPath): string {
  if (typeof value !== 'string') throw wrongType(path, 'must be a text', value);
  return value;
}

/** Reads one of a few words. */
export function oneOf<T extends string | boolean>(value: Given, allowed: readonly T[], path: OptionPath): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined)
    throw wrongType(path, `must be ${allowed.map((one) => JSON.stringify(one)).join(' or ')}`, value);
  return found;
}

function message(path: OptionPath, cure: string, received: Given): string {
  return `Cannot start SessionsModule: ${path} ${cure}: received ${show(received)}`;
}

/** Shows a value by its type; only numbers, booleans and short texts, which are no secrets here, as they are. */
function show(value: Given): string {
  if (typeof value === 'string')
    return value.length <= 40 ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}
