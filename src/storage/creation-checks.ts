/**
 * Refuses options that nothing would read: a typing error must not become a silent default.
 *
 * @param what is being created, for the message
 * @throws {TypeError} naming the option
 */
export function assertKnownOptions(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`Cannot create ${what}: it has no option ${unknown}`);
}

/**
 * Reads a bound.
 *
 * @param what is being created, for the message
 * @throws {RangeError} when it is not a positive integer, naming the option
 */
export function positiveInteger(what: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot create ${what}: ${name} must be a positive integer: received ${String(value)}`);
}
