import { scan } from 'secure-json-parse';

/** A character of one of these names may be written as an escape. */
const SUSPECT = /__proto__|constructor|\\u00[5-7]/;

/** Whether a JSON text may hold a key by which a careless merge reaches a prototype. Cheap: most texts need no closer look. */
export function maySpellPrototype(text: string): boolean {
  return SUSPECT.test(text);
}

/**
 * Removes every own `__proto__` from parsed JSON, and every `constructor` that has a `prototype`, at any depth: keys by which
 * an app that merges the data elsewhere would reach `Object.prototype`.
 *
 * @param data changed in place
 * @see CWE-1321
 */
export function withoutPrototypes<Data extends object>(data: Data): Data {
  return scan(data, { protoAction: 'remove', constructorAction: 'remove' }) as Data;
}
