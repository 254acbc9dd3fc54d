/** A record in the index, under its principal. */
export interface PrincipalEntry {
  /** The record's id. */
  readonly id: string;
  /** How many milliseconds ago it was added last, by the index's own clock. */
  readonly age: number;
}

/** How to add a record. */
export interface AddOptions {
  /**
   * When the record ends at the latest, in milliseconds since the epoch, `Infinity` for never; read by the same clock as
   * `Date.now()`. Until then the entry lives.
   */
  readonly expiresAt: number;
  /**
   * How many milliseconds ago, at the call, the request has begun that asks for it: what it knows may be as old. An index that
   * waits before it looks adds for how long, where it knows.
   */
  readonly begunAgo: number;
  /** The most entries that the principal may have then, 1 at least; `undefined` for any number. */
  readonly limit?: number | undefined;
}

/** What became of an entry that was to be added. */
export type AddResult =
  /** It is there. `at`: an instant between that and this answer, in milliseconds by the index's own clock. */
  | { readonly added: true; readonly at: number }
  /** The principal's epoch was raised since the request has begun. */
  | { readonly added: false; readonly reason: 'epoch' }
  /** There are as many others as there may be, or more: these, in the order in which they were added last. */
  | { readonly added: false; readonly reason: 'full'; readonly entries: readonly PrincipalEntry[] };

/** For how long an epoch is remembered, in milliseconds: a request that is older than that is refused as well. */
export const EPOCH_MEMORY = 86_400_000;

/**
 * Which records belong to whom: what a storage may keep beside its records. It does not look at them: what an entry says of its
 * record is for the core to check. (It may let an entry go whose record it knows to be gone. One is added before its record is
 * written.)
 *
 * A principal is an opaque text of the form of an id; every method throws a `TypeError` for any other principal or id, before
 * any I/O. A record under the same text as a principal has nothing to do with it.
 *
 * Each method is one step for all users of the backend: of two that add at once, the second sees the first. All of them reject
 * with `SessionStorageError` when the backend fails, and then nobody knows whether they took effect; to do so again does no
 * harm.
 */
export interface PrincipalIndex {
  /**
   * Adds a record under its principal, unless the principal's epoch was raised `begunAgo` or later, or else there are too many.
   * One that is there is added anew: it is the last in order, with its new expiry, and does not count twice. Expired entries do
   * not count. A refusal changes nothing.
   */
  add(principal: string, id: string, options: AddOptions): Promise<AddResult>;

  /**
   * Whether an entry is there, and the principal's epoch was not raised at `since` or later.
   *
   * @param since milliseconds by the index's own clock, as `add()` tells it
   */
  holds(principal: string, id: string, since: number): Promise<boolean>;

  /** Removes an entry; does nothing when it is not there. */
  remove(principal: string, id: string): Promise<void>;

  /** @returns the entries that have not expired, in the order in which they were added last; none for who has none */
  entries(principal: string): Promise<readonly PrincipalEntry[]>;

  /**
   * Raises the principal's epoch to now: what is added by requests that have begun before is refused, for `EPOCH_MEMORY`. It
   * removes nothing.
   *
   * @param except the id of a record for which the epoch counts as not raised this time: an earlier one that counted for it
   *   counts on, be this the record that it was raised to be rid of
   * @returns the entries that are there in that instant, but for `except`
   */
  raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]>;
}
