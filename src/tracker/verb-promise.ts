/** What a verb gives to a handler: a promise that knows whether anybody waits for it. What fails unheard is no unhandled rejection. */
export class VerbPromise<R> extends Promise<R> {
  #isHeard = false;

  /** What is derived of it is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** The same promise, as one that knows. */
  static of<R>(work: Promise<R>): VerbPromise<R> {
    const verb = new VerbPromise<R>((resolve, reject) => void work.then(resolve, reject));
    verb.#hush();
    return verb;
  }

  /** Whether somebody has asked for its outcome. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise, whose own `then` this is
  override then<Value = R, Failure = never>(
    onFulfilled?: ((value: R) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }

  #hush(): void {
    super.then(undefined, () => {});
  }
}
