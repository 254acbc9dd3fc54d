import type { Clock } from '../../../src/common/clock.js';
import { assertStorageId } from '../../../src/storage/assert-storage-id.js';
import {
  EPOCH_MEMORY,
  type AddOptions,
  type AddResult,
  type PrincipalEntry,
  type PrincipalIndex,
} from '../../../src/storage/principals/principal-index.js';

/** What a `GoodPrincipals` holds of a record. */
export interface GoodEntry {
  readonly id: string;
  readonly addedAt: number;
  readonly expiresAt: number;
}

/** An index that keeps the contract, cut into steps so that a subclass can break one of them. */
export class GoodPrincipals implements PrincipalIndex {
  protected lists = new Map<string, readonly GoodEntry[]>();
  /** All that were raised, and for which id each does not count. */
  protected epochs = new Map<string, readonly { readonly at: number; readonly except: string | undefined }[]>();

  constructor(protected readonly clock: Clock) {}

  async add(principal: string, id: string, options: AddOptions): Promise<AddResult> {
    this.check(principal, id);
    if (this.isLate(principal, id, options.begunAgo)) return { added: false, reason: 'epoch' };
    const others = this.living(principal).filter((entry) => entry.id !== id);
    if (this.isFull(others, options, principal, id)) {
      return { added: false, reason: 'full', entries: this.told(others) };
    }
    this.put(principal, this.placed(others, this.entry(principal, id, options), principal));
    return { added: true, at: this.clock.now() };
  }

  async holds(principal: string, id: string, since: number): Promise<boolean> {
    this.check(principal, id);
    return this.living(principal).some((entry) => entry.id === id) && since > this.raisedFor(principal, id);
  }

  async remove(principal: string, id: string): Promise<void> {
    this.check(principal, id);
    this.put(
      principal,
      this.all(principal).filter((entry) => entry.id !== id),
    );
  }

  async entries(principal: string): Promise<readonly PrincipalEntry[]> {
    this.check(principal);
    return this.told(this.living(principal));
  }

  async raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    this.check(principal, except);
    this.raise(principal, except);
    return this.told(this.living(principal).filter(({ id }) => id !== except));
  }

  /** What a sweep of the storage does here; resolves to how many records that were. */
  async sweep(): Promise<number> {
    for (const principal of this.lists.keys()) this.put(principal, this.living(principal));
    return 0;
  }

  /** What becomes of it when a record is gone. */
  recordLeft(_id: string): void {}

  protected check(...texts: readonly (string | undefined)[]): void {
    for (const text of texts) if (text !== undefined) assertStorageId(text);
  }

  protected key(principal: string): string {
    return principal;
  }

  protected all(principal: string): readonly GoodEntry[] {
    return this.lists.get(this.key(principal)) ?? [];
  }

  protected living(principal: string): readonly GoodEntry[] {
    return this.all(principal).filter(({ expiresAt }) => expiresAt > this.clock.now());
  }

  protected put(principal: string, entries: readonly GoodEntry[]): void {
    this.lists.set(this.key(principal), entries);
  }

  protected entry(_principal: string, id: string, { expiresAt }: AddOptions): GoodEntry {
    return { id, addedAt: this.clock.now(), expiresAt };
  }

  protected placed(others: readonly GoodEntry[], entry: GoodEntry, _principal: string): readonly GoodEntry[] {
    return [...others, entry];
  }

  protected told(entries: readonly GoodEntry[]): readonly PrincipalEntry[] {
    return entries.map(({ id, addedAt }) => ({ id, age: this.clock.now() - addedAt }));
  }

  protected isFull(
    others: readonly GoodEntry[],
    { limit = Infinity }: AddOptions,
    _principal: string,
    _id: string,
  ): boolean {
    return others.length >= limit;
  }

  protected isLate(principal: string, id: string, begunAgo: number): boolean {
    return begunAgo > EPOCH_MEMORY || this.clock.now() - begunAgo <= this.raisedFor(principal, id);
  }

  protected raise(principal: string, except: string | undefined): void {
    const before = this.epochs.get(this.key(principal)) ?? [];
    this.epochs.set(this.key(principal), [...before, { at: this.clock.now(), except }]);
  }

  protected raisedFor(principal: string, id: string): number {
    const counting = (this.epochs.get(this.key(principal)) ?? []).filter(({ except }) => except !== id);
    return Math.max(-Infinity, ...counting.map(({ at }) => at));
  }
}
