import { sameBytes, type DataSnapshot } from '../session/session-data.js';

/** States of the data that could not be stored: the answer that says so must not try the same again. */
export class FailedStates {
  #failed: Uint8Array | 'unserializable' | undefined;
  /** What a handler could not store: if it goes on all the same, the response waits for one more try. */
  #unsaved: { readonly error: unknown; readonly bytes: Uint8Array | undefined } | undefined;

  /** Notes what the response could not store; `'unserializable'` when there were not even bytes. */
  add(state: Uint8Array | 'unserializable'): void {
    this.#failed = state;
  }

  /** Notes what a handler could not store, and with what error it was told. */
  addUnsaved(error: unknown, bytes: Uint8Array | undefined): void {
    this.#unsaved = { error, bytes };
  }

  /** Is told of the error that the client is going to be answered with: if it is the handler's, that was the last try. */
  answeredWith(error: unknown): void {
    if (this.#unsaved?.error === error) this.#failed = this.#unsaved?.bytes;
  }

  /** From now on everything may be tried: something was stored. */
  forget(): void {
    this.#failed = undefined;
  }

  get hasUnserializable(): boolean {
    return this.#failed === 'unserializable';
  }

  has({ bytes }: DataSnapshot): boolean {
    return this.#failed instanceof Uint8Array && sameBytes(this.#failed, bytes);
  }
}
