/** One `Set-Cookie` field, taken apart. */
export interface SetCookieLine {
  readonly line: string;
  readonly name: string;
  readonly value: string;
  /** By name in lower case; `''` for one without a value. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether it makes a browser forget the cookie. */
  readonly isCleared: boolean;
}

export function setCookieOf(line: string): SetCookieLine {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const attributes = Object.fromEntries(
    rest.map((part) => [before(part, '=').toLowerCase(), after(part, '=')] as const),
  );
  const expires = attributes['expires'];
  const isCleared = attributes['max-age'] === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
  return { line, name: before(pair, '='), value: after(pair, '='), attributes, isCleared };
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
}

function after(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? '' : text.slice(at + 1);
}
