import { assignKeys, type PlainData } from './data-shape.js';

/** Which keys a `regenerate()` keeps. */
export type Keep = 'all' | 'none' | readonly PropertyKey[];

/** The part of the data that is kept; never more than is there. */
export function keptKeys(data: PlainData, keep: Keep): PlainData {
  if (keep === 'all') return data;
  const kept: PlainData = {};
  if (keep === 'none') return kept;
  for (const key of keep) {
    if (typeof key === 'string' && Object.hasOwn(data, key)) assignKeys(kept, { [key]: data[key] });
  }
  return kept;
}
