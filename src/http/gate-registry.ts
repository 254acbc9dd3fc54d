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

/**
 * Where a response keeps its keeper. A property, since V8 takes what a `WeakMap` holds through its collections of young objects,
 * and with it the request: a `WeakMap` here and one for exchanges cost 20 to 50 us a request on Fastify, 5 to 35 on Express.
 */
const KEEPER = Symbol('nest-sessions:keeper');

interface KeptResponse {
  [KEEPER]?: Gatekeeper;
}

/** Gives the keeper of a response, `undefined` when it has none. */
export function keeperOf(response: RawResponse): Gatekeeper | undefined {
  return (response as KeptResponse)[KEEPER];
}

/** Puts a keeper before a response. */
export function setKeeper(response: RawResponse, keeper: Gatekeeper): void {
  (response as KeptResponse)[KEEPER] = keeper;
}
