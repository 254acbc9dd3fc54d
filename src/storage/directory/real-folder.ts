import { SessionStorageError } from '../../errors.js';
import { realPath } from './files.js';

/**
 * Makes sure that no folder of a path is a symbolic link, which somebody may have planted to have records read or written
 * elsewhere.
 *
 * @param path a real path but for what is checked
 * @throws {SessionStorageError} when there is a link, or nothing
 */
export async function assertNoLink(path: string): Promise<void> {
  if ((await realPath(path)) !== path) {
    throw new SessionStorageError('Cannot use session folder: a symbolic link stands in its place');
  }
}
