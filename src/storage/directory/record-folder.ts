import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { SessionStorageError } from '../../errors.js';
import { list, makeFolder, open, READ, remove, removeFolder, rename, succeeds, syncFolder, unless } from './files.js';
import { isLeftover, markNamed, type Mark } from './mark.js';
import { assertNoLink } from './real-folder.js';
import type { StagedFile } from './staged-file.js';

/** How often a folder is looked at that changes under the look each time. */
const LOOKS = 100;

/** What says that a folder is in use already: by its code, as systems differ. */
const OCCUPIED = ['EEXIST', 'ENOTEMPTY', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])];

/**
 * The folder of one record: an empty file, the mark, whose name is the record's state, and a file of bytes.
 *
 * Every change of state is one call on the mark, which the file system does for exactly one of all who try, in whatever
 * process, however long they stood still before: a rename from the name that one has seen to a new one; or its removal, which
 * ends the record. For a name is random and never comes back. A record begins when its finished folder is moved to its place,
 * which is refused while anything stands there. So nothing in here is locked, and nobody waits for a process that is gone.
 *
 * A folder without a mark is no record, and will not be one: what lies in it is left over.
 */
export class RecordFolder {
  readonly #path: string;

  /** @param path as it is, without symbolic links above it */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @returns the mark of the record as it is now; `undefined` when there is none
   * @throws {SessionStorageError}
   */
  async mark(): Promise<Mark | undefined> {
    const [mark] = await Promise.all([this.listedMark(), this.#isThere()]);
    return mark;
  }

  /**
   * The same for a folder that was listed as one just now, and is no symbolic link therefore.
   *
   * @throws {SessionStorageError}
   */
  async listedMark(): Promise<Mark | undefined> {
    for (let looks = 0; looks < LOOKS; looks++) {
      const marks = marksIn(await this.#names());
      if (marks.length < 2) return marks[0];
      // It was renamed under the look, so that both names were seen
      await setImmediate();
    }
    throw new SessionStorageError('Cannot read session folder: it changes all the time, or has several marks');
  }

  /**
   * Opens the bytes of a state.
   *
   * @returns a file descriptor, the caller's to close; `undefined` when that state is over
   */
  async open({ bytesName }: Mark): Promise<number | undefined> {
    return unless(open(join(this.#path, bytesName), READ), 'ENOENT');
  }

  /**
   * Puts a new state in the place of one that was seen.
   *
   * @returns whether that was still the state; else nothing has changed
   */
  async replace(seen: Mark, next: Mark, bytes: StagedFile, durable: boolean): Promise<boolean> {
    if (!(await this.#isThere()) || !(await bytes.moveTo(join(this.#path, next.bytesName)))) return false;
    if (!(await succeeds(rename(join(this.#path, seen.name), join(this.#path, next.name)), 'ENOENT'))) return false;
    // From here on it has happened: nobody may take the bytes away
    bytes.keep();
    if (durable) await syncFolder(this.#path);
    await this.#removeQuietly(seen.bytesName);
    return true;
  }

  /**
   * Begins a record.
   *
   * @param folder a finished one, with mark and these bytes
   * @returns whether there was room for it; else something stands there, a record or what is left of one
   */
  async begin(folder: string, bytes: StagedFile, durable: boolean): Promise<boolean> {
    const above = dirname(this.#path);
    if (!(await succeeds(assertNoLink(above), 'ENOENT'))) {
      await makeFolder(above, durable);
      await assertNoLink(above);
    }
    if (!(await succeeds(rename(folder, this.#path), ...OCCUPIED))) return false;
    bytes.keep();
    if (durable) await syncFolder(above);
    return true;
  }

  /**
   * Ends the record.
   *
   * @returns whether it was still in the state that was seen; else nothing has changed
   */
  async end(seen: Mark, durable: boolean): Promise<boolean> {
    if (!(await succeeds(remove(join(this.#path, seen.name)), 'ENOENT'))) return false;
    if (durable) await unless(syncFolder(this.#path), 'ENOENT');
    await this.#removeQuietly(seen.bytesName);
    await this.#vanish();
    return true;
  }

  /** Removes what is left of a record that has no mark. Does nothing to one that has. */
  async clear(): Promise<void> {
    const names = await this.#names();
    if (marksIn(names).length > 0) return;
    // By their names, which a record that begins here meanwhile does not have
    for (const name of names) await unless(remove(join(this.#path, name)), 'ENOENT');
    await this.#vanish();
  }

  /** Removes what killed writers have left beside a living record. */
  async tidy(): Promise<void> {
    // A long list may have begun before its end was written: what it calls a leftover must be one in the next list, too
    const candidates = await this.#leftovers();
    if (candidates.length === 0) return;
    const again = new Set(await this.#leftovers());
    for (const name of candidates) if (again.has(name)) await this.#removeQuietly(name);
  }

  async #leftovers(): Promise<readonly string[]> {
    const names = await this.#names();
    const [mark, another] = marksIn(names);
    return mark === undefined || another !== undefined ? [] : names.filter((name) => isLeftover(name, mark));
  }

  /** What is in it now; nothing when it is missing. */
  async #names(): Promise<readonly string[]> {
    return (await unless(list(this.#path), 'ENOENT')) ?? [];
  }

  /** @throws {SessionStorageError} when a symbolic link stands in its place */
  #isThere(): Promise<boolean> {
    return succeeds(assertNoLink(this.#path), 'ENOENT');
  }

  /** What is over is swept later if it can not be removed now. */
  async #removeQuietly(name: string): Promise<void> {
    await remove(join(this.#path, name)).catch(() => {});
  }

  /** Removes the folder if nothing is in it: a record that began here meanwhile stays. */
  async #vanish(): Promise<void> {
    await removeFolder(this.#path).catch(() => {});
  }
}

function marksIn(names: readonly string[]): readonly Mark[] {
  return names.map(markNamed).filter((mark) => mark !== undefined);
}
