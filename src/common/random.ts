import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafeSlow(4096);
let used = pool.length;

/**
 * Makes random text from the operating system's generator.
 *
 * @param bytes how many random bytes; at most 4096
 * @returns them as unpadded base64url
 */
export function randomText(bytes: number): string {
  const start = draw(bytes);
  const text = pool.toString('base64url', start, start + bytes);
  pool.fill(0, start, start + bytes);
  return text;
}

/**
 * Puts random bytes from the operating system's generator into a part of a buffer.
 *
 * @param bytes how many; at most 4096
 */
export function randomInto(target: Uint8Array, at: number, bytes: number): void {
  const start = draw(bytes);
  target.set(pool.subarray(start, start + bytes), at);
  pool.fill(0, start, start + bytes);
}

/**
 * Bytes are drawn 4 KiB at a time (0.5 us a call instead of 5 us) and wiped from the pool as they are handed out.
 *
 * @returns where in the pool they start
 */
function draw(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}
