import type { SessionStorageError } from '../errors.js';
import { expiryOf, firstDeadlines } from '../session/expiry.js';
import type { Standing } from './standing.js';
import { randomId } from './token.js';
import type { TrackerSettings } from './tracking.js';

/**
 * A session that nobody knows, since its storage failed: it is empty, and every change fails as the storage did. What the
 * client has stays with it.
 */
export class UnreachableStanding<Data extends object> implements Standing<Data> {
  readonly isNew = true;
  readonly isOpen = false;
  readonly refreshes = false;
  readonly id = randomId();
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly #error: SessionStorageError;

  /** @param error why it is not known: what its verbs reject with */
  constructor({ clock, timeouts }: Pick<TrackerSettings<Data>, 'clock' | 'timeouts'>, error: SessionStorageError) {
    this.createdAt = clock.now();
    this.expiresAt = expiryOf(firstDeadlines(this.createdAt, timeouts));
    this.#error = error;
  }

  async commit(): Promise<void> {
    throw this.#error;
  }

  touch(): undefined {
    return undefined;
  }

  async reload(): Promise<void> {
    throw this.#error;
  }

  async regenerate(): Promise<void> {
    throw this.#error;
  }

  async destroy(): Promise<void> {
    throw this.#error;
  }

  async update(): Promise<void> {
    throw this.#error;
  }

  /** What may be there stays there: a page that shows a message once is not to fail for it. */
  async take(): Promise<undefined> {
    return undefined;
  }
}
