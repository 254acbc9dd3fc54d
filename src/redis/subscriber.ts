/** What a subscriber tells. */
export interface SubscriberEvents {
  /** Each message of the channel. */
  readonly heard: (message: string) => void;
  /** Messages may be missing: the connection dropped, or is there again. Never before it has subscribed. */
  readonly lost: () => void;
}

/** A connection that hears a channel, and that its driver makes anew when it drops. */
export interface Subscriber {
  /**
   * Resolves when every message from then on is heard; rejects when the first attempt to has failed. One that hangs, or that is
   * closed meanwhile, may leave it pending.
   */
  readonly subscribed: Promise<void>;
  /** Ends the connection, in whatever state it is; nothing is told any more. */
  close(): void;
}
