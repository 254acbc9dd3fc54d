import type { NodeRedisBusClient, NodeRedisDuplicate } from './redis-bus-client.js';
import type { Subscriber, SubscriberEvents } from './subscriber.js';
import { SubscriptionState } from './subscription-state.js';

/** Subscribes by a second client of `redis`, which subscribes again by itself before it is ready again. */
export class NodeRedisSubscriber implements Subscriber {
  readonly subscribed: Promise<void>;
  readonly #client: NodeRedisDuplicate;
  readonly #state: SubscriptionState;
  /** Whether a socket is being made: the driver loses sight of one when it is destroyed meanwhile. */
  #isDialling = true;

  constructor(client: NodeRedisBusClient, channel: string, events: SubscriberEvents) {
    this.#state = new SubscriptionState(events);
    this.#client = client.duplicate();
    this.#client.on('reconnecting', () => (this.#isDialling = true));
    this.#client.on('connect', () => this.#hasDialled());
    // An error that nobody listens to would end the process
    this.#client.on('error', () => {
      this.#hasDialled();
      if (this.#client.isReady) this.#state.missed();
      else this.#state.dropped();
    });
    this.#client.on('ready', () => this.#state.isBack());
    this.subscribed = this.#subscribe(channel);
  }

  close(): void {
    this.#state.close();
    if (!this.#isDialling) this.#destroy();
  }

  async #subscribe(channel: string): Promise<void> {
    await this.#client.connect();
    await this.#client.subscribe(channel, (message) => this.#state.heard(message));
    this.#state.subscribed();
  }

  #hasDialled(): void {
    this.#isDialling = false;
    if (this.#state.isClosed) this.#destroy();
  }

  #destroy(): void {
    try {
      this.#client.destroy();
    } catch {
      // 5 throws when it is closed already
    }
  }
}
