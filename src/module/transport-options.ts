import { brokenCookieRule, type CookieAttributes, type CookieOptions } from '../transport/cookie-rules.js';
import { brokenHeaderRule, type HeaderAttributes, type HeaderOptions } from '../transport/header-rules.js';
import {
  assertKnownKeys,
  at,
  durationAt,
  objectAt,
  oneOf,
  textAt,
  wrongType,
  type OptionPath,
} from './option-checks.js';
import type { SessionSettings } from './sessions-options.js';

/** How a session travels: in a cookie, in a header, or in whichever of them its client uses. */
export interface TransportAttributes {
  readonly cookie: CookieAttributes | undefined;
  readonly header: HeaderAttributes | undefined;
}

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

const HEADER_OPTIONS = ['name', 'scheme'] as const satisfies readonly (keyof HeaderOptions)[];

/**
 * Checks how a session shall travel: in a cookie, unless it is given a header and no cookie.
 *
 * @param name the session's, and its cookie's
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function transportOf(
  name: string,
  { cookie, header }: Pick<SessionSettings, 'cookie' | 'header'>,
  path: OptionPath,
): TransportAttributes {
  const isInCookie = header === undefined || cookie !== undefined;
  return Object.freeze({
    cookie: isInCookie ? cookieOf(name, cookie, path) : undefined,
    header: header === undefined ? undefined : headerOf(header, at(path, 'header')),
  });
}

function headerOf(given: string | HeaderOptions, path: OptionPath): HeaderAttributes {
  const isName = typeof given === 'string';
  const options = isName ? { name: given } : objectAt(given, path);
  assertKnownKeys(options, HEADER_OPTIONS, path);
  const { name, scheme } = options;
  const header: HeaderAttributes = {
    name: textAt(name, at(path, 'name')),
    scheme: scheme === undefined ? undefined : textAt(scheme, at(path, 'scheme')),
  };
  const broken = brokenHeaderRule(header);
  if (broken === undefined) return Object.freeze(header);
  throw wrongType(isName ? path : at(path, broken.option), broken.cure, header[broken.option]);
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
