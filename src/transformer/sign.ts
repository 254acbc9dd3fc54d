import { createHmac, timingSafeEqual } from 'node:crypto';
import { KeyRing, type DerivedKey, type SessionKey } from './key-ring.js';
import type { Opened, SessionTransformer } from './session-transformer.js';

/** The length of an HMAC-SHA-256, in bytes. */
const MAC_BYTES = 32;

/** Appends an HMAC; opens only what one of its keys has signed. */
class Signer implements SessionTransformer {
  readonly authenticates = true;
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  ready(): Promise<void> {
    return this.#ring.ready();
  }

  seal(bytes: Uint8Array, purpose: string): Uint8Array {
    const [first] = this.#keys(purpose);
    return Buffer.concat([bytes, macOf(bytes, first as DerivedKey)]);
  }

  open(bytes: Uint8Array, purpose: string): Opened | undefined {
    const end = bytes.length - MAC_BYTES;
    if (end < 0) return undefined;
    const signed = bytes.subarray(0, end);
    const presented = bytes.subarray(end);
    const index = this.#keys(purpose).findIndex((key) => timingSafeEqual(macOf(signed, key), presented));
    // A copy: the slice() of a buffer is none
    return index < 0 ? undefined : { bytes: Uint8Array.from(signed), outdated: index > 0 };
  }

  #keys(purpose: string): readonly DerivedKey[] {
    return this.#ring.derive(`sign ${purpose}`);
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
  return new Signer(KeyRing.of(keys));
}

function macOf(bytes: Uint8Array, { secret }: DerivedKey): Buffer {
  return createHmac('sha256', secret).update(bytes).digest();
}
