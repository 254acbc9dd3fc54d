/**
 * Data as devalue lays it out: a list of values, each of which refers to others by their place in the list; the first is the
 * data itself.
 */
export type FlatData = unknown[];

/** As devalue marks an array with few elements: this, its length, then pairs of index and reference. */
const SPARSE = -7;

/**
 * Tells whether data nests deeper than a limit, in the order in which devalue would build it.
 *
 * @param maxDepth how deep objects may nest, the data itself included
 */
export function isFlatDeeper(flat: FlatData, maxDepth: number): boolean {
  if (flat.length <= maxDepth) return false;
  const seen = new Set<unknown>();
  const next: (readonly [place: unknown, depth: number])[] = [[0, 1]];
  for (let item = next.pop(); item !== undefined; item = next.pop()) {
    const [place, depth] = item;
    const references = referencesOf(flat[place as number]);
    if (references === undefined || seen.has(place)) continue;
    if (depth > maxDepth) return true;
    seen.add(place);
    for (const reference of references.toReversed()) next.push([reference, depth + 1]);
  }
  return false;
}

/**
 * Removes every `__proto__`, and every `constructor` that has a `prototype`: keys by which an app that merges the data
 * elsewhere would reach `Object.prototype`.
 *
 * @param flat changed in place
 * @see CWE-1321
 */
export function dropPrototypes(flat: FlatData): void {
  flat.forEach((value, place) => {
    if (isRecord(value)) {
      for (const key of Object.keys(value)) {
        if (isHarmful(flat, key, value[key])) delete value[key];
      }
    } else if (isNullRecord(value)) {
      flat[place] = ['null', ...pairsOf(value).flatMap(([key, to]) => (isHarmful(flat, key, to) ? [] : [key, to]))];
    }
  });
}

function isHarmful(flat: FlatData, key: unknown, reference: unknown): boolean {
  if (key !== 'constructor') return key === '__proto__';
  const value = flat[reference as number];
  if (isRecord(value)) return Object.hasOwn(value, 'prototype');
  return isNullRecord(value) && pairsOf(value).some(([inner]) => inner === 'prototype');
}

/** What a value refers to; `undefined` for one that holds no others. */
function referencesOf(value: unknown): readonly unknown[] | undefined {
  if (isRecord(value)) return Object.values(value);
  if (!Array.isArray(value)) return undefined;
  const list: readonly unknown[] = value;
  const [type, ...rest] = list;
  if (typeof type !== 'string') return type === SPARSE ? rest.filter((_, index) => index % 2 === 0 && index > 0) : list;
  if (type === 'null') return rest.filter((_, index) => index % 2 === 1);
  return type === 'Map' || type === 'Set' ? rest : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNullRecord(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value[0] === 'null';
}

function pairsOf(value: readonly unknown[]): (readonly [key: unknown, reference: unknown])[] {
  return Array.from({ length: (value.length - 1) >> 1 }, (_, index) => [value[2 * index + 1], value[2 * index + 2]]);
}
