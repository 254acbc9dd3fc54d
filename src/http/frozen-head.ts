import { isDeepStrictEqual } from 'node:util';
import { isHttp2 } from './head-status.js';
import type { RawResponse } from './gate-hooks.js';

type FieldValue = number | string | string[];

/** Remembers what the head of a response is at the first of its calls: what an app sets after that comes too late. */
export class FrozenHead {
  readonly #response: RawResponse;
  readonly #status: { readonly statusCode: number; readonly statusMessage?: string };
  readonly #fields: ReadonlyMap<string, FieldValue>;

  constructor(response: RawResponse) {
    this.#response = response;
    const { statusCode } = response;
    this.#status = isHttp2(response) ? { statusCode } : { statusCode, statusMessage: response.statusMessage };
    this.#fields = new Map(response.getHeaderNames().map((name) => [name, copyOf(response.getHeader(name))]));
  }

  /** Puts the head back to what it was. */
  restore(): void {
    const response = this.#response;
    Object.assign(response, this.#status);
    for (const name of response.getHeaderNames()) if (!this.#fields.has(name)) response.removeHeader(name);
    for (const [name, value] of this.#fields) {
      if (!isDeepStrictEqual(response.getHeader(name), value)) response.setHeader(name, value);
    }
  }
}

/** Node gives out the very array that it will send, and appends to it. */
function copyOf(value: number | string | readonly string[] | undefined): FieldValue {
  return typeof value === 'object' ? [...value] : (value ?? '');
}
