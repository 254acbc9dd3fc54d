/** How many may wait in one line; more than these are refused by whoever keeps it. */
export const MAX_IN_LINE = 128;

/**
 * Lets the callers of one key in one after the other, in the order in which they came; different keys do not wait for each
 * other. Who finds nobody before it enters at once, synchronously.
 */
export class KeyedLine {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** How many callers of `key` are in line, the one who is inside included. */
  length(key: string): number {
    const queue = this.#waiting.get(key);
    return queue === undefined ? 0 : queue.length + 1;
  }

  /**
   * Enters the line of `key`.
   *
   * @returns `undefined` when the caller is inside already; else a promise that resolves when it is. Either way it then owes
   *   one `leave(key)`.
   */
  enter(key: string): Promise<void> | undefined {
    const queue = this.#waiting.get(key);
    if (queue === undefined) {
      this.#waiting.set(key, []);
      return undefined;
    }
    return new Promise((resolve) => queue.push(resolve));
  }

  /** Leaves the line of `key`; the next one enters. */
  leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}

/** One `KeyedLine` for each owner, shared by all who ask for it, and gone with its owner. */
export class KeyedLines<Owner extends object> {
  readonly #lines = new WeakMap<Owner, KeyedLine>();

  /** The line of an owner, made when it is first asked for. */
  of(owner: Owner): KeyedLine {
    const line = this.#lines.get(owner) ?? new KeyedLine();
    this.#lines.set(owner, line);
    return line;
  }
}
