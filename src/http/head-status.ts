import type { RawResponse } from './gate-hooks.js';

/** Sets the status code, with the message that belongs to it. */
export function setStatus(response: RawResponse, status: number): void {
  response.statusCode = status;
  if (!isHttp2(response)) response.statusMessage = '';
}

/** Whether this is the status of a head: informational answers come before it, and the rest is for Node to refuse. */
export function isFinalStatus(status: unknown): boolean {
  return Number(status) >= 200 && Number(status) < 1000;
}

/** HTTP/2 has no status message: Node warns the whole process when one is read or set. */
export function isHttp2(response: RawResponse): boolean {
  return response.req.httpVersionMajor === 2;
}
