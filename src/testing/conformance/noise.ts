/**
 * Makes bytes without a pattern: the same ones each time.
 *
 * @param length in bytes
 * @param seed others for another one
 */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
