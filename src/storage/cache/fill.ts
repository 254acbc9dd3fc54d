import type { CacheEntry } from './cache-entries.js';

/** What a read of the delegate came to, for those who waited for it instead of reading themselves. */
export type Filled =
  /** This record, or none. */
  | { readonly entry: CacheEntry | undefined }
  /** Nothing for them: the record is too large to be held, or whoever read has given up. They read themselves. */
  | 'not shared';

/** A read of the delegate that others may wait for. */
export class Fill {
  /** Rejects with the delegate's error. */
  readonly result: Promise<Filled>;
  #resolve: (filled: Filled) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Perhaps nobody waits
    this.result.catch(() => {});
  }

  settle(filled: Filled): void {
    this.#resolve(filled);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}
