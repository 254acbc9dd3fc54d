import type { ResponseHeaders } from '../../../src/transport/session-transport.js';

type Value = number | string | readonly string[];

/** The header fields of a response, as Node keeps them: by name, whatever its case. */
export class TestHeaders implements ResponseHeaders {
  readonly #fields = new Map<string, Value>();

  constructor(fields: Record<string, Value> = {}) {
    for (const [name, value] of Object.entries(fields)) this.#fields.set(name.toLowerCase(), value);
  }

  getHeader(name: string): number | string | string[] | undefined {
    const value = this.#fields.get(name.toLowerCase());
    return Array.isArray(value) ? [...(value as readonly string[])] : (value as number | string | undefined);
  }

  setHeader(name: string, value: Value): this {
    this.#fields.set(name.toLowerCase(), value);
    return this;
  }

  /** All fields, by their names in lower case. */
  get all(): Record<string, Value> {
    return Object.fromEntries(this.#fields);
  }
}
