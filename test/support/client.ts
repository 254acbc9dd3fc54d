import {
  request,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { setCookieOf, type SetCookieLine } from './set-cookie.js';
import { byCookie, headerOf, sessionOf, type Carriage } from './travel.js';

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly setCookies: readonly SetCookieLine[];
  /** What the client was handed of sessions, or told to forget, in cookies and in their headers: each field once. */
  readonly handed: readonly Handed[];
}

/** A session's value in an answer. */
export interface Handed {
  /** The session's. */
  readonly name: string;
  readonly value: string;
  /** Whether the client forgets what it has. */
  readonly isCleared: boolean;
}

/** What a request takes beside its path. */
export interface Sending {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** The `Cookie` field in place of the jar's; `undefined`: the jar's. */
  readonly cookie?: string | undefined;
  /** What is presented of sessions, by name, in place of what the client was handed: one value each, or several. */
  readonly tokens?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: object;
  /** What keeps its connections; default: it has one of its own. */
  readonly agent?: Agent;
}

/** A request under way. */
export interface Pending {
  readonly answer: Promise<Answer>;
  /** Resolves with the head, before the body has come. */
  readonly head: Promise<IncomingMessage>;
  /** Goes away, as a browser whose user did. */
  abort(): void;
}

/**
 * A browser, as far as cookies go, or a program that keeps what stood in the sessions' headers: it keeps what it is handed and
 * sends it back. Every request has a connection of its own, unless it is sent through an agent that keeps some.
 */
export class Client {
  /** What it keeps of sessions: name -> token. */
  readonly tokens: Map<string, string>;
  /** Name -> value; of a client whose sessions travel in cookies, the same as its tokens. */
  readonly cookies: Map<string, string>;
  readonly #carriage: Carriage;

  constructor(
    readonly origin: string,
    tokens: Iterable<readonly [string, string]> = [],
    carriage: Carriage = byCookie,
  ) {
    this.tokens = new Map(tokens);
    this.cookies = carriage.inHeader ? new Map() : this.tokens;
    this.#carriage = carriage;
  }

  /** Another client that was handed the same, maybe at another instance of the app. */
  copy(origin = this.origin): Client {
    return new Client(origin, this.tokens, this.#carriage);
  }

  /** The public id in what it keeps of a session; empty when it keeps nothing. */
  id(name = 'sid'): string {
    return this.#carriage.idOf(this.token(name), name);
  }

  /** The token of a session, as it is sent. */
  token(name = 'sid'): string {
    return this.tokens.get(name) ?? '';
  }

  get(path: string, sending: Sending = {}): Promise<Answer> {
    return this.begin(path, sending).answer;
  }

  /** Reads JSON. */
  async json<T = Record<string, unknown>>(path: string, sending: Sending = {}): Promise<T> {
    const { text } = await this.get(path, sending);
    return JSON.parse(text) as T;
  }

  begin(path: string, { method = 'GET', headers = {}, tokens, cookie, body, agent }: Sending = {}): Pending {
    const fields = cookie === undefined ? this.#fields(tokens) : { cookie };
    const content = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(new URL(path, this.origin), {
      method,
      agent: agent ?? false,
      headers: {
        ...headers,
        ...(fields['cookie'] === '' ? {} : fields),
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
    const headers = inHeaders(message.rawHeaders);
    const handed = [...setCookies, ...headers];
    keep(this.cookies, setCookies);
    if (this.#carriage.inHeader) keep(this.tokens, headers);
    let text = '';
    for await (const chunk of message.setEncoding('utf8')) text += String(chunk);
    return { status: message.statusCode ?? 0, headers: message.headers, text, setCookies, handed };
  }

  /** The fields in which it brings its sessions, or these in their place. */
  #fields(tokens: Sending['tokens'] = Object.fromEntries(this.tokens)): OutgoingHttpHeaders {
    const pairs = Object.entries(tokens).map(([name, values]) => [name, [values].flat()] as const);
    if (this.#carriage.inHeader) return Object.fromEntries(pairs.map(([name, values]) => [headerOf(name), values]));
    return { cookie: pairs.flatMap(([name, values]) => values.map((value) => `${name}=${value}`)).join('; ') };
  }
}

/** What a list of raw header fields hands out of sessions that travel in headers. */
export function inHeaders(raw: readonly string[]): readonly Handed[] {
  return raw.flatMap((field, index) => {
    const name = index % 2 === 0 ? sessionOf(field) : undefined;
    const value = raw[index + 1] ?? '';
    return name === undefined ? [] : [{ name, value, isCleared: value === '' }];
  });
}

function keep(kept: Map<string, string>, handed: readonly Handed[]): void {
  for (const { name, value, isCleared } of handed) {
    if (isCleared) kept.delete(name);
    else kept.set(name, value);
  }
}
