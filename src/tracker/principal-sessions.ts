import type { Clock } from '../common/clock.js';
import type { RecordHeader } from '../record/record-header.js';
import { expiryOf, type Timeouts } from '../session/expiry.js';
import type { PrincipalSession } from '../session/session.js';
import type { PrincipalRecords } from './principal-records.js';
import type { SessionIndex } from './session-index.js';

/** How many sessions of one principal are ended at once. */
const AT_ONCE = 16;

/** What has to be known of a kind of session to tell how its sessions are used. */
export interface PrincipalSessionsSettings {
  readonly clock: Clock;
  readonly timeouts: Timeouts;
}

/** What a principal may know of their sessions, and do to them. */
export class PrincipalSessions {
  readonly #index: SessionIndex;
  readonly #owned: PrincipalRecords;
  readonly #settings: PrincipalSessionsSettings;

  constructor(index: SessionIndex, owned: PrincipalRecords, settings: PrincipalSessionsSettings) {
    this.#index = index;
    this.#owned = owned;
    this.#settings = settings;
  }

  /** Tells of each session that lives now, the one that was added to the index first before the others. */
  async *list(principal: string): AsyncGenerator<PrincipalSession, void, undefined> {
    for (const entry of await this.#index.entries(principal)) {
      const { id } = entry;
      const record = await this.#owned.of(entry, principal);
      if (record === 'phantom') await this.#owned.drop(principal, id);
      if (typeof record === 'string') continue;
      const { createdAt, label } = record.header;
      yield {
        id,
        createdAt: new Date(createdAt),
        lastUsedAt: new Date(this.#usedAt(record.header)),
        expiresAt: new Date(expiryOf(record.header)),
        label,
      };
    }
  }

  /** @returns whether there was such a session, and it was theirs */
  async invalidate(principal: string, id: string): Promise<boolean> {
    if (!(await this.#owned.end(principal, id))) return false;
    await this.#index.remove(principal, id);
    return true;
  }

  /**
   * Ends all sessions, and refuses those that requests are about to make theirs which have begun by now.
   *
   * @param except the id of the one that stays
   * @returns how many there were
   * @throws what the first of them could not be ended for; all others were tried
   */
  async invalidateAll(principal: string, except?: string): Promise<number> {
    const entries = await this.#index.raiseEpoch(principal, except);
    const results: PromiseSettledResult<boolean>[] = [];
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      const some = entries.slice(at, at + AT_ONCE);
      results.push(...(await Promise.allSettled(some.map(({ id }) => this.invalidate(principal, id)))));
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results.filter((result) => result.status === 'fulfilled' && result.value).length;
  }

  /** By the idle timeout of now: when that was another, it is a guess, but never one that lies ahead. */
  #usedAt({ createdAt, idleDeadline }: RecordHeader): number {
    const { clock, timeouts } = this.#settings;
    return Math.min(Math.max(createdAt, idleDeadline - timeouts.idle), clock.now());
  }
}
