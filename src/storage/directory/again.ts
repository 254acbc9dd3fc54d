import { SessionStorageError } from '../../errors.js';

/** How often somebody begins anew because others were faster each time. */
const TRIES = 100;

/**
 * Tries until nobody else is faster.
 *
 * @param attempt resolves to `undefined` when it is to be tried again
 * @param failure what is said when others were faster a hundred times
 * @throws {SessionStorageError} then
 */
export async function again<R>(
  attempt: () => Promise<R | undefined>,
  failure = 'Cannot use session folder: others change the record all the time',
): Promise<R> {
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new SessionStorageError(failure);
}
