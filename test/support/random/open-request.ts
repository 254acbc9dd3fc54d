import type { Session } from 'nest-sessions';
import type { Answer, Client } from '../client.js';
import type { Bag, Routes } from '../routes.js';
import { deferred, type Deferred } from '../../../src/testing/deferred.js';

interface Desk {
  readonly arrived: Deferred<Session<Bag>>;
  readonly left: Deferred<Error | undefined>;
}

/** Requests whose handlers wait, their sessions in the hands of a test. */
export class OpenRequests {
  readonly #desks = new Map<string, Desk>();
  #count = 0;

  /** The one route of their app. */
  readonly routes: Routes = {
    open: async ({ session, request }) => {
      const desk = this.#desks.get(request.query['desk'] ?? '');
      desk?.arrived.resolve(session);
      const error = await desk?.left.promise;
      if (error !== undefined) throw error;
      return 'done';
    },
  };

  /**
   * Sends a request.
   *
   * @returns its session, or its answer when it got none
   */
  async open(client: Client): Promise<OpenRequest | Answer> {
    const name = String(++this.#count);
    const desk = { arrived: deferred<Session<Bag>>(), left: deferred<Error | undefined>() };
    this.#desks.set(name, desk);
    const { answer } = client.begin(`/open?desk=${name}`);
    const session = await Promise.race([desk.arrived.promise, answer]);
    if ('status' in session) return session;
    const end = (error?: Error): Promise<Answer> => {
      this.#desks.delete(name);
      desk.left.resolve(error);
      return answer;
    };
    return { session, end };
  }
}

/** A request under way. */
export interface OpenRequest {
  readonly session: Session<Bag>;
  /** Lets its handler return, or throw, and resolves to the answer. */
  end(error?: Error): Promise<Answer>;
}
