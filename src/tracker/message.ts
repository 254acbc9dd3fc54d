import type { Outgoing, Sending } from './tracked-session.js';

/** What the response has to tell the client of one session, as it is known so far. */
export class Message {
  #content: Outgoing;

  /** What goes out. */
  get outgoing(): Outgoing {
    return this.#content;
  }

  /** From now on the client is handed this value; once one has to go out with whatever leaves, so has its successor. */
  send(value: string, sending: Sending): void {
    this.#content = { value, sending: this.#isOwed ? 'always' : sending };
  }

  /** From now on the client is told to forget its value. */
  clear(): void {
    this.#content = 'clear';
  }

  /** From now on there is nothing to tell. */
  drop(): void {
    this.#content = undefined;
  }

  /** From now on there is nothing to tell, but for a value without which the client would be lost. */
  dropUnlessOwed(): void {
    if (!this.#isOwed) this.drop();
  }

  get #isOwed(): boolean {
    return typeof this.#content === 'object' && this.#content.sending === 'always';
  }
}
