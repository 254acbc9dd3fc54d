import { sameBytes } from '../common/same-bytes.js';
import type { DataSnapshot } from '../session/session-data.js';
import { sameMarks } from '../session/session-marks.js';

/** A state that could not be stored, and why. */
interface Failed {
  /** `'unserializable'` when there were not even bytes. */
  readonly state: DataSnapshot | 'unserializable';
  readonly error: unknown;
}

/** States of the data that could not be stored: the answer that says so must not try the same again. */
export class FailedStates {
  #failed: Failed | undefined;
  /** What a handler could not store: if it goes on all the same, the response waits for one more try. */
  #unsaved: { readonly state: DataSnapshot | undefined; readonly error: unknown } | undefined;

  /** Notes what the response could not store. */
  add(state: Failed['state'], error: unknown): void {
    this.#failed = { state, error };
  }

  /** Notes what a handler could not store, and with what error it was told. */
  addUnsaved(state: DataSnapshot | undefined, error: unknown): void {
    this.#unsaved = { state, error };
  }

  /** Is told of the error that the client is going to be answered with: if it is the handler's, that was the last try. */
  answeredWith(error: unknown): void {
    if (this.#unsaved === undefined || this.#unsaved.error !== error) return;
    const { state } = this.#unsaved;
    this.#failed = state && { state, error };
  }

  /** From now on everything may be tried: something was stored. */
  forget(): void {
    this.#failed = undefined;
  }

  get hasUnserializable(): boolean {
    return this.#failed?.state === 'unserializable';
  }

  has({ bytes, marks }: DataSnapshot): boolean {
    const state = this.#failed?.state;
    return typeof state === 'object' && sameBytes(state.bytes, bytes) && sameMarks(state.marks, marks);
  }

  /**
   * Says again what was said of a state.
   *
   * @throws why it could not be stored; nothing, when it was not tried
   */
  rethrow(snapshot: DataSnapshot): void {
    if (this.has(snapshot)) throw this.#failed?.error;
  }
}
