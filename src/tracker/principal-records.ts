import type { Clock } from '../common/clock.js';
import { SessionConflictError, SessionDecodeError } from '../errors.js';
import { isOver } from '../session/expiry.js';
import type { PrincipalEntry } from '../storage/principals/principal-index.js';
import { endedRecord } from './next-record.js';
import type { KnownRecord, Records } from './records.js';

/** What has to be known of a kind of session to tell whose its records are. */
export interface PrincipalRecordsSettings {
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds after which conflicts are not tried again. */
  readonly storageTimeout: number;
}

/**
 * How long an entry may be without its record, in milliseconds: it is added first. A record that comes later all the same is ended
 * by who writes it, since then its entry is gone.
 */
const PHANTOM_AGE = 60_000;

/** Records of sessions of one name as their principal may see and end them: an index only says where to look. */
export class PrincipalRecords {
  readonly #records: Records;
  readonly #settings: PrincipalRecordsSettings;

  constructor(records: Records, settings: PrincipalRecordsSettings) {
    this.#records = records;
    this.#settings = settings;
  }

  /**
   * Looks for the record of an entry, past every cache.
   *
   * @returns `'phantom'` when the entry has none, and will have none; `'missing'` when it may get one
   * @throws {SessionStorageError}
   */
  async of({ id, age }: PrincipalEntry, principal: string): Promise<KnownRecord | 'phantom' | 'missing'> {
    const { clock } = this.#settings;
    const record = await this.#read(id);
    if (record !== undefined && isOver(record.header, clock.now())) return 'phantom';
    return this.#theirs(record, principal) ?? (age > PHANTOM_AGE ? 'phantom' : 'missing');
  }

  /**
   * Ends a record.
   *
   * @returns whether this call has; else there was none of the principal's
   * @throws {SessionConflictError} when others change it all the time
   * @throws {SessionStorageError}
   */
  async end(id: string, principal: string): Promise<boolean> {
    const { clock, storageTimeout } = this.#settings;
    const giveUpAt = clock.now() + storageTimeout;
    do {
      const record = this.#theirs(await this.#read(id), principal);
      if (record === undefined || isOver(record.header, clock.now())) return false;
      const { written } = await this.#records.write(id, endedRecord(record), { version: record.version });
      if (written) return true;
    } while (clock.now() < giveUpAt);
    throw new SessionConflictError('Cannot end session: others change it all the time', { id });
  }

  /** What is not a record is none. */
  async #read(id: string): Promise<KnownRecord | undefined> {
    try {
      return await this.#records.read(id, true);
    } catch (error) {
      if (error instanceof SessionDecodeError) return undefined;
      throw error;
    }
  }

  #theirs(record: KnownRecord | undefined, principal: string): KnownRecord | undefined {
    const isTheirs = record?.header.name === this.#settings.name && record.header.principal === principal;
    return isTheirs ? record : undefined;
  }
}
