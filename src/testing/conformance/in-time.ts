import assert from 'node:assert/strict';

/** How long a call may take that has nothing to wait for, in milliseconds of the machine. */
const PATIENCE = 2_000;

/**
 * Fails in the place of a call that never ends: not every test runner has a limit of its own.
 *
 * @throws {AssertionError} after two seconds
 */
export async function inTime<R>(call: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: 'the call hangs' })), PATIENCE);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
