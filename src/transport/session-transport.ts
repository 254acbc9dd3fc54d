import type { IncomingHttpHeaders } from 'node:http';

/** What a transport needs of a response: its header fields. */
export interface ResponseHeaders {
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | readonly string[]): unknown;
}

/** The header fields of a request that somebody makes. */
export type RequestFields = Readonly<Record<string, string>>;

/** Where a response goes to. */
export interface Delivery {
  /** Whether the client came over HTTPS. */
  readonly secure: boolean;
  /** The header fields of the request that it answers. */
  readonly request: IncomingHttpHeaders;
  /** The value, of those that the request brought, under which its session was found; `undefined` when there is none. */
  readonly presented: string | undefined;
}

/** Moves a string between client and server. */
export interface SessionTransport {
  /** The request headers that the answer depends on, for `Vary`. */
  readonly vary: readonly string[];
  /** The longest value that it takes, in characters. */
  readonly maxLength: number;
  /** Whether a client keeps a value for a limited time, so that it has to be handed the same one anew. */
  readonly refreshes: boolean;
  /** Reads what the client sent, unchecked: each distinct value once, in the order in which they came; empty for nothing. */
  receive(headers: IncomingHttpHeaders): readonly string[];
  /** Whether a client uses this transport: its field is there, with a value or without. */
  isUsedBy(headers: IncomingHttpHeaders): boolean;
  /**
   * Makes the header fields of a request that brings a value, as a client that was handed it would.
   *
   * @param fields what the request has already: all of it stays, but for another value of the same session
   */
  carry(value: string, fields?: RequestFields): Record<string, string>;
  /**
   * Hands a value to the client, in place of what was set for it before.
   *
   * @returns whether the response tells it; not, when the client has it already, or would drop it
   */
  send(headers: ResponseHeaders, value: string, delivery: Delivery): boolean;
  /**
   * Makes the client forget its value.
   *
   * @returns as `send()`
   */
  clear(headers: ResponseHeaders, delivery: Delivery): boolean;
}
