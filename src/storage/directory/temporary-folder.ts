import { join } from 'node:path';
import { chunksWithin, type ByteBounds, type ByteStream } from '../../common/byte-stream.js';
import { randomText } from '../../common/random.js';
import {
  close,
  lastWritten,
  list,
  listTyped,
  makeFolder,
  makeNewFolder,
  open,
  remove,
  removeFolder,
  rename,
  succeeds,
  sync,
  syncFolder,
  unless,
  WRITE_NEW,
  writeOn,
} from './files.js';
import type { Mark } from './mark.js';
import { MarkFiles } from './mark-files.js';
import { assertNoLink } from './real-folder.js';
import { StagedFile } from './staged-file.js';

/**
 * How long something may lie here untouched before it counts as a killed writer's, in milliseconds. Who only stood still for
 * that long fails when it goes on, since it can not move what is gone.
 */
const LEFTOVER_AGE = 3_600_000;
/** How many leftovers one sweep removes at most. */
const SLICE = 1000;
const NAME_BYTES = 12;
/** The empty file that all marks are names of; no temporary name has four characters. */
const MARK = 'mark';

/** Where everything is written before it is put in place: beside the records, on the same file system. */
export class TemporaryFolder {
  readonly #path: string;
  readonly #durable: boolean;
  readonly #marks: MarkFiles;
  #made = false;

  constructor(path: string, durable: boolean) {
    this.#path = path;
    this.#durable = durable;
    this.#marks = new MarkFiles(join(path, MARK));
  }

  /**
   * Writes a source to a file of its own, piece by piece.
   *
   * @param head what stands in front of it
   * @throws whatever the source throws, or its bounds; then nothing is left of it
   */
  async stage(head: Uint8Array, source: ByteStream, bounds: ByteBounds): Promise<StagedFile> {
    const path = this.#newPath();
    const descriptor = await this.#create(path);
    const staged = new StagedFile(path);
    try {
      try {
        let front: Uint8Array | undefined = head;
        for await (const chunk of chunksWithin(source, bounds)) {
          // One call for both: most records are one piece
          await writeAll(descriptor, front === undefined ? chunk : Buffer.concat([front, chunk]));
          front = undefined;
        }
        if (front !== undefined) await writeAll(descriptor, front);
        if (this.#durable) await sync(descriptor);
      } finally {
        await close(descriptor);
      }
    } catch (error) {
      await staged.discard();
      throw error;
    }
    return staged;
  }

  /**
   * Lays out the folder of a new record: its mark and its bytes, which stay the caller's.
   *
   * @returns the folder's path, the caller's to move or to take apart
   */
  async assemble(mark: Mark, bytes: StagedFile): Promise<string> {
    const folder = this.#newPath();
    await makeNewFolder(folder);
    try {
      await Promise.all([bytes.moveTo(join(folder, mark.bytesName)), this.#marks.make(join(folder, mark.name))]);
      if (this.#durable) await syncFolder(folder);
    } catch (error) {
      await this.#removeAll(folder);
      throw error;
    }
    return folder;
  }

  /** Takes the bytes out of what `assemble()` made, and removes the rest. */
  async takeApart(folder: string, bytes: StagedFile): Promise<void> {
    await bytes.moveTo(this.#newPath());
    await this.#removeAll(folder);
  }

  /** Removes what killed writers have left. */
  async sweep(): Promise<void> {
    // By the clock that the file system has: another one may have gone on while that was set back
    const now = Date.now();
    const entries = (await unless(listTyped(this.#path), 'ENOENT')) ?? [];
    for (const entry of entries.slice(0, SLICE)) {
      if (entry.name === MARK) continue;
      const path = join(this.#path, entry.name);
      const written = await lastWritten(path);
      if (written === undefined || now - written < LEFTOVER_AGE) continue;
      if (entry.isDirectory()) await this.#take(path);
      else await unless(remove(path), 'ENOENT');
    }
  }

  /** Under another name first: its writer, if it goes on, must find all of it or nothing. */
  async #take(folder: string): Promise<void> {
    const path = this.#newPath();
    if (await succeeds(rename(folder, path), 'ENOENT')) await this.#removeAll(path);
  }

  async #removeAll(folder: string): Promise<void> {
    for (const name of (await unless(list(folder), 'ENOENT')) ?? []) await unless(remove(join(folder, name)), 'ENOENT');
    await unless(removeFolder(folder), 'ENOENT');
  }

  async #create(path: string): Promise<number> {
    if (!this.#made) await this.#make();
    const descriptor = await unless(open(path, WRITE_NEW), 'ENOENT');
    if (descriptor !== undefined) return descriptor;
    await this.#make();
    return open(path, WRITE_NEW);
  }

  async #make(): Promise<void> {
    await makeFolder(this.#path, this.#durable);
    await assertNoLink(this.#path);
    this.#made = true;
  }

  #newPath(): string {
    return join(this.#path, randomText(NAME_BYTES));
  }
}

async function writeAll(descriptor: number, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await writeOn(descriptor, chunk, at)).bytesWritten;
}
