import assert from 'node:assert/strict';

/**
 * Compares bytes without quoting them: what differs may be long, and an assertion that prints it takes minutes.
 *
 * @param expected `undefined`: there shall be none
 * @throws {AssertionError} when they differ
 */
export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array | undefined): void {
  const isSame =
    actual === undefined || expected === undefined ? actual === expected : Buffer.compare(actual, expected) === 0;
  assert.ok(isSame, `read ${told(actual)}, expected ${told(expected)}`);
}

function told(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'nothing';
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return `${bytes.length} bytes${bytes.length > 0 ? ` that begin with ${start}` : ''}`;
}
