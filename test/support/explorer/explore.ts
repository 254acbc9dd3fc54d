import type { Choose } from './scheduler.js';

/**
 * Runs something again and again, each time with other choices, until every row of choices was made: depth first, beginning
 * with the first choice everywhere. What runs must depend on nothing but the choices.
 *
 * @yields what each run came to
 */
export async function* explore<R>(run: (choose: Choose) => Promise<R>): AsyncGenerator<R> {
  let begin: readonly number[] | undefined = [];
  while (begin !== undefined) {
    const row: Row = new Row(begin);
    yield await run((steps) => row.choose(steps.length));
    begin = row.next();
  }
}

/** The choices of one run. */
class Row {
  readonly #begin: readonly number[];
  readonly #made: { readonly choice: number; readonly of: number }[] = [];

  /** @param begin its first choices; after them each is the first */
  constructor(begin: readonly number[]) {
    this.#begin = begin;
  }

  choose(of: number): number {
    const choice = this.#begin[this.#made.length] ?? 0;
    if (choice >= of) throw new Error('Cannot repeat a run: it depends on more than the choices');
    this.#made.push({ choice, of });
    return choice;
  }

  /** How the next row begins; `undefined` after the last. */
  next(): readonly number[] | undefined {
    if (this.#made.length < this.#begin.length) throw new Error('Cannot repeat a run: it ended too early');
    const last = this.#made.findLastIndex(({ choice, of }) => choice + 1 < of);
    if (last < 0) return undefined;
    const choices = this.#made.map(({ choice }) => choice);
    return [...choices.slice(0, last), (choices[last] ?? 0) + 1];
  }
}
