import type { SubscriberEvents } from './subscriber.js';

/** What a connection is as to its channel, and so what is told of it. */
export class SubscriptionState {
  readonly #events: SubscriberEvents;
  #state: 'opening' | 'subscribed' | 'dropped' | 'closed' = 'opening';

  constructor(events: SubscriberEvents) {
    this.#events = events;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** A message has come. */
  heard(message: string): void {
    if (!this.isClosed) this.#events.heard(message);
  }

  /** It has subscribed, for the first time or again. */
  subscribed(): void {
    this.missed();
    if (!this.isClosed) this.#state = 'subscribed';
  }

  /** It is connected again, and its driver has subscribed again; before it has subscribed here, that is nothing. */
  isBack(): void {
    if (this.#state === 'dropped') this.subscribed();
  }

  /** Messages may be missing. */
  missed(): void {
    if (this.#state === 'subscribed' || this.#state === 'dropped') this.#events.lost();
  }

  /** The connection is there no more; drivers say so at each attempt to make it anew. */
  dropped(): void {
    if (this.#state !== 'subscribed') return;
    this.#state = 'dropped';
    this.#events.lost();
  }

  close(): void {
    this.#state = 'closed';
  }
}
