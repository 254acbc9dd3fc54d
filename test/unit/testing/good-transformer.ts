import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Opened, SessionTransformer } from '../../../src/transformer/session-transformer.js';

const NONCE_BYTES = 16;
const MAC_BYTES = 32;
const BLOCK = 32;

/** A transformer that keeps the contract and hides, cut into steps so that a subclass can break one of them. */
export class GoodTransformer implements SessionTransformer {
  readonly authenticates: boolean = true;

  constructor(protected readonly keys: readonly string[]) {}

  async ready(): Promise<void> {}

  seal(bytes: Uint8Array, purpose: string): Uint8Array {
    const [key] = this.keys as [string];
    const nonce = this.nonce();
    const sealed = Buffer.concat([nonce, this.crypted(this.padded(bytes), key, nonce)]);
    return Uint8Array.from([...sealed, ...this.mac(sealed, key, purpose)]);
  }

  open(bytes: Uint8Array, purpose: string): Opened | undefined {
    const end = bytes.length - MAC_BYTES;
    if (end < NONCE_BYTES) return undefined;
    const sealed = bytes.subarray(0, end);
    const index = this.keys.findIndex((key) => this.isMac(bytes.subarray(end), this.mac(sealed, key, purpose)));
    const key = this.keys[index];
    if (key === undefined) return undefined;
    const padded = this.crypted(sealed.subarray(NONCE_BYTES), key, sealed.subarray(0, NONCE_BYTES));
    return { bytes: this.unpadded(padded), outdated: this.isOutdated(index) };
  }

  protected nonce(): Uint8Array {
    return randomBytes(NONCE_BYTES);
  }

  protected mac(sealed: Uint8Array, key: string, purpose: string): Uint8Array {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(purpose));
    return createHmac('sha256', key).update(length).update(purpose).update(sealed).digest();
  }

  protected isMac(presented: Uint8Array, expected: Uint8Array): boolean {
    return timingSafeEqual(presented, expected);
  }

  protected crypted(bytes: Uint8Array, key: string, nonce: Uint8Array): Uint8Array {
    return Uint8Array.from(createCipheriv('aes-256-ctr', key, nonce).update(bytes));
  }

  protected padded(bytes: Uint8Array): Uint8Array {
    const padded = new Uint8Array(Math.ceil((bytes.length + 1) / BLOCK) * BLOCK);
    padded.set(bytes);
    padded[bytes.length] = 1;
    return padded;
  }

  protected unpadded(bytes: Uint8Array): Uint8Array {
    return bytes.slice(0, bytes.lastIndexOf(1));
  }

  protected isOutdated(index: number): boolean {
    return index > 0;
  }
}
