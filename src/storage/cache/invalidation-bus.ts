/** Hears what travels on an `InvalidationBus`. */
export interface InvalidationListener {
  /** Called with each message, one's own included, in the order in which they were sent by one sender. */
  message(text: string): void;
  /** Called when messages may be missing from now on or since a while: the connection dropped, or is there again. */
  lost(): void;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** Aborts when nobody waits any more to be subscribed: what is under way is given up, and what was opened for it closed. */
  readonly signal?: AbortSignal;
}

/**
 * Tells the caches of several processes which records have changed.
 *
 * Messages are short texts of printable ASCII without line ends. They may be lost only if `lost()` is called; a bus that hangs
 * without saying so is found out by the cache's own heartbeat.
 */
export interface InvalidationBus {
  /**
   * Sends a message to all who have subscribed, the sender included.
   *
   * @returns a promise that resolves when the bus has taken it over
   */
  publish(message: string): Promise<void>;
  /**
   * Subscribes.
   *
   * @returns a promise that resolves when every message from then on is heard, to a function that ends the subscription
   */
  subscribe(listener: InvalidationListener, options?: SubscribeOptions): Promise<() => Promise<void>>;
}
