import { KeyedLines, MAX_IN_LINE, type KeyedLine } from '../common/keyed-line.js';
import { SessionStorageError } from '../errors.js';
import type { TimeLimit } from './time-limit.js';

/** The lines of all storages, whichever app uses them. */
const lines = new KeyedLines<object>();

/** Lets the requests of one session change it one after the other, in one process: so they do not race. */
export class SessionLine {
  readonly #limit: TimeLimit;
  readonly #line: KeyedLine;

  /** @param owner what is changed: all who change the same stand in the same line */
  constructor(owner: object, limit: TimeLimit) {
    this.#limit = limit;
    this.#line = lines.of(owner);
  }

  /**
   * Does `work` when it is this caller's turn at `id`.
   *
   * @param work told whether it had to wait, so that what was known before may be outdated
   * @throws {SessionStorageError} when too many wait, or it takes too long
   */
  async inLine<R>(id: string, work: (waited: boolean) => Promise<R>): Promise<R> {
    if (this.#line.length(id) > MAX_IN_LINE) {
      throw new SessionStorageError(`Cannot store session: more than ${MAX_IN_LINE} requests wait to do so`, { id });
    }
    const turn = this.#line.enter(id);
    try {
      if (turn !== undefined) await this.#limit.waited(id, () => turn);
    } catch (error) {
      void turn?.then(() => this.#line.leave(id));
      throw error;
    }
    try {
      return await work(turn !== undefined);
    } finally {
      this.#line.leave(id);
    }
  }
}
