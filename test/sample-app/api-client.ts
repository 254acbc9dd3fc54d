/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed; `undefined` when there was none. */
  readonly body: unknown;
}

/** The least of a mobile client: it keeps the token that it is given, and sends it with everything. */
export class ApiClient {
  /** The Authorization header, its scheme included. */
  authorization: string | undefined;

  constructor(
    readonly url: string,
    authorization?: string,
  ) {
    this.authorization = authorization;
  }

  /** A second client that holds what this one holds now. */
  copy(): ApiClient {
    return new ApiClient(this.url, this.authorization);
  }

  get(path: string): Promise<Answer> {
    return this.#send(path, {});
  }

  post(path: string, body?: object): Promise<Answer> {
    if (body === undefined) return this.#send(path, { method: 'POST' });
    const headers = { 'content-type': 'application/json' };
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  delete(path: string): Promise<Answer> {
    return this.#send(path, { method: 'DELETE' });
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.authorization !== undefined) headers.set('authorization', this.authorization);
    const response = await fetch(new URL(path, this.url), { ...init, headers });
    const given = response.headers.get('authorization');
    if (given !== null) this.authorization = given === '' ? undefined : given;
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }
}
