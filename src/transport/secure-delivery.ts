import type { IncomingHttpHeaders } from 'node:http';

/** Hosts that browsers trust without TLS, since nothing leaves the machine. @see W3C Secure Contexts, section 3.1 */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Whether a browser may keep a `Secure` cookie from an answer that, for all the platform knows, goes over plain HTTP: it called
 * a name of its own machine, or a proxy that the app does not trust says that it speaks HTTPS with it. Who lies about either
 * gets a cookie that his own browser drops.
 *
 * @see RFC 6265bis, section 5.7: a user agent ignores a Secure cookie that comes over a scheme that is not secure
 */
export function mayKeepSecure(request: IncomingHttpHeaders): boolean {
  const host = request.host ?? request[':authority'];
  if (typeof host === 'string' && LOOPBACK.test(host)) return true;
  const { forwarded = '', 'x-forwarded-proto': protocol = '' } = request;
  return /^https\b/i.test(String(protocol)) || /\bproto="?https\b/i.test(forwarded);
}
