import { hash } from 'node:crypto';
import { join } from 'node:path';
import { listTyped, succeeds, unless } from './files.js';
import { assertNoLink } from './real-folder.js';
import { RecordFolder } from './record-folder.js';

/** How many hex digits of a record's name say in which folder its own stands: 256 folders. */
const FAN_OUT_DIGITS = 2;

/**
 * Where the folders of records stand, fanned out.
 *
 * A folder is named after the SHA-256 of its id in hex: of one length for every id, spread evenly, and the same to file systems
 * that do not tell upper case from lower.
 */
export class RecordFolders {
  readonly #path: string;

  /** @param path as it is, without symbolic links above it */
  constructor(path: string) {
    this.#path = path;
  }

  /** The folder of an id's record, whether or not it is there. */
  of(id: string): RecordFolder {
    return new RecordFolder(this.pathOf(id));
  }

  /** Where that is. */
  pathOf(id: string): string {
    const name = hash('sha256', id, 'hex');
    return join(this.#path, name.slice(0, FAN_OUT_DIGITS), name);
  }

  /**
   * The folders that stand here now, those of one fan-out folder after the other.
   *
   * @throws {SessionStorageError} when a symbolic link stands in the place of them all
   */
  async *all(): AsyncGenerator<RecordFolder> {
    if (!(await succeeds(assertNoLink(this.#path), 'ENOENT'))) return;
    for (const above of await foldersIn(this.#path)) {
      for (const path of await foldersIn(above)) yield new RecordFolder(path);
    }
  }
}

/** Real folders alone: whatever else somebody has put there, links among it, is not ours. */
async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = (await unless(listTyped(path), 'ENOENT')) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}
