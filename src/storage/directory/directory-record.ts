import { assertNotAborted, type ByteBounds, type ByteStream } from '../../common/byte-stream.js';
import type { Clock } from '../../common/clock.js';
import type { WriteOptions, WriteResult } from '../session-storage.js';
import { again } from './again.js';
import { idLine, idLineLength } from './id-line.js';
import { LentFile } from './lent-file.js';
import { markAfter, markNamed, type Mark } from './mark.js';
import type { RecordFolder } from './record-folder.js';
import type { StagedFile } from './staged-file.js';
import type { TemporaryFolder } from './temporary-folder.js';

/** The bytes of a record's state, open to be read. */
interface OpenRecord {
  readonly mark: Mark;
  readonly descriptor: number;
}

/** What is lent of a record. */
export interface LentRecord {
  readonly stream: LentFile;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What the storage contract says of one record, in terms of its folder. */
export class DirectoryRecord {
  readonly #id: string;
  readonly #folder: RecordFolder;
  readonly #temporary: TemporaryFolder;
  readonly #durable: boolean;
  readonly #clock: Clock;

  constructor(id: string, folder: RecordFolder, temporary: TemporaryFolder, durable: boolean, clock: Clock) {
    this.#id = id;
    this.#folder = folder;
    this.#temporary = temporary;
    this.#durable = durable;
    this.#clock = clock;
  }

  /** Lends it to `consumer`; `undefined`, without calling it, when there is nothing or it has expired. */
  async read<R>(consumer: (record: LentRecord) => Promise<R>): Promise<R | undefined> {
    const opened = await this.#open();
    if (opened === undefined) return undefined;
    const { mark, descriptor } = opened;
    const stream = new LentFile(descriptor, idLineLength(this.#id));
    try {
      return await consumer({ stream, version: mark.name, expiresAt: mark.expiresAt });
    } finally {
      await stream.close();
    }
  }

  /** Stores what `source` yields, within bounds. */
  async write(source: ByteStream, bounds: ByteBounds, options: WriteOptions): Promise<WriteResult> {
    const bytes = await this.#temporary.stage(idLine(this.#id), source, bounds);
    try {
      assertNotAborted(bounds.signal);
      return await this.#put(bytes, options);
    } finally {
      await bytes.discard();
    }
  }

  /** Opens its bytes, which are the caller's to close; `undefined` when there is nothing, or it has expired. */
  async #open(): Promise<OpenRecord | undefined> {
    let seen: Mark | undefined;
    const opened = await again(async () => {
      const mark = await this.#living();
      // A mark that nobody has replaced, without its bytes, is broken: no record
      if (mark === undefined || mark.name === seen?.name) return 'nothing';
      seen = mark;
      const descriptor = await this.#folder.open(mark);
      return descriptor === undefined ? undefined : { mark, descriptor };
    });
    return opened === 'nothing' ? undefined : opened;
  }

  /** Stores bytes that are written already. */
  async #put(bytes: StagedFile, { expect, expiresAt }: WriteOptions): Promise<WriteResult> {
    if (expect === undefined) {
      return again(async () => {
        const mark = await this.#folder.mark();
        return mark === undefined ? this.#begin(bytes, expiresAt) : this.#follow(mark, bytes, expiresAt);
      });
    }
    if (expect === 'absent') {
      return again(async () => (await this.#begin(bytes, expiresAt)) ?? this.#makeWay());
    }
    const seen = markNamed(expect.version);
    const result = this.#lives(seen) ? await this.#follow(seen, bytes, expiresAt) : undefined;
    return result ?? refused(await this.#living());
  }

  /** Ends the record, on a write's conditions. */
  async end({ expect }: Pick<WriteOptions, 'expect'>): Promise<WriteResult> {
    return again(async () => {
      const mark = await this.#living();
      if (expect === 'absent' && mark !== undefined) return { written: false, reason: 'exists' };
      if (typeof expect === 'object' && mark?.name !== expect.version) return refused(mark);
      if (mark === undefined || (await this.#folder.end(mark, this.#durable))) return { written: true };
      return undefined;
    });
  }

  /**
   * Removes the record, whatever its state.
   *
   * @returns whether there was one that had not expired
   */
  invalidate(): Promise<boolean> {
    return again(async () => {
      const mark = await this.#folder.mark();
      if (mark === undefined) return false;
      return (await this.#folder.end(mark, this.#durable)) ? this.#lives(mark) : undefined;
    });
  }

  /** @returns `undefined` when something stands there: a record, or what is left of one */
  async #begin(bytes: StagedFile, expiresAt: number): Promise<WriteResult | undefined> {
    const mark = markAfter(undefined, expiresAt);
    const finished = await this.#temporary.assemble(mark, bytes);
    if (await this.#folder.begin(finished, bytes, this.#durable)) return { written: true, version: mark.name };
    await this.#temporary.takeApart(finished, bytes);
    await this.#folder.clear();
    return undefined;
  }

  /** @returns `undefined` when the state that was seen is over */
  async #follow(seen: Mark, bytes: StagedFile, expiresAt: number): Promise<WriteResult | undefined> {
    const next = markAfter(seen, expiresAt);
    return (await this.#folder.replace(seen, next, bytes, this.#durable))
      ? { written: true, version: next.name }
      : undefined;
  }

  /** Ends what stands in a new record's way if it has expired; else says so. */
  async #makeWay(): Promise<WriteResult | undefined> {
    const mark = await this.#folder.mark();
    if (this.#lives(mark)) return { written: false, reason: 'exists' };
    if (mark !== undefined) await this.#folder.end(mark, false);
    return undefined;
  }

  async #living(): Promise<Mark | undefined> {
    const mark = await this.#folder.mark();
    return this.#lives(mark) ? mark : undefined;
  }

  #lives(mark: Mark | undefined): mark is Mark {
    return mark !== undefined && mark.expiresAt > this.#clock.now();
  }
}

/** Why a write that expects a version is refused. */
function refused(living: Mark | undefined): WriteResult {
  return { written: false, reason: living === undefined ? 'missing' : 'conflict' };
}
