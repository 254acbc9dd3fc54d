import type { Type } from '@nestjs/common';
import { JsonSerializer } from '../record/json-serializer.js';
import type { SessionSerializer } from '../record/session-serializer.js';
import type { Timeouts } from '../session/expiry.js';
import { deriveKeys, MIN_KEY_BYTES, type SessionKey } from '../transformer/key-ring.js';
import { sign } from '../transformer/sign.js';
import type { SessionTransformer } from '../transformer/session-transformer.js';
import { brokenCookieRule, type CookieAttributes, type CookieOptions } from '../transport/cookie-rules.js';
import {
  assertKnownKeys,
  at,
  durationAt,
  objectAt,
  oneOf,
  outOfRange,
  wrongType,
  type OptionPath,
} from './option-checks.js';
import type { SessionOptions } from './sessions-options.js';

/** The name of a session that is given none. */
export const DEFAULT_NAME = 'sid';

/** One session's options, checked and complete; its storage is built by injection. */
export interface SessionDefinition {
  readonly name: string;
  readonly type: Type<object> | undefined;
  readonly cookie: CookieAttributes;
  readonly serializer: SessionSerializer;
  readonly transformer: SessionTransformer | undefined;
  readonly timeouts: Timeouts;
  /** Milliseconds. */
  readonly storageTimeout: number;
  readonly generateId: ((request: unknown) => string) | undefined;
}

const OPTIONS = [
  'type',
  'name',
  'storage',
  'cookie',
  'serializer',
  'keys',
  'idleTimeout',
  'absoluteTimeout',
  'touchAfter',
  'storageTimeout',
  'generateId',
] as const satisfies readonly (keyof SessionOptions)[];

const COOKIE_OPTIONS = [
  'path',
  'domain',
  'maxAge',
  'httpOnly',
  'secure',
  'sameSite',
  'partitioned',
  'priority',
] as const satisfies readonly (keyof CookieOptions)[];

const ONE_MINUTE = 60_000;

/**
 * Checks the options of one session and fills in the defaults.
 *
 * @param path where they stand, for messages; empty when they are the module's own
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function defineSession(options: SessionOptions, path: OptionPath): SessionDefinition {
  assertKnownKeys(options, OPTIONS, path);
  const { type, name = DEFAULT_NAME, serializer = new JsonSerializer(), keys, generateId } = options;
  if (typeof name !== 'string') throw wrongType(at(path, 'name'), 'must be a text', name);
  if (type !== undefined && typeof type !== 'function') throw wrongType(at(path, 'type'), 'must be a class', type);
  if (generateId !== undefined && typeof generateId !== 'function') {
    throw wrongType(at(path, 'generateId'), 'must be a function', generateId);
  }
  assertSerializer(serializer, at(path, 'serializer'));
  const { storageTimeout = '5s' } = options;
  return Object.freeze({
    name,
    type,
    cookie: cookieOf(name, options.cookie, path),
    serializer,
    transformer: keys === undefined ? undefined : signerOf(name, keys, at(path, 'keys')),
    timeouts: timeoutsOf(options, path),
    storageTimeout: durationAt(storageTimeout, at(path, 'storageTimeout')),
    generateId,
  });
}

function timeoutsOf(
  { idleTimeout = '30m', absoluteTimeout = '12h', touchAfter }: SessionOptions,
  path: OptionPath,
): Timeouts {
  const idle = durationAt(idleTimeout, at(path, 'idleTimeout'));
  const absolute = durationAt(absoluteTimeout, at(path, 'absoluteTimeout'));
  if (touchAfter === undefined) return Object.freeze({ idle, absolute, touchAfter: Math.min(idle / 10, ONE_MINUTE) });
  const touch = durationAt(touchAfter, at(path, 'touchAfter'), 0);
  if (touch >= idle) throw outOfRange(at(path, 'touchAfter'), 'must be less than idleTimeout', touchAfter);
  return Object.freeze({ idle, absolute, touchAfter: touch });
}

function cookieOf(name: string, options: CookieOptions | undefined, path: OptionPath): CookieAttributes {
  const here = at(path, 'cookie');
  const given = objectAt(options, here);
  assertKnownKeys(given, COOKIE_OPTIONS, here);
  const cookie: CookieAttributes = {
    path: textAt(given.path ?? '/', at(here, 'path')),
    domain: given.domain === undefined ? undefined : textAt(given.domain, at(here, 'domain')),
    maxAge: given.maxAge === undefined ? undefined : durationAt(given.maxAge, at(here, 'maxAge'), 1000),
    httpOnly: oneOf(given.httpOnly ?? true, [true, false], at(here, 'httpOnly')),
    secure: oneOf(given.secure ?? 'auto', [true, false, 'auto'], at(here, 'secure')),
    sameSite: oneOf(given.sameSite ?? 'lax', ['strict', 'lax', 'none'] as const, at(here, 'sameSite')),
    partitioned: oneOf(given.partitioned ?? false, [true, false], at(here, 'partitioned')),
    priority:
      given.priority === undefined
        ? undefined
        : oneOf(given.priority, ['low', 'medium', 'high'] as const, at(here, 'priority')),
  };
  const broken = brokenCookieRule(name, cookie);
  if (broken === undefined) return Object.freeze(cookie);
  const received =
    broken.option === 'name'
      ? name
      : (cookie as unknown as Record<string, unknown>)[broken.option.slice('cookie.'.length)];
  throw wrongType(at(path, broken.option), broken.cure, received);
}

function signerOf(name: string, keys: readonly SessionKey[], path: OptionPath): SessionTransformer {
  if (!Array.isArray(keys) || keys.length === 0)
    throw wrongType(path, 'must be an array with one key at least', Array.isArray(keys) ? keys : typeof keys);
  keys.forEach((key: unknown, index) => {
    const here = `${path}[${index}]`;
    if (typeof key !== 'string' && !(key instanceof Uint8Array))
      throw wrongType(here, 'must be a text or bytes', typeof key);
    const bytes = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
    if (bytes < MIN_KEY_BYTES) {
      throw outOfRange(
        here,
        `must be at least ${MIN_KEY_BYTES} bytes, such as those of "openssl rand -base64 32"`,
        bytes,
      );
    }
  });
  return sign(deriveKeys(keys, `sign token ${name}`));
}

function assertSerializer(serializer: SessionSerializer, path: OptionPath): void {
  const isOne = typeof serializer?.serialize === 'function' && typeof serializer.deserialize === 'function';
  if (!isOne) throw wrongType(path, 'must have serialize() and deserialize()', serializer);
}

function textAt(value: unknown, path: OptionPath): string {
  if (typeof value !== 'string') throw wrongType(path, 'must be a text', value);
  return value;
}
