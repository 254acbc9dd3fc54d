import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { randomInto } from '../common/random.js';
import { KeyRing, type DerivedKey, type SessionKey } from './key-ring.js';
import { KeyedTransformer } from './keyed-transformer.js';
import { padded, unpadded } from './padding.js';
import type { SessionTransformer } from './session-transformer.js';

/*
 * What is sealed, in bytes: 1 format, 4 key id, 12 salt, 12 nonce, ciphertext of padded bytes, 16 tag. Format and key id are
 * authenticated with the purpose, which holds the session's name.
 *
 * Every value has a key of its own, HMAC(key, salt), and a random nonce: 24 random bytes in all, so that a key may seal as much
 * as an app ever will. With one key for all, 12 random bytes would do for 2^32 values.
 */
const FORMAT = 1;
const KEY_ID = 1;
const SALT = 5;
const NONCE = 17;
const TEXT = 29;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** Encrypts and authenticates; opens only what one of its keys has sealed. */
class Encrypter extends KeyedTransformer {
  protected sealUnder({ id, secret }: DerivedKey, bytes: Uint8Array, purpose: string): Uint8Array {
    const head = Buffer.allocUnsafe(TEXT);
    head[0] = FORMAT;
    head.set(id, KEY_ID);
    randomInto(head, SALT, TEXT - SALT);
    const cipher = createCipheriv(ALGORITHM, keyFor(head, secret), head.subarray(NONCE), { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(head, purpose));
    // In this mode final() gives no bytes
    const text = cipher.update(padded(bytes));
    cipher.final();
    return Buffer.concat([head, text, cipher.getAuthTag()]);
  }

  protected openUnder(key: DerivedKey, bytes: Uint8Array, purpose: string): Uint8Array | undefined {
    if (bytes.length < TEXT + TAG_BYTES || bytes[0] !== FORMAT) return undefined;
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, TEXT);
    // Two keys may have one id, once in four thousand million
    const isSealedUnder = head.subarray(KEY_ID, SALT).equals(key.id);
    return isSealedUnder ? decrypted(head, bytes.subarray(TEXT), key, purpose) : undefined;
  }
}

/**
 * Encrypts what travels with AES-256-GCM: without a key nobody can read, make or change it. Its length tells the length of
 * what is in it up to steps of 64 bytes.
 *
 * @param keys the first encrypts, all decrypt; each at least 32 bytes
 * @throws {TypeError | RangeError} when the keys are none
 * @see NIST SP 800-38D (GCM); RFC 5869 (HKDF)
 */
export function encrypt(keys: KeyRing | readonly SessionKey[]): SessionTransformer {
  return new Encrypter(KeyRing.of(keys), 'encrypt');
}

function decrypted(head: Buffer, sealed: Uint8Array, { secret }: DerivedKey, purpose: string): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, keyFor(head, secret), head.subarray(NONCE), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associated(head, purpose));
  decipher.setAuthTag(sealed.subarray(end));
  const text = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return unpadded(text);
}

/** The key of one value. */
function keyFor(head: Buffer, secret: DerivedKey['secret']): Buffer {
  return createHmac('sha256', secret).update(head.subarray(SALT, NONCE)).digest();
}

function associated(head: Buffer, purpose: string): Buffer {
  return Buffer.concat([head.subarray(0, SALT), Buffer.from(purpose)]);
}
