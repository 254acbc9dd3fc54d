import type { Clock, Timer } from '../common/clock.js';

interface Pending extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Give it to an app with
 * `Test.createTestingModule(...).overrideProvider(SESSIONS_CLOCK).useValue(clock)`, and to storages of your own.
 */
export class ManualClock implements Clock {
  #now: number;
  readonly #pending = new Set<Pending>();

  /** @param start the first instant, in milliseconds since the epoch; default: the machine's time */
  constructor(start: number = Date.now()) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): Timer {
    const timer: Pending = { at: this.#now + delay, callback, cancel: () => this.#pending.delete(timer) };
    this.#pending.add(timer);
    return timer;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#pending.size;
  }

  /**
   * Moves time on; timers that come due call back, in the order of their instants.
   *
   * @param milliseconds how far; a negative number is refused, as the clocks of sessions never step back
   */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0))
      throw new RangeError(`Cannot advance clock: milliseconds must be >= 0: received ${milliseconds}`);
    const end = this.#now + milliseconds;
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  #due(end: number): Pending | undefined {
    return [...this.#pending].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
  }
}
