import { request, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { setCookieOf, type SetCookieLine } from './set-cookie.js';

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly setCookies: readonly SetCookieLine[];
}

/** What a request takes beside its path. */
export interface Sending {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** The `Cookie` field in place of the jar's; `undefined`: the jar's. */
  readonly cookie?: string | undefined;
  readonly body?: object;
}

/** A request under way. */
export interface Pending {
  readonly answer: Promise<Answer>;
  /** Resolves with the head, before the body has come. */
  readonly head: Promise<IncomingMessage>;
  /** Goes away, as a browser whose user did. */
  abort(): void;
}

/** A browser, as far as cookies go: keeps those it is given and sends them back. Every request has a connection of its own. */
export class Client {
  /** Name -> value. */
  readonly cookies: Map<string, string>;

  constructor(
    readonly origin: string,
    cookies: Iterable<readonly [string, string]> = [],
  ) {
    this.cookies = new Map(cookies);
  }

  /** Another browser with the same cookies, maybe at another instance of the app. */
  copy(origin = this.origin): Client {
    return new Client(origin, this.cookies);
  }

  /** The public id in a cookie. */
  id(name = 'sid'): string {
    return this.cookies.get(name)?.split('.')[0] ?? '';
  }

  /** The token in a cookie, as it is sent. */
  token(name = 'sid'): string {
    return this.cookies.get(name) ?? '';
  }

  get(path: string, sending: Sending = {}): Promise<Answer> {
    return this.begin(path, sending).answer;
  }

  /** Reads JSON. */
  async json<T = Record<string, unknown>>(path: string, sending: Sending = {}): Promise<T> {
    const { text } = await this.get(path, sending);
    return JSON.parse(text) as T;
  }

  begin(path: string, { method = 'GET', headers = {}, cookie = this.#cookieField(), body }: Sending = {}): Pending {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(new URL(path, this.origin), {
      method,
      agent: false,
      headers: {
        ...headers,
        ...(cookie === '' ? {} : { cookie }),
        ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
      },
    });
    const head = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    const answer = head.then((message) => this.#read(message));
    answer.catch(() => {});
    outgoing.end(content);
    return { head, answer, abort: () => outgoing.destroy() };
  }

  async #read(message: IncomingMessage): Promise<Answer> {
    const setCookies = (message.headers['set-cookie'] ?? []).map(setCookieOf);
    for (const { name, value, isCleared } of setCookies) {
      if (isCleared) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    let text = '';
    for await (const chunk of message.setEncoding('utf8')) text += String(chunk);
    return { status: message.statusCode ?? 0, headers: message.headers, text, setCookies };
  }

  #cookieField(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
