import { isThenable } from '../common/is-thenable.js';

/**
 * Calls the function that was given to `update()`.
 *
 * @throws {TypeError} when it returns a promise: what it would do later could not be stored atomically
 */
export function applyChange<Data extends object>(change: (data: Data) => unknown, data: Data): void {
  const result = change(data);
  if (!isThenable(result)) return;
  result.then(undefined, () => {});
  throw new TypeError('Cannot update session: the function must change the data synchronously, it returned a promise');
}
