import type { Keeping } from './bench.js';
import type { Kept } from './reference-model.js';
import { decisiveCall, type Call, type Instant, type Operation } from './trace.js';

/** A state of the model that is stored for real. */
interface State {
  readonly kept: Kept | undefined;
  /** The call that has stored it. */
  readonly call: Call;
}

/** For how long a cache without a bus may not know of what has changed elsewhere, in milliseconds. */
export const MAX_STALENESS = 5_000;

/** Which state of the model each stored version is: so that it is known what a cache has shown. */
export class KnownStates {
  readonly #states = new Map<string, State>();
  readonly #changes: readonly Call[];
  readonly #cache: Keeping['cache'];

  /** @param operations all of a run */
  constructor(operations: readonly Operation[], cache: Keeping['cache']) {
    this.#cache = cache;
    this.#changes = operations.flatMap(({ calls }) => calls.filter(({ isChange }) => isChange));
  }

  /** Learns what an operation has stored, if anything. */
  add(operation: Operation, kept: Kept | undefined): void {
    const call = decisiveCall(operation);
    if (call?.isChange === true) this.#states.set(keyOf(call), { kept, call });
  }

  /**
   * What a cache has shown to a load, as long as its instance need not know of any change of that.
   *
   * @returns `undefined` when it must have seen what is stored
   */
  shownTo(load: Operation): Kept | undefined {
    const call = decisiveCall(load);
    const state = call && call.effect === undefined ? this.#states.get(keyOf(call)) : undefined;
    if (call === undefined || state === undefined) return undefined;
    const later = this.#changes.filter(({ id, effect }) => id === call.id && isAfter(effect, state.call.effect));
    return later.some((change) => this.#isKnown(change, call.at, load.began)) ? undefined : state.kept;
  }

  /** What has come to its end is known where it was done, elsewhere too if there is a bus, and everywhere after a while. */
  #isKnown({ at, ended }: Call, where: number, began: Instant): boolean {
    if (!isAfter(began, ended)) return false;
    return this.#cache === 'with a bus' || at === where || began.now - (ended?.now ?? 0) >= MAX_STALENESS;
  }
}

function keyOf({ id, version }: Call): string {
  return `${id} ${version}`;
}

function isAfter(one: Instant | undefined, other: Instant | undefined): boolean {
  return one !== undefined && other !== undefined && one.order > other.order;
}
