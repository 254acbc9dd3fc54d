/** How coarse a length shows: everything is padded to a multiple of it, in bytes. */
const STEP = 64;

const MARK = 0x80;

/**
 * Appends a mark and zeros up to the next step.
 *
 * @returns a copy; one byte longer at least
 * @see ISO/IEC 7816-4, padding
 */
export function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil((bytes.length + 1) / STEP) * STEP);
  whole.set(bytes);
  whole[bytes.length] = MARK;
  return whole;
}

/**
 * Takes the padding off.
 *
 * @returns a view of the same bytes; `undefined` when they were not padded
 */
export function unpadded(bytes: Uint8Array): Uint8Array | undefined {
  const end = bytes.lastIndexOf(MARK);
  const isPadded = end >= 0 && bytes.subarray(end + 1).every((byte) => byte === 0);
  return isPadded ? bytes.subarray(0, end) : undefined;
}
