import { join } from 'node:path';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { assertNotAborted, chunksWithin, type ByteStream } from '../../common/byte-stream.js';
import { abortNoticeOf } from '../../common/call-abortion.js';
import { assertStorageId } from '../assert-storage-id.js';
import type { PrincipalIndex } from '../principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from '../session-storage.js';
import {
  directoryStorageSettings,
  type DirectoryStorageOptions,
  type DirectoryStorageSettings,
  type InjectedDirectoryStorageOptions,
} from './directory-storage-options.js';
import { DirectoryPrincipals } from './directory-principals.js';
import { DirectoryRecord } from './directory-record.js';
import { makeFolder, realPath, unless } from './files.js';
import { PrincipalFile } from './principal-file.js';
import { RecordFolders } from './record-folders.js';
import { RecordSweep } from './record-sweep.js';
import { TemporaryFolder } from './temporary-folder.js';

/** Injects the options of a `DirectoryStorage` that is given as a class, its folder among them. */
export const DIRECTORY_STORAGE_OPTIONS = Symbol('nest-sessions:DIRECTORY_STORAGE_OPTIONS');

/** What stands in the folder. */
interface Contents {
  readonly records: RecordFolders;
  /** What is kept of a principal is a record, too, of its own kind. */
  readonly principals: RecordFolders;
  readonly temporary: TemporaryFolder;
  readonly sweep: RecordSweep;
  readonly sweepOfPrincipals: RecordSweep;
}

/**
 * Keeps records in plain files of a local file system, for all processes of one machine.
 *
 * A record is written aside and put in place in one step, so that a process may be killed at any instant: there is the old
 * record or the new one. Its writes are conditional between processes, by that step and without locks. Reading makes nothing,
 * and neither does starting. Folders have mode 0700, files 0600. `RecordFolder` says how.
 */
@Injectable()
export class DirectoryStorage extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #settings: DirectoryStorageSettings;
  readonly #principals: DirectoryPrincipals;
  #found: Contents | undefined;

  /**
   * @param path the folder, of this storage alone; made when the first record is written. Or all options, as they are injected
   * @throws {TypeError | RangeError} when an option is wrong, or the folder can be neither used nor made
   */
  constructor(
    @Optional() @Inject(DIRECTORY_STORAGE_OPTIONS) path: string | InjectedDirectoryStorageOptions,
    options: DirectoryStorageOptions = {},
  ) {
    super();
    this.#settings = directoryStorageSettings(path, options);
    this.#principals = new DirectoryPrincipals(
      (principal, isWritten) => this.#fileOf(principal, isWritten),
      this.#settings.clock,
    );
  }

  override get principals(): PrincipalIndex {
    return this.#principals;
  }

  async read<R>(
    id: string,
    consumer: (entry: StoredEntry) => Promise<R>,
    options?: ReadOptions,
  ): Promise<R | undefined> {
    assertStorageId(id);
    assertNotAborted(abortNoticeOf(options));
    return this.#recordOf(id, await this.#contents()).read(consumer);
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    const bounds = { maxBytes: this.#settings.maxBytes, signal: abortNoticeOf(options) };
    if (!(options.expiresAt > this.#settings.clock.now())) {
      for await (const chunk of chunksWithin(source, bounds)) void chunk;
      return this.#recordOf(id, await this.#contents()).end(options);
    }
    return this.#recordOf(id, await this.#made()).write(source, bounds, options);
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    return this.#recordOf(id, await this.#contents()).invalidate();
  }

  /**
   * Looks at 1,000 records at the most, at as many principals, and at what killed writers have left: see `RecordSweep`.
   *
   * @returns how many records it removed; principals do not count
   */
  override async sweep(options: SweepOptions = {}): Promise<number> {
    const { temporary, sweep, sweepOfPrincipals } = await this.#contents();
    await temporary.sweep();
    const now = this.#settings.clock.now();
    const removed = await sweep.slice(now, options);
    await sweepOfPrincipals.slice(now, {});
    return removed;
  }

  #recordOf(id: string, { records, temporary }: Contents): DirectoryRecord {
    return this.#record(id, records, temporary);
  }

  async #fileOf(principal: string, isWritten: boolean): Promise<PrincipalFile> {
    const { principals, temporary } = await (isWritten ? this.#made() : this.#contents());
    return new PrincipalFile(principals.pathOf(principal), this.#record(principal, principals, temporary));
  }

  #record(id: string, folders: RecordFolders, temporary: TemporaryFolder): DirectoryRecord {
    const { durable, clock } = this.#settings;
    return new DirectoryRecord(id, folders.of(id), temporary, durable, clock);
  }

  /** What stands in the folder, or will: it may not be there yet. */
  async #contents(): Promise<Contents> {
    if (this.#found !== undefined) return this.#found;
    const { path, durable } = this.#settings;
    const root = await unless(realPath(path), 'ENOENT');
    const records = new RecordFolders(join(root ?? path, 'records'));
    const principals = new RecordFolders(join(root ?? path, 'principals'));
    const temporary = new TemporaryFolder(join(root ?? path, 'temporary'), durable);
    const contents = {
      records,
      principals,
      temporary,
      sweep: new RecordSweep(records),
      sweepOfPrincipals: new RecordSweep(principals),
    };
    // Until it is there nobody knows its real path
    return root === undefined ? contents : (this.#found ??= contents);
  }

  async #made(): Promise<Contents> {
    if (this.#found === undefined) await makeFolder(this.#settings.path, this.#settings.durable);
    return this.#contents();
  }
}
