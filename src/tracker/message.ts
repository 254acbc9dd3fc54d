import type { Sending } from './standing.js';
import type { Token } from './token.js';
import type { Outgoing } from './tracked-session.js';

/** What the response has to tell the client of one session, as it is known so far. */
export class Message {
  #content: { readonly token: Token; readonly sending: Sending } | 'clear' | undefined;

  /** From now on the client is handed this token; once one has to go out with whatever leaves, so has its successor. */
  send(token: Token, sending: Sending): void {
    this.#content = { token, sending: this.#isOwed ? 'always' : sending };
  }

  /** From now on the client is told to forget its token. */
  clear(): void {
    this.#content = 'clear';
  }

  /** From now on there is nothing to tell. */
  drop(): void {
    this.#content = undefined;
  }

  /** From now on there is nothing to tell, but for a token without which the client would be lost. */
  dropUnlessOwed(): void {
    if (!this.#isOwed) this.drop();
  }

  /** What goes out; the token is sealed only for that. */
  outgoing(seal: (token: Token) => string): Outgoing {
    const content = this.#content;
    return typeof content === 'object' ? { value: seal(content.token), sending: content.sending } : content;
  }

  get #isOwed(): boolean {
    return typeof this.#content === 'object' && this.#content.sending === 'always';
  }
}
