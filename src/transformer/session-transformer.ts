/** What a transformer gives back of what it sealed. */
export interface Opened {
  /** They belong to the caller. */
  readonly bytes: Uint8Array;
  /** Whether they were sealed under a key that is no longer the first: the value is then issued anew. Default: no. */
  readonly outdated?: boolean;
}

/**
 * Makes what travels safe to hand out, and takes it back: bytes in, bytes out. Several make a chain, each working on what the
 * one before it made; what the last one made is what the client gets, in base64url.
 */
export interface SessionTransformer {
  /**
   * Whether nobody without a key can make, or change, what it opens. A session by value ends its chain with such a one, so that
   * nothing a stranger made is ever parsed.
   */
  readonly authenticates: boolean;
  /**
   * Gets ready to seal and to open. The app waits for it at start, and does not start when it rejects; a transformer that is
   * always ready has no such method.
   */
  ready?(): Promise<void>;
  /**
   * Seals bytes for the way out.
   *
   * @param bytes lent: not to be kept, nor changed
   * @param purpose what they are for, the session's name included: what was sealed for one purpose does not open for another
   * @returns bytes that belong to the caller
   */
  seal(bytes: Uint8Array, purpose: string): Uint8Array;
  /**
   * Opens what a client sent. It never throws: whatever is wrong is told in one way, at one price.
   *
   * @param bytes lent: not to be kept, nor changed; any bytes at all
   * @param purpose as given to `seal()`
   * @returns `undefined` for anything that `seal()` did not make for this purpose, as far as one that does not authenticate
   *   can tell
   */
  open(bytes: Uint8Array, purpose: string): Opened | undefined;
}
