/** What came back. */
export interface Page {
  readonly status: number;
  readonly location: string | null;
  readonly html: string;
  readonly headers: Headers;
}

/** The least of a browser: it keeps cookies, sends forms, and follows a redirect when told to. */
export class WebClient {
  readonly cookies: Map<string, string>;

  constructor(
    readonly url: string,
    cookies: Iterable<readonly [string, string]> = [],
    /** Sent as `User-Agent`; default: what `fetch` sends. */
    readonly userAgent?: string,
  ) {
    this.cookies = new Map(cookies);
  }

  /** A second client that holds what this one holds now: somebody who has copied the cookies. */
  copy(): WebClient {
    return this.at(this.url);
  }

  /** The same at another process of the shop. */
  at(url: string): WebClient {
    return new WebClient(url, this.cookies, this.userAgent);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(path, { headers });
  }

  /** Sends a form; `headers` are added to it. */
  post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(form), headers });
  }

  /** Sends a form and loads the page that it redirects to. */
  async submit(path: string, form: Record<string, string> = {}): Promise<Page & { readonly from: Page }> {
    const from = await this.post(path, form);
    if (from.status !== 303 || from.location === null) throw new Error(`Expected a 303 of ${path}: ${from.status}`);
    return { ...(await this.get(from.location)), from };
  }

  async #send(path: string, init: RequestInit): Promise<Page> {
    const headers = new Headers(init.headers);
    if (this.userAgent !== undefined) headers.set('user-agent', this.userAgent);
    if (this.cookies.size > 0) headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '));
    const response = await fetch(new URL(path, this.url), { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    return {
      status: response.status,
      location: response.headers.get('location'),
      html: await response.text(),
      headers: response.headers,
    };
  }

  #keep(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (/;\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(cookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
