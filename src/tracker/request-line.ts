import { SessionStorageError } from '../errors.js';
import type { Reply } from './tracked-session.js';
import type { Tracking } from './tracking.js';

/** What requests of all sessions of one kind share. */
type Shared = Pick<Tracking<never>, 'inLine' | 'underway' | 'noticeFailure'>;

/** A session whose id may change while its verbs wait: what was ended begins anew as another. */
interface Named {
  readonly id: string;
}

/** Does what one request does to its session, in line with all who change the same, and tells of what fails of it. */
export class RequestLine {
  readonly #tracking: Shared;
  readonly #reply: Reply;
  readonly #session: Named;
  /** What was told of last: several verbs may meet one failure. */
  #told: unknown;

  /** @param told a failure that was told of already */
  constructor(tracking: Shared, reply: Reply, session: Named, told: unknown) {
    this.#tracking = tracking;
    this.#reply = reply;
    this.#session = session;
    this.#told = told;
  }

  /**
   * Does `work` when it is its turn.
   *
   * @param work told whether it had to wait
   */
  inLine<R>(work: (waited: boolean) => Promise<R>): Promise<R> {
    return this.#tracking.underway.add(this.#watched(this.#inItsLine(work)));
  }

  /** Tells of an error, once, if it is the storage's. */
  notice(error: unknown): void {
    if (error === this.#told) return;
    this.#told = error;
    this.#tracking.noticeFailure(error, this.#session.id);
  }

  /** Goes to the line of another id when it has that by then: in no two lines at once, where two could wait for each other. */
  async #inItsLine<R>(work: (waited: boolean) => Promise<R>): Promise<R> {
    for (let moved = false; ; moved = true) {
      const { id } = this.#session;
      const done = await this.#tracking.inLine(id, async (waited) =>
        this.#session.id === id ? { result: await work(waited || moved) } : undefined,
      );
      if (done !== undefined) return done.result;
    }
  }

  /** Tells of an error of the storage, to whoever observes and to the answer. */
  async #watched<R>(work: Promise<R>): Promise<R> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof SessionStorageError) this.#reply.outage();
      this.notice(error);
      throw error;
    }
  }
}
