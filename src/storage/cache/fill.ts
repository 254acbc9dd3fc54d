import type { CacheEntry } from './cache-entries.js';

/** Why a read of the delegate came to nothing for those who waited for it. */
export type Unshared =
  /** The record is too large to be held: each of them reads for itself. */
  | 'too large'
  /** Whoever read has given up: one of them reads for all. */
  | 'left';

/** What a read of the delegate came to, for those who waited for it: this record, none, or nothing for them. */
export type Filled = { readonly entry: CacheEntry | undefined } | Unshared;

/** A read of the delegate that others may wait for. */
export class Fill {
  /** Rejects with the delegate's error. */
  readonly result: Promise<Filled>;
  #resolve: (filled: Filled) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param beganAt when it began, in milliseconds since the epoch */
  constructor(readonly beganAt: number) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Perhaps nobody waits
    this.result.catch(() => {});
  }

  /** Tells those who wait; only the first time counts. */
  settle(filled: Filled): void {
    this.#resolve(filled);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}
