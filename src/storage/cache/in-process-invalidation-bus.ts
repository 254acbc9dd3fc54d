import type { InvalidationBus, InvalidationListener } from './invalidation-bus.js';

/** A bus for several caches in one process: a message is heard before `publish()` returns. */
export class InProcessInvalidationBus implements InvalidationBus {
  readonly #listeners = new Set<InvalidationListener>();

  async publish(message: string): Promise<void> {
    for (const listener of this.#listeners) listener.message(message);
  }

  async subscribe(listener: InvalidationListener): Promise<() => Promise<void>> {
    this.#listeners.add(listener);
    return async () => void this.#listeners.delete(listener);
  }
}
