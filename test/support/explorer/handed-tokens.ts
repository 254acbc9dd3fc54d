import type { Kept, ModelSettings } from './reference-model.js';
import { compare, type Difference } from './report.js';
import type { HandedToken } from './trace.js';

/** A token that a client was handed, and what it stands for in the model. */
interface Known {
  readonly kept: Kept;
  readonly token: string;
  /** Whom it was handed to. */
  readonly to: string;
}

/** Which real token stands for which of the model's, and which real id for which: one for one. */
export class HandedTokens {
  readonly #travel: ModelSettings['travel'];
  readonly #known: Known[] = [];
  /** Real ids by the model's. */
  readonly #ids = new Map<string, string>();

  constructor(travel: ModelSettings['travel']) {
    this.#travel = travel;
  }

  /** Learns what stands for a state; tells when that contradicts what was learned before. */
  add(kept: Kept, { token, id }: HandedToken, to: string): Difference | undefined {
    const difference = this.#compareIds(kept, id) ?? this.#compareTokens(kept, token);
    this.#ids.set(kept.id, id);
    this.#known.push({ kept, token, to });
    return difference;
  }

  /** @returns `undefined` for one that nobody was handed */
  find(token: string): Known | undefined {
    return this.#known.find((known) => known.token === token);
  }

  #compareIds({ id }: Kept, seen: string): Difference | undefined {
    const isTaken = [...this.#ids.values()].includes(seen);
    const expected = this.#ids.get(id) ?? (isTaken ? 'an id of its own' : seen);
    return compare('the id in the token', expected, seen);
  }

  #compareTokens(kept: Kept, seen: string): Difference | undefined {
    const before = this.#known.find((known) => this.#isSame(known.kept, kept));
    const other = this.find(seen);
    const expected = before?.token ?? (other === undefined ? seen : `another than that of ${other.to}`);
    return compare('the token', expected, seen);
  }

  /** Whether the same token stands for two states: by value each has its own. */
  #isSame(one: Kept, other: Kept): boolean {
    return this.#travel === 'by id' && one.id === other.id && one.secret === other.secret;
  }
}
