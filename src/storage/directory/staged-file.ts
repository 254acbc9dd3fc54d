import { SessionStorageError } from '../../errors.js';
import { lastWritten, remove, rename, succeeds, unless } from './files.js';

/** A finished file on its way to its place. */
export class StagedFile {
  #path: string;
  #kept = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Moves it.
   *
   * @returns whether it is there now; `false` when the folder is missing
   * @throws {SessionStorageError} when it was removed, as a leftover: whoever wrote it stood still for too long
   */
  async moveTo(path: string): Promise<boolean> {
    const moved = await succeeds(rename(this.#path, path), 'ENOENT');
    if (moved) this.#path = path;
    else if ((await lastWritten(this.#path)) === undefined) {
      throw new SessionStorageError('Cannot store session: what was written of it is gone');
    }
    return moved;
  }

  /** Says that it is a record's now. */
  keep(): void {
    this.#kept = true;
  }

  /** Removes it, unless it was kept. */
  async discard(): Promise<void> {
    if (!this.#kept) await unless(remove(this.#path), 'ENOENT');
  }
}
