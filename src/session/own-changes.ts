import { isDeepStrictEqual } from 'node:util';
import { assignKeys, type PlainData } from './data-shape.js';

/**
 * What one request changed, by top-level key, against the data that it had loaded. Applied to somebody else's newer data it
 * leaves their other keys alone.
 */
export interface OwnChanges {
  /** Keys with their new values. */
  readonly set: PlainData;
  /** Keys that are gone. */
  readonly removed: readonly string[];
}

/** Compares two states of the data, key by key and deeply. */
export function changesBetween(before: PlainData, after: PlainData): OwnChanges {
  const set: PlainData = {};
  for (const key of Object.keys(after)) {
    if (!Object.hasOwn(before, key) || !isDeepStrictEqual(before[key], after[key]))
      assignKeys(set, { [key]: after[key] });
  }
  return { set, removed: Object.keys(before).filter((key) => !Object.hasOwn(after, key)) };
}

/** Applies changes to `data`, in place. */
export function applyChanges(data: PlainData, changes: OwnChanges): void {
  for (const key of changes.removed) delete data[key];
  assignKeys(data, changes.set);
}
