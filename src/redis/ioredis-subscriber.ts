import type { IoRedisBusClient, IoRedisDuplicate } from './redis-bus-client.js';
import type { Subscriber, SubscriberEvents } from './subscriber.js';
import { SubscriptionState } from './subscription-state.js';

/** Subscribes by a second client of `ioredis`, and again whenever that is ready again. */
export class IoRedisSubscriber implements Subscriber {
  readonly subscribed: Promise<void>;
  readonly #client: IoRedisDuplicate;
  readonly #channel: string;
  readonly #state: SubscriptionState;

  /** @param options how the connection differs from that of the client */
  constructor(client: IoRedisBusClient, channel: string, events: SubscriberEvents, options: object = {}) {
    this.#channel = channel;
    this.#state = new SubscriptionState(events);
    // Of a command of the driver's own that fails nobody hears, and that ends the process
    this.#client = client.duplicate({ autoResubscribe: false, ...options });
    this.subscribed = this.#begin();
  }

  close(): void {
    this.#state.close();
    this.#client.disconnect();
  }

  #begin(): Promise<void> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const isSubscribed = (): void => {
        this.#state.subscribed();
        resolve();
      };
      client.on('ready', () => void client.subscribe(this.#channel).then(isSubscribed, reject));
      client.on('message', (_channel: string, message: string) => this.#state.heard(message));
      client.on('close', () => this.#state.dropped());
      // Without a listener the driver prints it
      client.on('error', () => {});
      // It rejects when it has begun already, or the first attempt has failed, after which the driver goes on trying
      client.connect().catch(() => {});
    });
  }
}
