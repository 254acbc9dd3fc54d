import type { ResponseHeaders } from '../transport/session-transport.js';

/**
 * Adds a field name to `Vary`, once.
 *
 * @see RFC 9110, section 12.5.5
 */
export function addVary(headers: ResponseHeaders, name: string): void {
  const present = String(headers.getHeader('Vary') ?? '');
  const names = present.split(',').map((one) => one.trim().toLowerCase());
  if (names.includes('*') || names.includes(name.toLowerCase())) return;
  headers.setHeader('Vary', present === '' ? name : `${present}, ${name}`);
}

/** Keeps a response that depends on who asks out of shared caches, unless the app has its own `Cache-Control`. */
export function keepPrivate(headers: ResponseHeaders): void {
  if (headers.getHeader('Cache-Control') === undefined) headers.setHeader('Cache-Control', 'private');
}

/**
 * Keeps a response that hands out a token out of every cache, whatever the app says; only its `no-transform` stays, which
 * streams depend on.
 *
 * @see RFC 9111, section 5.2.2.5 (no-store); RFC 6265bis, section 4.1.2: caches may store Set-Cookie
 */
export function keepOut(headers: ResponseHeaders): void {
  const present = String(headers.getHeader('Cache-Control') ?? '').toLowerCase();
  if (/\bno-store\b/.test(present)) return;
  headers.setHeader('Cache-Control', /\bno-transform\b/.test(present) ? 'no-store, no-transform' : 'no-store');
}
