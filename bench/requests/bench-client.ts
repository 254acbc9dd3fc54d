import { Client } from 'undici';
import { assertDone } from '../measure/assert-done.js';

/** A client of an app, as a browser is: one connection, and cookies that it keeps. */
export class BenchClient {
  readonly #connection: Client;
  readonly #cookies = new Map<string, string>();
  #header: Record<string, string> = {};

  /** @param cookie what it sends as `Cookie` until it is told another; default: nothing */
  constructor(origin: string, cookie?: string) {
    this.#connection = new Client(origin);
    if (cookie !== undefined) this.#header = { cookie };
  }

  /** What it sends as `Cookie`; `undefined` for nothing. */
  get cookie(): string | undefined {
    return this.#header['cookie'];
  }

  /**
   * @param path what it asks for
   * @throws {Error} when the answer is not 200: then its time means nothing
   */
  async get(path: string): Promise<string> {
    const { statusCode, headers, body } = await this.#connection.request({
      path,
      method: 'GET',
      headers: this.#header,
    });
    const text = await body.text();
    assertDone(statusCode === 200, `${path}, which answered ${statusCode} ${text}`);
    const setCookie = headers['set-cookie'];
    if (setCookie !== undefined) this.#keep(typeof setCookie === 'string' ? [setCookie] : setCookie);
    return text;
  }

  /** Drops its cookies: a visitor who was never here. */
  forget(): void {
    this.#cookies.clear();
    this.#header = {};
  }

  close(): Promise<void> {
    return this.#connection.destroy();
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const pair = line.split(';', 1)[0] ?? '';
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#header = { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }
}
