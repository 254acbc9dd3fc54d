import { Underway } from '../common/underway.js';
import { VerbPromise } from './verb-promise.js';

/** What a handler has begun: the response waits for it, and fails with what failed and nobody has heard of. */
export class Verbs {
  readonly #unheard = new Underway();

  /** Whether nothing is under way. */
  get isEmpty(): boolean {
    return this.#unheard.isEmpty;
  }

  /** @returns the promise that the handler gets: a failure that it hears of is its own affair */
  begin<R>(work: Promise<R>): Promise<R> {
    const verb = VerbPromise.of(work);
    const unheard = work.then(
      () => {},
      (error: unknown) => {
        if (!verb.isHeard) throw error;
      },
    );
    void this.#unheard.add(unheard);
    return verb;
  }

  /** Resolves when all that is under way now is done; rejects then with the last failure that nobody has heard of. */
  done(): Promise<void> {
    return this.#unheard.done();
  }
}
