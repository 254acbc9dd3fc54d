const ALPHABET = /^[A-Za-z0-9_-]*$/;
/** By length modulo 4: the last characters whose unused low bits are zero. */
const CANONICAL_END: readonly (RegExp | undefined)[] = [/^$|.$/, undefined, /[AQgw]$/, /[AEIMQUYcgkosw048]$/];

/**
 * Tells whether a text is the one canonical, unpadded base64url encoding of some bytes. Node's decoder accepts many texts
 * for the same bytes; whoever compares tokens must not.
 *
 * @param length the exact length asked for, in characters
 * @see RFC 4648 section 3.5 (canonical encoding) and section 5 (base64url)
 */
export function isBase64url(text: string, length: number): boolean {
  return text.length === length && ALPHABET.test(text) && CANONICAL_END[length % 4]?.test(text) === true;
}
