import { EPOCH_MEMORY, type PrincipalEntry } from './principal-index.js';

/** An entry as it is kept; instants in milliseconds by the index's clock. */
export interface KeptEntry {
  readonly id: string;
  /** When it was added last. */
  readonly addedAt: number;
  readonly expiresAt: number;
}

/** When an epoch was raised; instants in milliseconds by the index's clock. */
export interface RaisedEpoch {
  /** The last time, which counts for all records but one. */
  readonly at: number;
  /** That one, and the last time that counts for it, if there was any. */
  readonly except?: { readonly id: string; readonly at?: number | undefined } | undefined;
}

/** All that an index keeps of one principal. Nobody changes it: a step makes the next one. */
export interface PrincipalState {
  readonly epoch?: RaisedEpoch | undefined;
  /** In the order in which they were added last. */
  readonly entries: readonly KeptEntry[];
}

/** What is kept of a principal of whom nothing is known. */
export const NO_STATE: PrincipalState = { entries: [] };

/**
 * Leaves out what is over: expired entries, and an epoch that need not be remembered.
 *
 * @param now milliseconds by the index's clock
 * @returns the very state that is given when nothing is over
 */
export function living(state: PrincipalState, now: number): PrincipalState {
  const epoch = state.epoch !== undefined && endOfEpoch(state.epoch) > now ? state.epoch : undefined;
  const entries = state.entries.filter(({ expiresAt }) => expiresAt > now);
  return epoch === state.epoch && entries.length === state.entries.length ? state : { epoch, entries };
}

/**
 * From when on nothing of a state is left.
 *
 * @returns milliseconds by the index's clock; 0 when there is nothing in it
 */
export function endOf({ epoch, entries }: PrincipalState): number {
  const endOfEntries = entries.reduce((end, { expiresAt }) => Math.max(end, expiresAt), 0);
  return Math.max(endOfEntries, epoch === undefined ? 0 : endOfEpoch(epoch));
}

/**
 * When the epoch was raised last, as far as it counts for a record.
 *
 * @returns milliseconds by the index's clock; `undefined` for never
 */
export function raisedFor({ epoch }: PrincipalState, id: string): number | undefined {
  return epoch?.except?.id === id ? epoch.except.at : epoch?.at;
}

/** Entries as an index tells of them. */
export function told(entries: readonly KeptEntry[], now: number): readonly PrincipalEntry[] {
  return entries.map(({ id, addedAt }) => ({ id, age: Math.max(0, now - addedAt) }));
}

/** A request may be as old as `EPOCH_MEMORY`, and one that began in the very instant of the epoch is refused. */
function endOfEpoch({ at }: RaisedEpoch): number {
  return at + EPOCH_MEMORY + 1;
}
