/** Work that nobody may be waiting for now, and that somebody wants to see done later. */
export class Underway {
  readonly #work = new Set<Promise<unknown>>();

  /** Whether nothing is under way. */
  get isEmpty(): boolean {
    return this.#work.size === 0;
  }

  /**
   * Adds work until it settles.
   *
   * @returns the same promise: its rejection is still its caller's to handle
   */
  add<R>(work: Promise<R>): Promise<R> {
    const done = (): void => void this.#work.delete(work);
    this.#work.add(work);
    work.then(done, done);
    return work;
  }

  /** Resolves when all that is under way now is done; rejects then with the last failure of it. */
  async done(): Promise<void> {
    const results = await Promise.allSettled(this.#work);
    const failed = results.filter((result) => result.status === 'rejected').at(-1);
    if (failed !== undefined) throw failed.reason;
  }

  /** Resolves, and never rejects, when nothing is under way any more, what was added meanwhile included. */
  async settled(): Promise<void> {
    while (!this.isEmpty) await Promise.allSettled(this.#work);
  }
}
