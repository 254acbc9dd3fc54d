import { createHmac, timingSafeEqual } from 'node:crypto';
import { KeyRing, type DerivedKey, type SessionKey } from './key-ring.js';
import { KeyedTransformer } from './keyed-transformer.js';
import type { SessionTransformer } from './session-transformer.js';

/** The length of an HMAC-SHA-256, in bytes. */
const MAC_BYTES = 32;

/** Appends an HMAC; opens only what one of its keys has signed. */
class Signer extends KeyedTransformer {
  protected sealUnder(key: DerivedKey, bytes: Uint8Array): Uint8Array {
    return Buffer.concat([bytes, macOf(bytes, key)]);
  }

  protected openUnder(key: DerivedKey, bytes: Uint8Array): Uint8Array | undefined {
    const end = bytes.length - MAC_BYTES;
    if (end < 0) return undefined;
    const signed = bytes.subarray(0, end);
    // A copy: the slice() of a buffer is none
    return timingSafeEqual(macOf(signed, key), bytes.subarray(end)) ? Uint8Array.from(signed) : undefined;
  }
}

/**
 * Signs what travels with HMAC-SHA-256: whoever holds it can read it, and nobody without a key can make or change one.
 *
 * @param keys the first signs, all verify; each at least 32 bytes
 * @throws {TypeError | RangeError} when the keys are none
 * @see RFC 2104 (HMAC)
 */
export function sign(keys: KeyRing | readonly SessionKey[]): SessionTransformer {
  return new Signer(KeyRing.of(keys), 'sign');
}

function macOf(bytes: Uint8Array, { secret }: DerivedKey): Buffer {
  return createHmac('sha256', secret).update(bytes).digest();
}
