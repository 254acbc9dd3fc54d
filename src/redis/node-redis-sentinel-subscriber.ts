import type { NodeRedisBusSentinel } from './redis-bus-client.js';
import type { Subscriber, SubscriberEvents } from './subscriber.js';
import { SubscriptionState } from './subscription-state.js';

/** What tells that messages may be missing: when the master is another, the driver subscribes there and says no more. */
const EVENTS = ['error', 'topology-change'] as const;

/** Subscribes by the connection that a Sentinel client of `redis` opens for that, and closes when nobody subscribes by it. */
export class NodeRedisSentinelSubscriber implements Subscriber {
  readonly subscribed: Promise<void>;
  readonly #sentinel: NodeRedisBusSentinel;
  readonly #channel: string;
  readonly #state: SubscriptionState;

  constructor(sentinel: NodeRedisBusSentinel, channel: string, events: SubscriberEvents) {
    this.#sentinel = sentinel;
    this.#channel = channel;
    this.#state = new SubscriptionState(events);
    for (const event of EVENTS) sentinel.on(event, this.#missed);
    this.subscribed = this.#subscribe();
  }

  close(): void {
    this.#state.close();
    for (const event of EVENTS) this.#sentinel.off(event, this.#missed);
    this.#sentinel.unsubscribe(this.#channel, this.#heard).catch(() => {});
  }

  async #subscribe(): Promise<void> {
    await this.#sentinel.subscribe(this.#channel, this.#heard);
    this.#state.subscribed();
  }

  readonly #heard = (message: string | Buffer): void => this.#state.heard(String(message));

  readonly #missed = (): void => this.#state.missed();
}
