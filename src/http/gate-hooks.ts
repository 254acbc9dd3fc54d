import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** Names what Node itself answers with, over HTTP/1 and HTTP/2, below whatever a framework puts around it. */
export type RawResponse = ServerResponse | Http2ServerResponse;

/** Describes the answer that replaces the app's own; `content-length` is filled in by the gate. */
export interface FailureAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Tells the gate what has to be stored before a response may leave, and what its head shall say. */
export interface GateHooks {
  /**
   * Starts to store what is not stored yet. The promise is bounded in time by whoever gives it. Never throws.
   *
   * @returns `undefined` when there is nothing to store, so that the response stays synchronous
   */
  commit(): Promise<void> | undefined;

  /**
   * Adds header fields with `getHeader()` and `setHeader()`. Called once, when the head is about to leave; the fields
   * that the app gave to `writeHead()` are on the response by then.
   *
   * @param status the status that leaves
   */
  head(response: RawResponse, status: number): void;

  /** Gives the answer that replaces the app's, when a commit failed before the first byte. */
  failure(error: unknown): FailureAnswer;

  /** Reports a commit that failed when nothing could be told to the client any more. Never throws. */
  late(error: unknown): void;
}
