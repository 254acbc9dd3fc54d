import { isHttpToken } from './http-token.js';

/** How a session travels in a header. */
export interface HeaderOptions {
  /** The header's name, such as `'x-session'`, for requests and for responses; case does not matter. */
  readonly name: string;
  /** What stands before the token, such as `'Bearer'` in `Authorization`; default: nothing. */
  readonly scheme?: string;
}

/** The same, complete. */
export interface HeaderAttributes {
  /** As the app spells it; compared without regard to case. */
  readonly name: string;
  readonly scheme: string | undefined;
}

/** Fields that HTTP itself, a proxy or Node gives a meaning of their own, in a request or a response. */
const TAKEN =
  /^(?:cookie|set-cookie|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|date|via|vary|age|etag|server|location|cache-control|pragma|expires|range|accept(?:-.*)?|content-.*|if-.*|sec-.*|proxy-.*|access-control-.*|x-forwarded-.*|forwarded|origin|referer|user-agent|www-authenticate|retry-after|last-modified|refresh|link|allow|strict-transport-security)$/i;

/** A rule that a header breaks: which option, and what it must be. */
export interface BrokenHeaderRule {
  readonly option: 'name' | 'scheme';
  readonly cure: string;
}

/**
 * Finds what would not work as a session's header.
 *
 * @returns the first broken rule; `undefined` when it is a good one
 * @see RFC 9110, sections 5.1 (field names) and 11.1 (authentication schemes)
 */
export function brokenHeaderRule({ name, scheme }: HeaderAttributes): BrokenHeaderRule | undefined {
  if (!isHttpToken(name)) return { option: 'name', cure: "must be a header's name, such as 'x-session'" };
  // What every object has would seem to be in every request
  if (TAKEN.test(name) || name.toLowerCase() in {})
    return { option: 'name', cure: 'must not be a header with a meaning of its own' };
  if (scheme !== undefined && !isHttpToken(scheme))
    return { option: 'scheme', cure: "must be one word, such as 'Bearer'" };
  if (scheme === undefined && /^authorization$/i.test(name)) {
    return { option: 'scheme', cure: "must be given with the header Authorization, such as 'Bearer'" };
  }
  return undefined;
}
