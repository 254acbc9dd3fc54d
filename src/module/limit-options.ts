import type { PrincipalLimit } from '../tracker/principals.js';
import { assertKnownKeys, at, objectAt, oneOf, outOfRange, type OptionPath } from './option-checks.js';
import type { LimitOptions } from './sessions-options.js';

const OPTIONS = ['perPrincipal', 'onExceeded'] as const satisfies readonly (keyof LimitOptions)[];

/**
 * Checks how many sessions a principal may have.
 *
 * @returns `undefined` for any number
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function limitOf(given: LimitOptions | undefined, path: OptionPath): PrincipalLimit | undefined {
  if (given === undefined) return undefined;
  const options = objectAt(given, path);
  assertKnownKeys(options, OPTIONS, path);
  const { perPrincipal, onExceeded = 'evictOldest' } = options;
  if (perPrincipal === undefined || !Number.isSafeInteger(perPrincipal) || perPrincipal < 1) {
    throw outOfRange(at(path, 'perPrincipal'), 'must be a positive integer', perPrincipal);
  }
  const policy = oneOf(onExceeded, ['evictOldest', 'reject'] as const, at(path, 'onExceeded'));
  return Object.freeze({ perPrincipal, onExceeded: policy });
}
