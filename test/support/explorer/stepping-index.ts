import type {
  AddOptions,
  AddResult,
  PrincipalEntry,
  PrincipalIndex,
} from '../../../src/storage/principals/principal-index.js';
import type { Trace } from './trace.js';

/** Lets each call of an index of principals wait for its turn, as `SteppingStorage` does with those of records. */
export class SteppingIndex implements PrincipalIndex {
  readonly #index: PrincipalIndex;
  readonly #trace: Trace;

  constructor(index: PrincipalIndex, trace: Trace) {
    this.#index = index;
    this.#trace = trace;
  }

  add(principal: string, id: string, options: AddOptions): Promise<AddResult> {
    return this.#step(
      'add',
      () => this.#index.add(principal, id, options),
      (result) => (result.added ? 'added' : result.reason),
    );
  }

  holds(principal: string, id: string, since: number): Promise<boolean> {
    return this.#step('holds', () => this.#index.holds(principal, id, since), String);
  }

  remove(principal: string, id: string): Promise<void> {
    return this.#step(
      'remove',
      () => this.#index.remove(principal, id),
      () => 'removed',
    );
  }

  entries(principal: string): Promise<readonly PrincipalEntry[]> {
    return this.#step('entries', () => this.#index.entries(principal), countOf);
  }

  raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    return this.#step('raise', () => this.#index.raiseEpoch(principal, except), countOf);
  }

  async #step<R>(verb: string, effect: () => Promise<R>, told: (result: R) => string): Promise<R> {
    const { turns } = this.#trace.doer;
    const step = await turns?.stop(verb);
    const result = await (turns === undefined ? effect() : turns.during(effect()));
    if (step !== undefined) step.result = told(result);
    return result;
  }
}

function countOf(entries: readonly PrincipalEntry[]): string {
  return `${entries.length} entries`;
}
