import type { Clock } from '../common/clock.js';
import type { InvalidationBus, InvalidationListener, SubscribeOptions } from '../storage/cache/invalidation-bus.js';
import { isBusClient, type RedisBusClient } from './redis-bus-client.js';
import { LastingSubscriber } from './lasting-subscriber.js';
import { openSubscriber } from './open-subscriber.js';
import { redisInvalidationBusSettings, type RedisInvalidationBusOptions } from './redis-invalidation-bus-options.js';

/**
 * Tells the caches of all processes that use one Redis or Valkey what has changed, by a channel (`PUBLISH`, `SUBSCRIBE`).
 *
 * It publishes by the client that it is given, which stays its owner's to connect and to close. To hear, it opens one
 * connection like that one, however many subscribe, and closes it when the last of them has left. The driver makes it anew
 * when it drops; one on which nothing is heard for 5 seconds of what was published is replaced.
 *
 * Redis keeps no message for those who are away. The servers of a cluster pass on to each other what any of them is sent, as well
 * as they can: there messages of one sender may change places, and some may be missing of which nobody tells, when two servers
 * have lost each other. A cache bounds what comes of that by `maxStaleness`.
 *
 * @see https://redis.io/docs/latest/develop/pubsub/
 */
export class RedisInvalidationBus implements InvalidationBus {
  readonly #client: RedisBusClient;
  readonly #channel: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<InvalidationListener>();
  #subscriber: LastingSubscriber | undefined;

  /**
   * @param client of `redis` or `ioredis`, for one server, Sentinel or Cluster
   * @throws {TypeError} when it is something else, or an option is wrong
   */
  constructor(client: RedisBusClient, options: RedisInvalidationBusOptions = {}) {
    if (!isBusClient(client)) {
      throw new TypeError(
        'Cannot create RedisInvalidationBus: its client must be one of redis (5 or later) or ioredis, and not a pool',
      );
    }
    this.#client = client;
    const { channel, clock } = redisInvalidationBusSettings(options);
    this.#channel = channel;
    this.#clock = clock;
  }

  /** @throws what the driver throws: then nobody knows whether it was sent */
  async publish(message: string): Promise<void> {
    this.#subscriber?.expect();
    await this.#client.publish(this.#channel, message);
  }

  /** @throws what the driver throws when it can not subscribe; as long as it only can not connect, it goes on trying */
  async subscribe(listener: InvalidationListener, { signal }: SubscribeOptions = {}): Promise<() => Promise<void>> {
    if (signal?.aborted === true) throw abortion(signal);
    const member = { message: (text: string) => listener.message(text), lost: () => listener.lost() };
    this.#listeners.add(member);
    this.#subscriber ??= this.#open();
    try {
      await unlessAborted(this.#subscriber.subscribed, signal);
    } catch (error) {
      this.#leave(member);
      throw error;
    }
    return async () => this.#leave(member);
  }

  #open(): LastingSubscriber {
    const heard = (message: string): void => {
      for (const listener of this.#listeners) listener.message(message);
    };
    const lost = (): void => {
      for (const listener of this.#listeners) listener.lost();
    };
    return new LastingSubscriber(
      (events) => openSubscriber(this.#client, this.#channel, events),
      { heard, lost },
      this.#clock,
    );
  }

  #leave(member: InvalidationListener): void {
    this.#listeners.delete(member);
    if (this.#listeners.size > 0) return;
    this.#subscriber?.close();
    this.#subscriber = undefined;
  }
}

/** @throws what the work throws, or that the signal has aborted */
function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortion(signal));
    signal.addEventListener('abort', abort);
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
  });
}

function abortion({ reason }: AbortSignal): Error {
  return new Error('Cannot subscribe to a channel: nobody waits for that any more', { cause: reason });
}
