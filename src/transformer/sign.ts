import { createHmac, timingSafeEqual } from 'node:crypto';
import { isBase64url } from '../common/base64url.js';
import type { SessionTransformer } from './session-transformer.js';

/** The length of a signature in characters: HMAC-SHA-256 in unpadded base64url. */
const SIGNATURE_LENGTH = 43;

/**
 * Takes a signed text apart, unchecked.
 *
 * @returns what is signed, and the signature; `undefined` in its place when the text does not end with one
 */
export function splitSigned(text: string): readonly [signed: string, signature: string | undefined] {
  const dot = text.length - SIGNATURE_LENGTH - 1;
  const mark = text.slice(dot + 1);
  if (dot < 0 || text[dot] !== '.' || !isBase64url(mark, SIGNATURE_LENGTH)) return [text, undefined];
  return [text.slice(0, dot), mark];
}

/** Appends `.<HMAC-SHA-256>` to a string; opens only what one of its keys has signed. */
class SigningTransformer implements SessionTransformer {
  readonly #keys: readonly Uint8Array[];

  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys;
  }

  seal(text: string): string {
    const [first] = this.#keys;
    if (first === undefined) throw new TypeError('Cannot sign: there is no key');
    return `${text}.${signature(first, text).toString('base64url')}`;
  }

  open(text: string): string | undefined {
    const [signed, mark] = splitSigned(text);
    if (mark === undefined) return undefined;
    const presented = Buffer.from(mark, 'base64url');
    return this.#keys.some((key) => isEqual(signature(key, signed), presented)) ? signed : undefined;
  }
}

/**
 * Signs what travels with HMAC-SHA-256: a client can read it, and cannot make one.
 *
 * @param keys derived for this purpose alone: the first signs, all verify
 * @see RFC 2104 (HMAC)
 */
export function sign(keys: readonly Uint8Array[]): SessionTransformer {
  return new SigningTransformer(keys);
}

function signature(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
