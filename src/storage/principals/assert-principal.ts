import { isStorageId } from '../assert-storage-id.js';

/**
 * Guards an index's methods against what is no principal.
 *
 * @throws {TypeError} without quoting it: it may be anything
 */
export function assertPrincipal(principal: string): void {
  if (!isStorageId(principal)) {
    throw new TypeError('Cannot use principal: it must be 1 to 255 characters of [A-Za-z0-9_-]');
  }
}
