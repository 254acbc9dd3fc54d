import type { RawResponse } from './gate-hooks.js';

type Listener = (...args: unknown[]) => void;

/**
 * Remembers who waits for `drain`. Middleware that compresses moves these listeners to a stream of its own, where a writer
 * that the gate made wait would never be woken.
 */
export class HeldDrain {
  #listeners: Listener[] = [];

  /** Remembers a listener. */
  add(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Wakes everyone who waits, wherever the listener has been moved to, but nobody twice. */
  wake(response: RawResponse): void {
    const inPlace: readonly unknown[] = response.rawListeners('drain');
    const moved = this.#listeners.filter((listener) => !inPlace.includes(listener));
    this.#listeners = [];
    response.emit('drain');
    for (const listener of moved) listener.call(response);
  }
}
