/** Makes the error that Node throws for a second head, for a head that is held and so cannot reach Node yet. */
export function headersSentError(): Error {
  return coded(new Error('Cannot write headers after they are sent to the client'), 'ERR_HTTP_HEADERS_SENT');
}

/** Makes the error that Node throws for header fields in a flat list without the last value. */
export function oddHeaderListError(): TypeError {
  return coded(new TypeError('Cannot write headers: the list has a name without a value'), 'ERR_INVALID_ARG_VALUE');
}

/** Makes the error that Node gives to the callbacks of writes whose client has gone. */
export function streamDestroyedError(): Error {
  return coded(new Error('Cannot call write after a stream was destroyed'), 'ERR_STREAM_DESTROYED');
}

/**
 * Makes the error for a response whose app changes something during every commit.
 *
 * @param pending the commit that nobody awaits any more
 */
export function endlessCommitsError(pending: Promise<void>): Error {
  pending.catch(() => undefined);
  return new Error('Cannot send a response: something changed during each of its commits');
}

/** Makes the error for an answer that did not pass its gate: something replaced the response's prototype, or went below it. */
export function bypassedError(): Error {
  return new Error('Cannot hold back a response: it was sent past its gate');
}

function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}
