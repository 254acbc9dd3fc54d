import type { DerivedKey, KeyRing } from './key-ring.js';
import type { Opened, SessionTransformer } from './session-transformer.js';

/** A transformer with keys: it seals under the first, and opens what any of them has sealed. */
export abstract class KeyedTransformer implements SessionTransformer {
  readonly authenticates = true;
  readonly #ring: KeyRing;
  readonly #use: string;

  /** @param use what it does with its keys: the same key gives unrelated ones for different uses */
  constructor(ring: KeyRing, use: string) {
    this.#ring = ring;
    this.#use = use;
  }

  ready(): Promise<void> {
    return this.#ring.ready();
  }

  seal(bytes: Uint8Array, purpose: string): Uint8Array {
    const [first] = this.#keys(purpose);
    return this.sealUnder(first as DerivedKey, bytes, purpose);
  }

  open(bytes: Uint8Array, purpose: string): Opened | undefined {
    for (const [index, key] of this.#keys(purpose).entries()) {
      const opened = this.openUnder(key, bytes, purpose);
      if (opened !== undefined) return { bytes: opened, outdated: index > 0 };
    }
    return undefined;
  }

  protected abstract sealUnder(key: DerivedKey, bytes: Uint8Array, purpose: string): Uint8Array;

  /** Gives bytes that belong to the caller; `undefined` for what was not sealed under this key. */
  protected abstract openUnder(key: DerivedKey, bytes: Uint8Array, purpose: string): Uint8Array | undefined;

  #keys(purpose: string): readonly DerivedKey[] {
    return this.#ring.derive(`${this.#use} ${purpose}`);
  }
}
