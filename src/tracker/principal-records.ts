import type { Clock } from '../common/clock.js';
import { SessionConflictError, SessionDecodeError } from '../errors.js';
import { isOver } from '../session/expiry.js';
import { endedRecord } from './next-record.js';
import type { KnownRecord, Records } from './records.js';

/** What has to be known of a kind of session to tell whose its records are. */
export interface PrincipalRecordsSettings {
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds after which conflicts are not tried again. */
  readonly storageTimeout: number;
}

/** Records of sessions of one name as their principal may see and end them: an index only says where to look. */
export class PrincipalRecords {
  readonly #records: Records;
  readonly #settings: PrincipalRecordsSettings;

  constructor(records: Records, settings: PrincipalRecordsSettings) {
    this.#records = records;
    this.#settings = settings;
  }

  /**
   * Reads a record, past every cache.
   *
   * @returns `undefined` when there is none, it is over, or it is not the principal's
   * @throws {SessionStorageError}
   */
  async find(id: string, principal: string): Promise<KnownRecord | undefined> {
    const { name, clock } = this.#settings;
    try {
      const record = await this.#records.read(id, true);
      const isTheirs = record?.header.name === name && record.header.principal === principal;
      return isTheirs && !isOver(record.header, clock.now()) ? record : undefined;
    } catch (error) {
      if (error instanceof SessionDecodeError) return undefined;
      throw error;
    }
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
      const record = await this.find(id, principal);
      if (record === undefined) return false;
      const { written } = await this.#records.write(id, endedRecord(record), { version: record.version });
      if (written) return true;
    } while (clock.now() < giveUpAt);
    throw new SessionConflictError('Cannot end session: others change it all the time', { id });
  }
}
