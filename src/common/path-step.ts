/** A key as a programmer writes one, or a place in a `Map` or `Set`. Others may be data, or break a line of the log. */
const NAME = /^(?:[A-Za-z_$][\w$-]{0,39}|(?:keys|values)\(\)\[\d+\])$/;

/**
 * Shows a step on the way to a value within data, for messages: `.name`, `[0]`; `[...]` for a key that may be data itself, as
 * in an object that is used as a dictionary.
 */
export function pathStep(key: PropertyKey): string {
  if (typeof key === 'number') return `[${key}]`;
  return typeof key === 'string' && NAME.test(key) ? `.${key}` : '[...]';
}
