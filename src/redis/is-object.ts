/** Whether something has properties to look at, of whatever kind they are. */
export function isObject(thing: unknown): thing is Record<string, unknown> {
  return typeof thing === 'object' && thing !== null;
}
