import { encrypt } from 'nest-sessions';
import { decodeCarried, type CarriedSession } from '../../src/record/carried-session.js';
import { idOf } from './tokens.js';

/** How a session travels. */
export type Travel = 'cookie by id' | 'header by id' | 'cookie by value';

/** How what a client is handed reaches it, and what a test can read of it. */
export interface Carriage {
  /** Whether it travels in a header; else in a cookie. */
  readonly inHeader: boolean;
  /** The public id in a token; empty when there is none that a test can read. */
  idOf(token: string, name: string): string;
}

/** A token in a cookie: what apps have that say nothing. */
export const byCookie: Carriage = { inHeader: false, idOf };

/** How sessions travel in an app of a test, which seals them with this key. */
export function carriageOf({ travel }: { readonly travel?: Travel }, key: string): Carriage {
  if (travel !== 'cookie by value') return { inHeader: travel === 'header by id', idOf };
  return { inHeader: false, idOf: (token, name) => opened(token, key, name)?.id ?? '' };
}

/** The header of a session, in apps whose sessions travel in headers. */
export function headerOf(name: string): string {
  return name === 'sid' ? 'x-session' : `x-session-${name}`;
}

/** The session whose header it is; `undefined` for any other header. */
export function sessionOf(header: string): string | undefined {
  const match = /^x-session(?:-(.+))?$/i.exec(header);
  return match === null ? undefined : (match[1] ?? 'sid');
}

/*
 * What travels by value is sealed. Tests open it, and seal what no app would, with the library's own transformer: the one thing
 * that they have to know beside the key is for what purpose a session is sealed.
 */
const purposeOf = (name: string): string => `value ${name}`;

/**
 * Opens a session that travels.
 *
 * @returns `undefined` when it was not sealed under this key
 */
export function opened(token: string, key: string, name = 'sid'): CarriedSession | undefined {
  const sealed = encrypt([key]).open(Buffer.from(token, 'base64url'), purposeOf(name));
  return sealed && decodeCarried(sealed.bytes);
}

/** Seals bytes, whatever they are, as a session that travels. */
export function sealed(bytes: Uint8Array, key: string, name = 'sid'): string {
  return Buffer.from(encrypt([key]).seal(bytes, purposeOf(name))).toString('base64url');
}
