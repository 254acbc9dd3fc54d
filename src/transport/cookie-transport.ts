import type { IncomingHttpHeaders } from 'node:http';
import { stringifySetCookie, type SetCookie } from 'cookie';
import { systemClock, type Clock } from '../common/clock.js';
import type { CookieAttributes } from './cookie-rules.js';
import { cookieValues } from './cookie-values.js';
import { mayKeepSecure } from './secure-delivery.js';
import type { Delivery, RequestFields, ResponseHeaders, SessionTransport } from './session-transport.js';

/** A value needs no encoding: it consists of cookie-octets. @see RFC 6265bis, section 4.1.1 */
const asIs = (value: string): string => value;

/**
 * What browsers keep of a cookie's name and value together, in bytes; of more they keep nothing.
 *
 * @see RFC 6265bis, section 5.6
 */
const MAX_COOKIE_BYTES = 4096;

/** What a cookie's transport needs of its app. */
export interface CookieSurroundings {
  /** Tells when the cookie's `Expires` is; default: the system's. */
  readonly clock?: Clock;
  /** Is told, once, why a cookie is not sent. */
  readonly warn?: (message: string) => void;
}

/** A session in a cookie. */
export class CookieTransport implements SessionTransport {
  readonly vary: readonly string[] = ['Cookie'];
  readonly maxLength: number;
  readonly refreshes: boolean;
  readonly #name: string;
  readonly #attributes: CookieAttributes;
  readonly #clock: Clock;
  #warn: ((message: string) => void) | undefined;

  constructor(name: string, attributes: CookieAttributes, { clock = systemClock, warn }: CookieSurroundings = {}) {
    this.#name = name;
    this.#attributes = attributes;
    this.#clock = clock;
    this.#warn = warn;
    this.maxLength = MAX_COOKIE_BYTES - name.length;
    this.refreshes = attributes.maxAge !== undefined;
  }

  receive(headers: IncomingHttpHeaders): readonly string[] {
    return headers.cookie === undefined ? [] : cookieValues(headers.cookie, this.#name);
  }

  isUsedBy(headers: IncomingHttpHeaders): boolean {
    return this.receive(headers).length > 0;
  }

  carry(value: string, fields: RequestFields = {}): Record<string, string> {
    const field = Object.keys(fields).find((name) => name.toLowerCase() === 'cookie') ?? 'Cookie';
    const others = (fields[field] ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair !== '' && !pair.startsWith(`${this.#name}=`));
    return { ...fields, [field]: [...others, `${this.#name}=${value}`].join('; ') };
  }

  send(headers: ResponseHeaders, value: string, delivery: Delivery): boolean {
    const { maxAge } = this.#attributes;
    if (maxAge === undefined) return this.#set(headers, { value }, delivery);
    const expires = new Date(this.#clock.now() + maxAge);
    return this.#set(headers, { value, maxAge: Math.floor(maxAge / 1000), expires }, delivery);
  }

  clear(headers: ResponseHeaders, delivery: Delivery): boolean {
    return this.#set(headers, { value: '', maxAge: 0, expires: new Date(0) }, delivery);
  }

  #set(headers: ResponseHeaders, what: Pick<SetCookie, 'value' | 'maxAge' | 'expires'>, delivery: Delivery): boolean {
    if (this.#isWithheld(delivery)) return false;
    const { path, domain, httpOnly, sameSite, partitioned, priority, secure: when } = this.#attributes;
    const cookie: SetCookie = { name: this.#name, ...what, path, httpOnly, sameSite, partitioned };
    if (domain !== undefined) cookie.domain = domain;
    if (priority !== undefined) cookie.priority = priority;
    cookie.secure = when === 'auto' ? delivery.secure : when;
    const others = setCookies(headers).filter((field) => !field.startsWith(`${this.#name}=`));
    headers.setHeader('Set-Cookie', [...others, stringifySetCookie(cookie, { encode: asIs })]);
    return true;
  }

  /** Whether the browser would drop it, so that it would show a token on the wire for nothing. */
  #isWithheld({ secure, request }: Delivery): boolean {
    if (this.#attributes.secure !== true || secure || mayKeepSecure(request)) return false;
    this.#warn?.(
      `Cannot send the cookie of session "${this.#name}": it is Secure and the request came over plain HTTP, its browser would drop it: serve HTTPS, or let the proxy that does send X-Forwarded-Proto`,
    );
    this.#warn = undefined;
    return true;
  }
}

function setCookies(headers: ResponseHeaders): readonly string[] {
  const field = headers.getHeader('Set-Cookie');
  if (field === undefined) return [];
  return Array.isArray(field) ? field : [String(field)];
}
