import type { RawResponse } from './gate-hooks.js';

/** Names what a response tells about how far it has got. */
export type Progress = 'headersSent' | 'writableEnded';

/** Stands before one response: gets its calls, and answers how far it has got. */
export interface Gatekeeper {
  writeHead(status: unknown, reason: unknown, fields: unknown): unknown;
  write(chunk: unknown, encoding: unknown, callback: unknown): unknown;
  end(chunk: unknown, encoding: unknown, callback: unknown): unknown;
  flushHeaders(): unknown;
  /** Is told of a listener for `drain` that somebody else may move away. */
  awaitsDrain(listener: () => void): void;
  /** Says how far the response shall read to be, given what Node itself says. */
  progress(name: Progress, native: boolean): boolean;
  /** Is told that the response has been closed. */
  closed(): void;
}

// A symbol on the response instead costs 4 us on Express: behind a swapped prototype V8 shares no hidden classes.
const keepers = new WeakMap<RawResponse, Gatekeeper>();

/** Gives the keeper of a response, `undefined` when it has none. */
export function keeperOf(response: RawResponse): Gatekeeper | undefined {
  return keepers.get(response);
}

/** Puts a keeper before a response. */
export function setKeeper(response: RawResponse, keeper: Gatekeeper): void {
  keepers.set(response, keeper);
}
