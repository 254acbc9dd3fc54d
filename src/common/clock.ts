/** A timer that was started; `cancel()` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Where all time comes from, so that a test can move it. */
export interface Clock {
  /** The time in milliseconds since the epoch; never less than it was before in this process. */
  now(): number;
  /**
   * Calls back once, after a delay. The timer does not keep the process alive.
   *
   * @param delay milliseconds
   */
  after(delay: number, callback: () => void): Timer;
}

/** The longest delay that Node's timers know, in milliseconds; a longer one fires at once. */
const MAX_DELAY = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout;

  constructor(delay: number, callback: () => void) {
    this.#timeout = this.#start(delay, callback);
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #start(delay: number, callback: () => void): NodeJS.Timeout {
    if (delay <= MAX_DELAY) return setTimeout(callback, delay).unref();
    const goOn = (): void => void (this.#timeout = this.#start(delay - MAX_DELAY, callback));
    return setTimeout(goOn, MAX_DELAY).unref();
  }
}

class SystemClock implements Clock {
  #latest = 0;

  now(): number {
    const now = Date.now();
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }

  after(delay: number, callback: () => void): Timer {
    return new SystemTimer(delay, callback);
  }
}

/**
 * The machine's clock. When somebody sets that back, this one stands still until it has caught up, so that what had expired
 * stays expired.
 */
export const systemClock: Clock = new SystemClock();
