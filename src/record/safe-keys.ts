/**
 * The own keys of a plain object that are stored: not `__proto__`, nor a `constructor` that has a `prototype`, by which an app
 * that merges the data elsewhere would reach `Object.prototype`.
 *
 * @see CWE-1321
 */
export function safeKeys(value: object): string[] {
  const keys = Object.keys(value);
  return isHarmless(value) ? keys : keys.filter((key) => key !== '__proto__' && key !== 'constructor');
}

function isHarmless(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return false;
  if (!Object.hasOwn(value, 'constructor')) return true;
  const { constructor } = value as { readonly constructor: unknown };
  return typeof constructor !== 'object' || constructor === null || !Object.hasOwn(constructor, 'prototype');
}
