import type { Clock, Timer } from '../common/clock.js';
import type { Subscriber, SubscriberEvents } from './subscriber.js';

/** How long a connection may take to subscribe, and be silent about what was published, in milliseconds. */
const PATIENCE = 5000;

/**
 * A subscriber whose connection is replaced when it comes to nothing: it hangs, its driver has given up, its server has left the
 * cluster, or a firewall has forgotten it, of which nobody tells.
 */
export class LastingSubscriber implements Subscriber {
  readonly subscribed: Promise<void>;
  readonly #openOne: (events: SubscriberEvents) => Subscriber;
  readonly #events: SubscriberEvents;
  readonly #clock: Clock;
  #current: Subscriber | undefined;
  #timer: Timer | undefined;
  /** Whether one has subscribed, of those that there were. */
  #hasSubscribed = false;
  /** Since when something should have been heard, in milliseconds since the epoch; `undefined` while it need not. */
  #silentSince: number | undefined;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;

  /** @param openOne opens a connection and subscribes by it; it may throw */
  constructor(openOne: (events: SubscriberEvents) => Subscriber, events: SubscriberEvents, clock: Clock) {
    this.#openOne = openOne;
    this.#events = events;
    this.#clock = clock;
    this.subscribed = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Perhaps nobody waits any more
    this.subscribed.catch(() => {});
    this.#open();
  }

  /** Says that something is about to be published, and replaces a connection that has been silent about that for too long. */
  expect(): void {
    if (!this.#hasSubscribed) return;
    const now = this.#clock.now();
    this.#silentSince ??= now;
    if (now - this.#silentSince >= PATIENCE) this.#replace();
  }

  close(): void {
    this.#timer?.cancel();
    this.#current?.close();
  }

  #open(): void {
    this.#silentSince = undefined;
    this.#timer = this.#clock.after(PATIENCE, () => this.#replace());
    try {
      const one = this.#openOne({ heard: this.#heard, lost: this.#events.lost });
      this.#current = one;
      one.subscribed.then(
        () => this.#current === one && this.#done(),
        (error: unknown) => this.#current === one && this.#settle?.reject(error),
      );
    } catch (error) {
      this.#current = undefined;
      this.#settle?.reject(error);
    }
  }

  #replace(): void {
    this.close();
    if (this.#hasSubscribed) this.#events.lost();
    this.#open();
  }

  #done(): void {
    this.#timer?.cancel();
    if (this.#hasSubscribed) this.#events.lost();
    this.#hasSubscribed = true;
    this.#settle?.resolve();
  }

  readonly #heard = (message: string): void => {
    this.#silentSince = undefined;
    this.#events.heard(message);
  };
}
