/** Says why a server could not be used, in a driver's words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // The library's errors say what could not be done, and have the driver's as their cause.
  if (error.cause !== undefined) return reasonOf(error.cause);
  // Where a name has several addresses, Node's error has a code and no message.
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
