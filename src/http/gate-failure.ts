import type { FailureAnswer, RawResponse } from './gate-hooks.js';
import type { RawFunctions } from './gate-functions.js';
import { applyHeadFields } from './head-fields.js';
import { resetHead } from './head-reset.js';
import { setStatus } from './head-status.js';

/**
 * Answers a request with a failure, in place of what its app has set so far. No byte of that may have left.
 *
 * @param heldFields header fields of the app that are not on the response yet: those for CORS may be among them
 */
export function sendFailure(
  response: RawResponse,
  raw: RawFunctions,
  { status, headers, body }: FailureAnswer,
  heldFields: unknown,
): void {
  applyWhatIsValid(response, heldFields);
  resetHead(response);
  setStatus(response, status);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-length', Buffer.byteLength(body));
  if (response.req.method === 'HEAD') raw.end.call(response);
  else raw.end.call(response, body);
}

function applyWhatIsValid(response: RawResponse, fields: unknown): void {
  try {
    applyHeadFields(response, fields);
  } catch {
    // The app's answer is void anyway, whatever else is wrong with it.
  }
}

/** Lets every stream that is piped into a response run to its end when the response leaves it: nobody else would. */
export function drainSources(response: RawResponse): void {
  response.on('unpipe', (source: NodeJS.ReadableStream) => source.resume());
}
