/**
 * Reads all values of one cookie. The package `cookie` gives only the first of several under one name; a session must know of
 * all, since a sibling domain or another path may have planted one.
 *
 * @param header the request's `Cookie` field
 * @returns each distinct value once, in the order of the header, neither decoded nor unquoted
 * @see RFC 6265bis, section 5.8.3
 */
export function cookieValues(header: string, name: string): readonly string[] {
  // Most requests: not there at all
  if (!header.includes(name)) return [];
  const values = new Set<string>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && pair.slice(0, equals).trim() === name) values.add(pair.slice(equals + 1).trim());
  }
  return [...values];
}
