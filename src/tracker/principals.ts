import { SessionConflictError, SessionLimitError, SessionStorageError } from '../errors.js';
import type { RecordHeader } from '../record/record-header.js';
import type { PrincipalEntry } from '../storage/principals/principal-index.js';
import { endedRecord } from './next-record.js';
import { PrincipalRecords, type PrincipalRecordsSettings } from './principal-records.js';
import type { KnownRecord, Records } from './records.js';
import type { SessionIndex } from './session-index.js';
import type { SessionEvent } from './session-event.js';

/** How many sessions a principal may have, and what becomes of a login beyond. */
export interface PrincipalLimit {
  readonly perPrincipal: number;
  /** Whether the session that was theirs for the longest time ends, or the new one is refused. */
  readonly onExceeded: 'evictOldest' | 'reject';
}

/** What has to be known of a kind of session that may have a principal. */
export interface PrincipalsSettings extends PrincipalRecordsSettings {
  /** `undefined` for any number. */
  readonly limit: PrincipalLimit | undefined;
  /** Is told of sessions that were ended, and of what failed unheard. */
  observe(event: Pick<SessionEvent, 'type' | 'id' | 'reason'>): void;
}

/** A write of a record, as far as it matters whose it is. */
export interface OwnedWrite {
  readonly id: string;
  /** The record before; `undefined` when there is none. */
  readonly from: RecordHeader | undefined;
  readonly to: RecordHeader;
  /** When the request has begun that writes, in milliseconds since the epoch. */
  readonly begunAt: number;
}

/** What has to be done to the index once a write has happened. */
export interface Claim {
  /**
   * @param record as it was written
   * @throws {SessionConflictError} when it is not to be: it was ended again
   */
  settle(record: KnownRecord): Promise<void>;
}

/**
 * Keeps a storage's index of principals in step with its records.
 *
 * An entry is there before its record and goes after it, so that no record is missing in the index, whoever is killed in
 * between. And who has written a record asks whether its entry is still good: if not, somebody has ended all that the
 * principal has, or has taken its place, and may not have seen the record.
 */
export class Principals {
  readonly #index: SessionIndex;
  readonly #records: Records;
  readonly #owned: PrincipalRecords;
  readonly #settings: PrincipalsSettings;

  constructor(index: SessionIndex, records: Records, settings: PrincipalsSettings) {
    this.#index = index;
    this.#records = records;
    this.#owned = new PrincipalRecords(records, settings);
    this.#settings = settings;
  }

  /**
   * Makes ready for a write; nothing is to be done for most.
   *
   * @returns `undefined` when the write changes nothing of whose record it is, and for how long
   * @throws {SessionLimitError} when the principal has as many sessions as they may
   * @throws {SessionConflictError} when all of the principal's sessions were ended since the request has begun
   * @throws {SessionStorageError}
   */
  claim(write: OwnedWrite): Promise<Claim> | undefined {
    const { id, from, to } = write;
    const left = from?.principal === to.principal ? undefined : from?.principal;
    const isSame =
      left === undefined && from?.principal === to.principal && from?.absoluteDeadline === to.absoluteDeadline;
    if (to.principal === undefined || isSame) {
      return left === undefined ? undefined : Promise.resolve({ settle: () => this.leave(left, id) });
    }
    return this.#claim(write, to.principal, left);
  }

  /** Removes an entry whose record is gone, or another's. That is no condition of anything: the record says so too. */
  async leave(principal: string, id: string): Promise<void> {
    try {
      await this.#index.remove(principal, id);
    } catch (error) {
      if (!(error instanceof SessionStorageError)) throw error;
      this.#settings.observe({ type: 'storageFailed', id, reason: error.message });
    }
  }

  async #claim(write: OwnedWrite, principal: string, left: string | undefined): Promise<Claim> {
    const { id } = write;
    const since = await this.#add(write, principal);
    return {
      settle: async (record) => {
        await this.#assertHeld(principal, record, id, since);
        if (left !== undefined) await this.leave(left, id);
      },
    };
  }

  /** @returns when the request began at the latest by the index's clock, in milliseconds: by then its answer has come */
  async #add({ id, to, begunAt }: OwnedWrite, principal: string): Promise<number> {
    const { clock, limit, storageTimeout } = this.#settings;
    const giveUpAt = clock.now() + storageTimeout;
    do {
      const begunAgo = clock.now() - begunAt;
      const options = { expiresAt: to.absoluteDeadline, begunAgo, limit: limit?.perPrincipal };
      const result = await this.#index.add(principal, id, options);
      if (result.added) return result.at - (clock.now() - begunAt);
      if (result.reason === 'epoch') throw ended(id);
      await this.#makeRoom(principal, id, result.entries);
    } while (clock.now() < giveUpAt);
    throw new SessionConflictError('Cannot store session: others of its principal begin all the time', { id });
  }

  /** Ends what ends a session that is one too many. */
  async #makeRoom(principal: string, id: string, entries: readonly PrincipalEntry[]): Promise<void> {
    if (await this.#removePhantoms(principal, entries)) return;
    const [oldest] = entries;
    if (oldest === undefined || this.#settings.limit?.onExceeded !== 'evictOldest') {
      throw new SessionLimitError('Cannot store session: its principal has as many as they may', { id });
    }
    // Its entry goes last: until then nobody takes its place
    if (await this.#owned.end(oldest.id, principal)) this.#settings.observe({ type: 'destroyed', id: oldest.id });
    await this.#index.remove(principal, oldest.id);
  }

  /** @returns whether there were any */
  async #removePhantoms(principal: string, entries: readonly PrincipalEntry[]): Promise<boolean> {
    const found = await Promise.all(entries.map((entry) => this.#owned.of(entry, principal)));
    const phantoms = entries.filter((_, index) => found[index] === 'phantom');
    await Promise.all(phantoms.map(({ id }) => this.#index.remove(principal, id)));
    return phantoms.length > 0;
  }

  async #assertHeld(principal: string, record: KnownRecord, id: string, since: number): Promise<void> {
    try {
      if (await this.#index.holds(principal, id, since)) return;
    } catch (error) {
      // Whoever has ended them all may have missed this one
      await this.#end(record, id).catch(() => {});
      throw error;
    }
    await this.#end(record, id);
    throw ended(id);
  }

  async #end(record: KnownRecord, id: string): Promise<void> {
    await this.#records.write(id, endedRecord(record), { version: record.version });
  }
}

function ended(id: string): SessionConflictError {
  return new SessionConflictError(
    'Cannot store session: all sessions of its principal were ended since its request began, or another took its place',
    { id },
  );
}
