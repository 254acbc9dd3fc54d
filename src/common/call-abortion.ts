/** What the storages of this package use of an `AbortSignal`. */
export interface AbortNotice {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Tells whoever is called that nobody waits for the answer any more. It is such a notice itself, which costs 1 us a call where
 * to make an `AbortSignal` and to listen to it takes 22; that is made for who asks for it.
 */
export class CallAbortion implements AbortNotice {
  #aborted = false;
  readonly #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  /** From now on nobody waits. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort();
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

/** The cheapest way to learn that nobody waits for a call any more; `undefined` when that will not be told. */
export function abortNoticeOf(options: { readonly signal?: AbortSignal } | undefined): AbortNotice | undefined {
  return options instanceof CallAbortion ? options : options?.signal;
}
