import { hkdfSync } from 'node:crypto';

/** A secret key: at least 32 bytes, as bytes or as text in UTF-8. */
export type SessionKey = string | Uint8Array;

/** The least a key may have, in bytes. */
export const MIN_KEY_BYTES = 32;

const DERIVED_BYTES = 32;

/**
 * Derives from each key one for a single purpose, so that what one session signs says nothing to another.
 *
 * @param purpose what the key is used for; the same key gives unrelated ones for different purposes
 * @returns in the order of `keys`: the first is for writing, all are for reading
 * @see RFC 5869 (HKDF)
 */
export function deriveKeys(keys: readonly SessionKey[], purpose: string): readonly Uint8Array[] {
  return keys.map((key) => new Uint8Array(hkdfSync('sha256', key, '', `nest-sessions ${purpose}`, DERIVED_BYTES)));
}
