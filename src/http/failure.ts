import { STATUS_CODES } from 'node:http';
import { SessionError } from '../errors.js';
import type { FailureAnswer } from './response-gate.js';

/**
 * After how many seconds a client may try again when a storage failed.
 *
 * @see RFC 9110, section 10.2.3 (Retry-After)
 */
export const RETRY_AFTER = '5';

/** What a client is told of an error. */
export interface ErrorMessage {
  readonly statusCode: number;
  readonly message: string;
}

/** What a client is told of an error, in the form of Nest's own; a fault of the server's keeps its message to itself. */
export function messageOf(error: unknown): ErrorMessage {
  const statusCode = error instanceof SessionError ? error.status : 500;
  const isTold = error instanceof SessionError && error.expose;
  return { statusCode, message: isTold ? error.message : (STATUS_CODES[statusCode] ?? 'Error') };
}

/** The answer that tells a client of an error. */
export function failureOf(error: unknown): FailureAnswer {
  const message = messageOf(error);
  return {
    status: message.statusCode,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(message),
  };
}
