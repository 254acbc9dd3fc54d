import type { IncomingHttpHeaders } from 'node:http';
import { stringifySetCookie, type SetCookie } from 'cookie';
import { systemClock, type Clock } from '../common/clock.js';
import type { CookieAttributes } from './cookie-rules.js';
import { cookieValues } from './cookie-values.js';
import type { Delivery, RequestFields, ResponseHeaders, SessionTransport } from './session-transport.js';

/** What a value may consist of to be sent as it is, without encoding (RFC 6265bis, section 4.1.1: cookie-octet). */
const asIs = (value: string): string => value;

/** A session in a cookie. */
export class CookieTransport implements SessionTransport {
  readonly vary = 'Cookie';
  readonly #name: string;
  readonly #attributes: CookieAttributes;
  readonly #clock: Clock;

  /** @param clock tells when the cookie's `Expires` is */
  constructor(name: string, attributes: CookieAttributes, clock: Clock = systemClock) {
    this.#name = name;
    this.#attributes = attributes;
    this.#clock = clock;
  }

  receive(headers: IncomingHttpHeaders): readonly string[] {
    return headers.cookie === undefined ? [] : cookieValues(headers.cookie, this.#name);
  }

  carry(value: string, fields: RequestFields = {}): Record<string, string> {
    const field = Object.keys(fields).find((name) => name.toLowerCase() === 'cookie') ?? 'Cookie';
    const others = (fields[field] ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair !== '' && !pair.startsWith(`${this.#name}=`));
    return { ...fields, [field]: [...others, `${this.#name}=${value}`].join('; ') };
  }

  send(headers: ResponseHeaders, value: string, delivery: Delivery): void {
    const { maxAge } = this.#attributes;
    if (maxAge === undefined) this.#set(headers, { value }, delivery);
    else
      this.#set(
        headers,
        { value, maxAge: Math.floor(maxAge / 1000), expires: new Date(this.#clock.now() + maxAge) },
        delivery,
      );
  }

  clear(headers: ResponseHeaders, delivery: Delivery): void {
    this.#set(headers, { value: '', maxAge: 0, expires: new Date(0) }, delivery);
  }

  #set(headers: ResponseHeaders, what: Pick<SetCookie, 'value' | 'maxAge' | 'expires'>, { secure }: Delivery): void {
    const { path, domain, httpOnly, sameSite, partitioned, priority, secure: when } = this.#attributes;
    const cookie: SetCookie = { name: this.#name, ...what, path, httpOnly, sameSite, partitioned };
    if (domain !== undefined) cookie.domain = domain;
    if (priority !== undefined) cookie.priority = priority;
    cookie.secure = when === 'auto' ? secure : when;
    const others = setCookies(headers).filter((field) => !field.startsWith(`${this.#name}=`));
    headers.setHeader('Set-Cookie', [...others, stringifySetCookie(cookie, { encode: asIs })]);
  }
}

function setCookies(headers: ResponseHeaders): readonly string[] {
  const field = headers.getHeader('Set-Cookie');
  if (field === undefined) return [];
  return Array.isArray(field) ? field : [String(field)];
}
