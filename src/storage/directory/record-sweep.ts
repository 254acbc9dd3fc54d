import type { SweepOptions } from '../session-storage.js';
import { tellExpired } from '../tell-expired.js';
import { idIn, idLineLength } from './id-line.js';
import { LentFile } from './lent-file.js';
import type { Mark } from './mark.js';
import type { RecordFolder } from './record-folder.js';
import type { RecordFolders } from './record-folders.js';

/** How many records one slice looks at. */
const SLICE = 1000;
/** How many of them at once. */
const AT_ONCE = 16;

/**
 * Goes around all records, slice by slice, and ends what has expired.
 *
 * Names spread ids evenly, so a slice is a sample: when nothing in it has expired, little has anywhere, and whoever asks for
 * slices until one removes nothing keeps what is expired below about a thousandth, at the price of one slice.
 *
 * @see Redis, which samples its keys in the same way: https://redis.io/docs/latest/commands/expire/ (how keys expire)
 */
export class RecordSweep {
  readonly #folders: RecordFolders;
  #round: AsyncGenerator<RecordFolder> | undefined;

  constructor(folders: RecordFolders) {
    this.#folders = folders;
  }

  /**
   * Looks at the next 1,000 records, or at all where there are fewer.
   *
   * @param now milliseconds since the epoch
   * @returns how many it has ended
   */
  async slice(now: number, options: SweepOptions): Promise<number> {
    let ended = 0;
    // The rest of a round that was begun, and the beginning of the next
    for (let rounds = this.#round === undefined ? 1 : 2, left = SLICE; rounds > 0 && left > 0;) {
      const folders = await this.#next(Math.min(left, AT_ONCE));
      if (folders.length === 0) rounds--;
      left -= folders.length;
      const results = await Promise.all(folders.map((folder) => sweep(folder, now, options)));
      ended += results.filter(Boolean).length;
    }
    return ended;
  }

  /** The next few folders; none at the end of a round. */
  async #next(count: number): Promise<readonly RecordFolder[]> {
    this.#round ??= this.#folders.all();
    const folders: RecordFolder[] = [];
    while (folders.length < count) {
      const next = await this.#round.next();
      if (next.done === true) {
        if (folders.length === 0) this.#round = undefined;
        return folders;
      }
      folders.push(next.value);
    }
    return folders;
  }
}

/** @returns whether a record was ended: one that was renewed meanwhile is not */
async function sweep(folder: RecordFolder, now: number, options: SweepOptions): Promise<boolean> {
  const mark = await folder.listedMark();
  if (mark === undefined) await folder.clear();
  else if (mark.expiresAt <= now) return end(folder, mark, options);
  else await folder.tidy();
  return false;
}

/** Ends a record, and tells of it if somebody asks. */
async function end(folder: RecordFolder, mark: Mark, options: SweepOptions): Promise<boolean> {
  // Opened before it ends: from then on another process may clear its folder
  const descriptor = options.onExpired && (await folder.open(mark).catch(() => undefined));
  if (descriptor === undefined) return folder.end(mark, false);
  const id = await idIn(descriptor).catch(() => undefined);
  const stream = new LentFile(descriptor, id === undefined ? 0 : idLineLength(id));
  try {
    const ended = await folder.end(mark, false);
    if (ended && id !== undefined) await tellExpired(options, id, stream);
    return ended;
  } finally {
    await stream.close();
  }
}
