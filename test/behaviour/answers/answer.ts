import { gunzipSync } from 'node:zlib';

/** A header field: its name in lower case, and its value. */
export type Field = readonly [name: string, value: string];

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  /** Trailing fields, one after the other. */
  readonly trailers: readonly string[];
  /** Whether it came to its end. */
  readonly complete: boolean;
  /** The statuses of the informational answers before it. */
  readonly informed: readonly number[];
}

/** The name of the session, and of its cookie. */
export const NAME = 'visits';

/** Its header, in apps whose sessions travel in headers. */
export const HEADER = 'x-visits';

/** All cookies that an answer sets. */
export function cookiesOf({ fields }: Answer): readonly string[] {
  return fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
}

/** What an answer hands out of the session, in whatever field: there must never be two. */
export function handedIn({ fields }: Answer): readonly string[] {
  return fields.filter(isSessions).map(([name, value]) => (name === HEADER ? value : valueIn(value)));
}

/** The app's own cookies. */
export function appCookiesOf(answer: Answer): readonly string[] {
  return cookiesOf(answer).filter((cookie) => !cookie.startsWith(`${NAME}=`));
}

/** Everything of an answer but when it was given, and what it hands out of the session. */
export function contentOf(answer: Answer) {
  const fields = answer.fields
    .filter((field) => field[0] !== 'date' && !isSessions(field))
    .map(([name, value]): Field => [name, name === 'vary' ? value.split(', ').toSorted().join(', ') : value]);
  return { ...answer, body: answer.body.toString('latin1'), fields: sorted(fields) };
}

/** The body as a text, whatever its encoding. */
export function textOf({ fields, body }: Answer): string {
  return (valueOf(fields, 'content-encoding') === 'gzip' ? gunzipSync(body) : body).toString();
}

/** What an answer must be when its session is new: no cache may keep the cookie, and what streams depend on stays. */
export function withNewSession(plain: Answer): Answer {
  const given = valueOf(plain.fields, 'cache-control')?.split(/, */) ?? [];
  if (given.includes('no-store')) return plain;
  const directives = given.includes('no-transform') ? 'no-store, no-transform' : 'no-store';
  return { ...plain, fields: replaced(plain.fields, 'cache-control', directives) };
}

/** What an answer must be when it depends on a session that the client brought in a field. */
export function withKnownSession(plain: Answer, field = 'Cookie'): Answer {
  const vary = valueOf(plain.fields, 'vary');
  const cacheControl = valueOf(plain.fields, 'cache-control') ?? 'private';
  const varied = replaced(plain.fields, 'vary', vary === undefined ? field : `${vary}, ${field}`);
  return { ...plain, fields: replaced(varied, 'cache-control', cacheControl) };
}

/** The value of a field; `undefined` if there is none. */
export function valueOf(fields: readonly Field[], name: string): string | undefined {
  const values = fields.filter(([one]) => one === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

function isSessions([name, value]: Field): boolean {
  return name === HEADER || (name === 'set-cookie' && value.startsWith(`${NAME}=`));
}

function valueIn(setCookie: string): string {
  return setCookie.slice(NAME.length + 1).split(';')[0] ?? '';
}

function replaced(fields: readonly Field[], name: string, value: string): readonly Field[] {
  return [...fields.filter(([one]) => one !== name), [name, value]];
}

/** In the order of names; values of one name stay in theirs. */
function sorted(fields: readonly Field[]): readonly Field[] {
  return fields.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
}
