import type { RawResponse } from './gate-hooks.js';

/** What is true of every answer to this request: who may read it, how a browser treats it, and the connection itself. */
const KEPT = new RegExp(
  '^(?:access-control-.+|vary|strict-transport-security|content-security-policy.*|x-content-type-options' +
    '|x-frame-options|referrer-policy|permissions-policy|cross-origin-.+|connection|keep-alive|date)$',
);

/** Removes every header field that belongs to an answer that will not be sent; those for CORS and security stay. */
export function resetHead(response: RawResponse): void {
  for (const name of response.getHeaderNames()) if (!KEPT.test(name)) response.removeHeader(name);
}
