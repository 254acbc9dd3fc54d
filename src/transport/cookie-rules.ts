import type { Duration } from '../common/duration.js';
import { isHttpToken } from './http-token.js';

/** The attributes of a session's cookie. */
export interface CookieOptions {
  /** Default `'/'`. */
  readonly path?: string;
  /** The domain whose subdomains get the cookie too; default: this host alone. */
  readonly domain?: string;
  /** How long the browser keeps the cookie after each change or touch; default: until it is closed. */
  readonly maxAge?: Duration;
  /** Whether scripts are kept from it; default `true`. */
  readonly httpOnly?: boolean;
  /** Whether it travels over HTTPS only; default `'auto'`: when the request came over HTTPS, as the platform's proxy setting sees it. */
  readonly secure?: boolean | 'auto';
  /** When other sites' requests carry it; default `'lax'`. */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** Whether it is kept apart for each top-level site (CHIPS); default `false`. */
  readonly partitioned?: boolean;
  /** Which cookies a full browser drops first; default: not said. */
  readonly priority?: 'low' | 'medium' | 'high';
}

/** The same, complete; `maxAge` in milliseconds, `undefined` for a browser session. */
export interface CookieAttributes {
  readonly path: string;
  readonly domain: string | undefined;
  readonly maxAge: number | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean | 'auto';
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly partitioned: boolean;
  readonly priority: 'low' | 'medium' | 'high' | undefined;
}

/** A rule that a cookie breaks: which option, and what it must be. */
export interface BrokenRule {
  readonly option: string;
  readonly cure: string;
}

/** Of a longer attribute browsers take no notice, in characters. @see RFC 6265bis, section 5.6 */
const MAX_ATTRIBUTE = 1024;

/** No host has a longer name, in characters. @see RFC 1035, section 2.3.4 */
const MAX_DOMAIN = 253;

const PATH = /^\/[\x20-\x3a\x3d-\x7e]*$/;
const DOMAIN = /^\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * Finds what browsers would refuse: a cookie that they drop is a session that nobody has.
 *
 * @returns the first broken rule; `undefined` when it is a good cookie
 * @see RFC 6265bis, sections 4.1.2 (attributes) and 4.1.3 (name prefixes)
 */
export function brokenCookieRule(name: string, cookie: CookieAttributes): BrokenRule | undefined {
  const prefix = /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0];
  const https = cookie.secure === true;
  const host = /^__host-/i.test(name);
  const rules: readonly [broken: boolean, option: string, cure: string][] = [
    [!isHttpToken(name), 'name', "must be a cookie name: letters, digits and !#$%&'*+-.^_`|~"],
    [
      !PATH.test(cookie.path) || cookie.path.length > MAX_ATTRIBUTE,
      'cookie.path',
      `must start with '/', hold no ';' or '<' and be at most ${MAX_ATTRIBUTE} characters`,
    ],
    [cookie.domain !== undefined && !isHost(cookie.domain), 'cookie.domain', 'must be a host name'],
    [cookie.sameSite === 'none' && !https, 'cookie.secure', "must be true with sameSite 'none'"],
    [cookie.partitioned && !https, 'cookie.secure', 'must be true with partitioned'],
    [prefix !== undefined && !https, 'cookie.secure', `must be true with the name prefix ${prefix ?? ''}`],
    [host && cookie.domain !== undefined, 'cookie.domain', `must not be set with the name prefix ${prefix ?? ''}`],
    [host && cookie.path !== '/', 'cookie.path', `must be '/' with the name prefix ${prefix ?? ''}`],
    [
      /http-$/i.test(prefix ?? '') && !cookie.httpOnly,
      'cookie.httpOnly',
      `must be true with the name prefix ${prefix ?? ''}`,
    ],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  return broken && { option: broken[1], cure: broken[2] };
}

function isHost(domain: string): boolean {
  return domain.length <= MAX_DOMAIN && DOMAIN.test(domain);
}
