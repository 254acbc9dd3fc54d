import { ClosedStanding } from './closed-standing.js';
import type { Standee, Standing } from './standing.js';

/** A session whose secret was to be replaced, and was not: it takes no change under the old one, but can be ended. */
export class UnrotatedStanding<Data extends object> extends ClosedStanding<Data> {
  readonly #session: Standee<Data>;
  readonly #before: Standing<Data>;

  constructor(session: Standee<Data>, before: Standing<Data>) {
    super(session, before, 'refused', 'its secret could not be replaced');
    this.#session = session;
    this.#before = before;
  }

  override async destroy(): Promise<void> {
    await this.#before.destroy();
    // Nothing of it was stored
    if (this.#session.standing === this) this.#session.becomeNew();
  }
}
