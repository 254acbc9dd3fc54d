import { hash, timingSafeEqual } from 'node:crypto';
import { isBase64url } from '../common/base64url.js';
import { randomText } from '../common/random.js';

/** What travels by id: the public id and the secret that proves possession. */
export interface Token {
  readonly id: string;
  readonly secret: string;
}

const ID_BYTES = 16;
const ID_LENGTH = 22;
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
const MAX_ID_LENGTH = 255;

/** Makes an id: 16 random bytes, base64url. */
export function randomId(): string {
  return randomText(ID_BYTES);
}

/** Whether a text is an id as `randomId()` makes them. */
export function isRandomId(text: string): boolean {
  return isBase64url(text, ID_LENGTH);
}

/** Makes a secret: 32 random bytes, base64url. @see ASVS 5.0, 7.2.3: at least 128 bits of entropy */
export function randomSecret(): string {
  return randomText(SECRET_BYTES);
}

/** What a record keeps of a secret: its SHA-256, base64url. */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Compares two hashes in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Writes a token: `<id>.<secret>`. */
export function formatToken({ id, secret }: Token): string {
  return `${id}.${secret}`;
}

/**
 * Reads a token.
 *
 * @param anyId whether ids may be other than those of `randomId()`: what a storage takes as an id
 * @returns `undefined` for whatever `formatToken()` would not have written
 */
export function parseToken(text: string, anyId: boolean): Token | undefined {
  const dot = text.length - SECRET_LENGTH - 1;
  if (dot < 1 || dot > MAX_ID_LENGTH || text[dot] !== '.') return undefined;
  const id = text.slice(0, dot);
  const secret = text.slice(dot + 1);
  if (!isBase64url(secret, SECRET_LENGTH)) return undefined;
  if (!isRandomId(id) && !(anyId && /^[A-Za-z0-9_-]+$/.test(id))) return undefined;
  return { id: ownCopy(id), secret };
}

/**
 * V8 keeps a part of a text as a view of the whole: an id that a storage remembers would keep its request's `Cookie` field,
 * up to 16 KB, for as long as the session lives.
 */
function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
