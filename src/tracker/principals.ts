import type { Clock } from '../common/clock.js';
import { SessionConflictError, SessionError, SessionLimitError } from '../errors.js';
import type { RecordHeader } from '../record/record-header.js';
import { isOver } from '../session/expiry.js';
import type { PrincipalEntry } from '../storage/principals/principal-index.js';
import type { PrincipalRecords } from './principal-records.js';
import type { SessionIndex } from './session-index.js';

/** How many sessions a principal may have, and what becomes of a login beyond. */
export interface PrincipalLimit {
  readonly perPrincipal: number;
  /** Whether the session that was theirs for the longest time ends, or the new one is refused. */
  readonly onExceeded: 'evictOldest' | 'reject';
}

/** What has to be known of a kind of session that may have a principal. */
export interface PrincipalsSettings {
  readonly clock: Clock;
  /** Milliseconds after which conflicts are not tried again. */
  readonly storageTimeout: number;
  /** `undefined` for any number. */
  readonly limit: PrincipalLimit | undefined;
  /** Is told of what failed and nobody else hears of. */
  noticeFailure(error: unknown, id: string): void;
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
  /** @throws {SessionConflictError} when the record is not to be: it was ended again */
  settle(): Promise<void>;
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
  readonly #owned: PrincipalRecords;
  readonly #settings: PrincipalsSettings;

  constructor(index: SessionIndex, owned: PrincipalRecords, settings: PrincipalsSettings) {
    this.#index = index;
    this.#owned = owned;
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
    const isTheirs = from?.principal === to.principal;
    const left = isTheirs ? undefined : from?.principal;
    const isSame = isTheirs && from?.absoluteDeadline === to.absoluteDeadline;
    if (to.principal !== undefined && !isSame) return this.#claim(write, to.principal, left);
    if (left === undefined) return undefined;
    // What has ended is nobody's any more
    const isEnded = isOver(to, this.#settings.clock.now());
    return Promise.resolve({ settle: () => (isEnded ? this.leave(left, id) : this.#drop(left, id)) });
  }

  /** Removes the entry of a record that has ended. That is no condition of anything: there is no record. */
  leave(principal: string, id: string): Promise<void> {
    return this.#quietly(id, () => this.#index.remove(principal, id));
  }

  /** Removes the entry of a record that is another's by now: the record says so too. */
  #drop(principal: string, id: string): Promise<void> {
    return this.#quietly(id, () => this.#owned.drop(principal, id));
  }

  async #quietly(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      this.#settings.noticeFailure(error, id);
    }
  }

  async #claim(write: OwnedWrite, principal: string, left: string | undefined): Promise<Claim> {
    const since = await this.#add(write, principal);
    return {
      settle: async () => {
        await this.#assertHeld(write, principal, since);
        if (left !== undefined) await this.#drop(left, write.id);
      },
    };
  }

  /**
   * @returns before when the request cannot have begun, in milliseconds by the index's clock: nobody knows how long it takes until
   *   the index is asked, but by now it has answered
   */
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
    await this.#owned.remove(principal, oldest.id, true);
  }

  /** @returns whether there were any */
  async #removePhantoms(principal: string, entries: readonly PrincipalEntry[]): Promise<boolean> {
    const found = await Promise.all(entries.map((entry) => this.#owned.of(entry, principal)));
    const phantoms = entries.filter((_, index) => found[index] === 'phantom');
    await Promise.all(phantoms.map(({ id }) => this.#owned.drop(principal, id)));
    return phantoms.length > 0;
  }

  async #assertHeld({ id, from }: OwnedWrite, principal: string, since: number): Promise<void> {
    const remove = (): Promise<void> => this.#owned.remove(principal, id, from !== undefined);
    let isHeld: boolean;
    try {
      isHeld = await this.#index.holds(principal, id, since);
    } catch (error) {
      // Whoever has ended them all may have missed this one
      await this.#quietly(id, remove);
      throw error;
    }
    if (isHeld) return;
    await remove();
    throw ended(id);
  }
}

function ended(id: string): SessionConflictError {
  return new SessionConflictError(
    'Cannot store session: all sessions of its principal were ended since its request began, or another took its place',
    { id },
  );
}
