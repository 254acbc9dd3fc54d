import type { Clock } from '../common/clock.js';
import { SessionError, SessionStorageError, type SessionErrorOptions } from '../errors.js';

/** Work that can be told that nobody waits for it any more. */
interface Abortable {
  abort(): void;
}

/** What cannot be told, or need not be: what comes of it late does no harm. */
const patient: Abortable = { abort: () => {} };

/** Limits how long a storage is waited for, and lets every failure of one be a `SessionStorageError`. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #timeout: number;

  /** @param timeout milliseconds */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /**
   * Waits for `work` no longer than the limit; then it is told to abort, and whoever waits gets an error.
   *
   * @param id the session concerned; `undefined` when it is none in particular
   * @throws {SessionStorageError}
   */
  limited<Options extends Abortable, R>(
    id: string | undefined,
    options: Options,
    work: (options: Options) => Promise<R>,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeout, () => {
        const late = `Cannot reach session storage: no answer within ${this.#timeout} ms`;
        reject(new SessionStorageError(late, concerning(id)));
        options.abort();
      });
      const fail = (error: unknown): void => {
        timer.cancel();
        reject(
          error instanceof SessionError
            ? error
            : new SessionStorageError('Cannot use session storage: it failed', { ...concerning(id), cause: error }),
        );
      };
      try {
        work(options).then((result) => {
          timer.cancel();
          resolve(result);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** The same for work that is not told to abort: it is only this caller who leaves. */
  waited<R>(id: string | undefined, work: () => Promise<R>): Promise<R> {
    return this.limited(id, patient, work);
  }
}

function concerning(id: string | undefined): Pick<SessionErrorOptions, 'id'> {
  return id === undefined ? {} : { id };
}
