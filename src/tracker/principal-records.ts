import type { Clock } from '../common/clock.js';
import { SessionConflictError } from '../errors.js';
import { isOver } from '../session/expiry.js';
import type { PrincipalEntry } from '../storage/principals/principal-index.js';
import { endedRecord } from './next-record.js';
import type { KnownRecord, Records } from './records.js';
import type { SessionEvent } from './session-event.js';
import type { SessionIndex } from './session-index.js';

/** What has to be known of a kind of session to tell whose its records are. */
export interface PrincipalRecordsSettings {
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds after which conflicts are not tried again. */
  readonly storageTimeout: number;
  /** Is told of sessions that were ended. */
  observe(event: Pick<SessionEvent, 'type' | 'id'>): void;
}

/**
 * How long an entry may be without its record, in milliseconds: it is added first. A record that comes later all the same is ended
 * by who writes it, since then its entry is gone.
 */
const PHANTOM_AGE = 60_000;

/**
 * Records of sessions of one name as their principal may see and end them: an index only says where to look.
 *
 * No record may live that is theirs and has no entry. Who writes one looks for its entry afterwards; so who removes an entry
 * looks for a record afterwards, and ends it: one of the two finds out.
 */
export class PrincipalRecords {
  readonly #index: SessionIndex;
  readonly #records: Records;
  readonly #settings: PrincipalRecordsSettings;

  constructor(index: SessionIndex, records: Records, settings: PrincipalRecordsSettings) {
    this.#index = index;
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
    const record = await this.#records.find(id);
    if (record !== undefined && isOver(record.header, clock.now())) return 'phantom';
    return this.#theirs(record, principal) ?? (age > PHANTOM_AGE ? 'phantom' : 'missing');
  }

  /**
   * Ends a record, and leaves its entry.
   *
   * @returns whether this call has; else there was none of the principal's
   * @throws {SessionConflictError} when others change it all the time
   * @throws {SessionStorageError}
   */
  async end(principal: string, id: string): Promise<boolean> {
    const isEnded = await this.#end(principal, id);
    if (isEnded) this.#settings.observe({ type: 'destroyed', id });
    return isEnded;
  }

  /**
   * Ends a record, and then removes its entry: until that is done, nobody takes its place.
   *
   * @param isKnown whether somebody was told of the session, who has to be told of its end
   * @throws {SessionConflictError} when others change it all the time
   * @throws {SessionStorageError}
   */
  async remove(principal: string, id: string, isKnown: boolean): Promise<void> {
    const isEnded = await (isKnown ? this.end(principal, id) : this.#end(principal, id));
    if (isEnded) await this.#index.remove(principal, id);
    else await this.drop(principal, id);
  }

  /**
   * Removes the entry of a record that is gone, or another's.
   *
   * @throws {SessionConflictError} when it is theirs after all, and others change it all the time
   * @throws {SessionStorageError}
   */
  async drop(principal: string, id: string): Promise<void> {
    await this.#index.remove(principal, id);
    await this.end(principal, id);
  }

  async #end(principal: string, id: string): Promise<boolean> {
    const { clock, storageTimeout } = this.#settings;
    const giveUpAt = clock.now() + storageTimeout;
    do {
      const record = this.#theirs(await this.#records.find(id), principal);
      if (record === undefined || isOver(record.header, clock.now())) return false;
      const { written } = await this.#records.write(id, endedRecord(record), { version: record.version });
      if (written) return true;
    } while (clock.now() < giveUpAt);
    throw new SessionConflictError('Cannot end session: others change it all the time', { id });
  }

  #theirs(record: KnownRecord | undefined, principal: string): KnownRecord | undefined {
    const isTheirs = record?.header.name === this.#settings.name && record.header.principal === principal;
    return isTheirs ? record : undefined;
  }
}
