import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderAttributes } from './header-rules.js';
import type { Delivery, RequestFields, ResponseHeaders, SessionTransport } from './session-transport.js';

/** What servers and proxies take of one header line, in characters; Node takes twice that for all of them together. */
const MAX_LENGTH = 8192;

/**
 * A session in a header, for clients that are no browsers: the client sends back, in the header of the same name, what the
 * last response had there; a response without it changes nothing, an empty one means that there is nothing to send any more.
 */
export class HeaderTransport implements SessionTransport {
  readonly vary: readonly string[];
  readonly maxLength: number;
  readonly refreshes = false;
  readonly #name: string;
  /** As Node has it. */
  readonly #field: string;
  /** What stands before the value; empty for nothing. */
  readonly #scheme: string;

  constructor({ name, scheme }: HeaderAttributes) {
    this.vary = [name];
    this.#name = name;
    this.#field = name.toLowerCase();
    this.#scheme = scheme ?? '';
    this.maxLength = MAX_LENGTH - `${name}: ${this.#line('')}`.length;
  }

  receive(headers: IncomingHttpHeaders): readonly string[] {
    return [...new Set(this.#parts(headers).filter((value) => value !== undefined && value !== ''))] as string[];
  }

  isUsedBy(headers: IncomingHttpHeaders): boolean {
    return headers[this.#field] === '' || this.#parts(headers).some((value) => value !== undefined);
  }

  carry(value: string, fields: RequestFields = {}): Record<string, string> {
    const others = Object.entries(fields).filter(([name]) => name.toLowerCase() !== this.#field);
    return { ...Object.fromEntries(others), [this.#name]: this.#line(value) };
  }

  send(headers: ResponseHeaders, value: string, { presented }: Delivery): boolean {
    if (value === presented) return false;
    headers.setHeader(this.#name, this.#line(value));
    return true;
  }

  clear(headers: ResponseHeaders): boolean {
    headers.setHeader(this.#name, '');
    return true;
  }

  #line(value: string): string {
    return this.#scheme === '' ? value : `${this.#scheme} ${value}`;
  }

  /** The values of the field, empty ones too; `undefined` for what is another scheme's. */
  #parts(headers: IncomingHttpHeaders): readonly (string | undefined)[] {
    const field = headers[this.#field];
    // Node joins fields of one name; no value holds a comma
    return field === undefined
      ? []
      : String(field)
          .split(',')
          .map((part) => this.#valueOf(part.trim()));
  }

  /** The value after the scheme, whose case does not matter. */
  #valueOf(part: string): string | undefined {
    if (this.#scheme === '') return part;
    const [scheme = '', ...rest] = part.split(' ');
    return scheme.toLowerCase() === this.#scheme.toLowerCase() ? rest.join(' ').trim() : undefined;
  }
}
