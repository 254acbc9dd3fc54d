import { expiryOf, type Timeouts } from '../session/expiry.js';
import type { PrincipalSession } from '../session/session.js';
import type { PrincipalRecords } from './principal-records.js';
import type { PrincipalsSettings } from './principals.js';
import type { SessionIndex } from './session-index.js';

/** How many sessions of one principal are ended at once. */
const AT_ONCE = 16;

/** What a principal may know of their sessions, and do to them. */
export class PrincipalSessions {
  readonly #index: SessionIndex;
  readonly #owned: PrincipalRecords;
  readonly #settings: Pick<PrincipalsSettings, 'observe'> & { readonly timeouts: Timeouts };

  constructor(
    index: SessionIndex,
    owned: PrincipalRecords,
    settings: Pick<PrincipalsSettings, 'observe'> & { readonly timeouts: Timeouts },
  ) {
    this.#index = index;
    this.#owned = owned;
    this.#settings = settings;
  }

  /** Tells of each session that lives now, the one that became theirs first before the others. */
  async *list(principal: string): AsyncGenerator<PrincipalSession, void, undefined> {
    for (const entry of await this.#index.entries(principal)) {
      const { id } = entry;
      const record = await this.#owned.of(entry, principal);
      if (record === 'phantom') await this.#index.remove(principal, id);
      if (typeof record === 'string') continue;
      const { createdAt, idleDeadline, label } = record.header;
      const usedAt = Math.max(createdAt, idleDeadline - this.#settings.timeouts.idle);
      yield {
        id,
        createdAt: new Date(createdAt),
        lastUsedAt: new Date(usedAt),
        expiresAt: new Date(expiryOf(record.header)),
        label,
      };
    }
  }

  /** @returns whether there was such a session, and it was theirs */
  async invalidate(id: string, principal: string): Promise<boolean> {
    if (!(await this.#owned.end(id, principal))) return false;
    this.#settings.observe({ type: 'destroyed', id });
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
      results.push(...(await Promise.allSettled(some.map(({ id }) => this.invalidate(id, principal)))));
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results.filter((result) => result.status === 'fulfilled' && result.value).length;
  }
}
