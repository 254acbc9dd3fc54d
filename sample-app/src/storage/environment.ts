/** Reads a variable of the environment; `undefined` when it is missing or empty. */
export function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

/**
 * Reads the variable that says where a server is.
 *
 * @throws {TypeError} when it is missing or no URL; it does not say what was there, since that may be a password
 */
export function serverUrl(name: string, example: string): string {
  const url = variable(name);
  if (url !== undefined && URL.canParse(url)) return url;
  throw new TypeError(`Cannot start the shop: set ${name} to the URL of a server, such as ${example}`);
}
