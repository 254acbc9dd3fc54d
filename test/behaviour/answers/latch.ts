/** A place in a handler where a test has it wait. */
export class Latch {
  #enter: () => void = () => undefined;
  #open: () => void = () => undefined;
  #opened: Promise<void> = Promise.resolve();
  /** Resolves when the handler has come to it. */
  entered: Promise<void> = Promise.resolve();

  /** Closes it before a request. */
  close(): void {
    this.entered = new Promise((resolve) => (this.#enter = resolve));
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  /** Lets the handler go on. */
  open(): void {
    this.#open();
  }

  /** Waits, in the handler. */
  pass(): Promise<void> {
    this.#enter();
    return this.#opened;
  }
}
