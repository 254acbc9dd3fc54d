import { Observable, type Observer, type OperatorFunction, type Subscription } from 'rxjs';

/**
 * Told of what an observer threw or rejected with, and of an error that it has no handler for.
 *
 * @param isLast whether its subscription has ended with that
 */
export type ObserverFailure = (error: unknown, isLast: boolean) => void;

/**
 * A stream whose observers may fail, and nobody else notices: rxjs would throw their errors again in a timer of its own, and end
 * the process.
 *
 * What `pipe()` makes of it is such a stream too; an operator that fails ends its own subscription, as ever. What only has it
 * among its sources is not: `merge()`, or a `Subject` that subscribes to it.
 */
export class GuardedStream<T> extends Observable<T> {
  readonly #onFailure: ObserverFailure;

  private constructor(source: Observable<T>, onFailure: ObserverFailure) {
    super((subscriber) => source.subscribe(subscriber));
    this.#onFailure = onFailure;
  }

  /** Guards a source, and its observers from each other: some operators throw where they stand, like `finalize()`. */
  static of<T>(source: Observable<T>, onFailure: ObserverFailure): GuardedStream<T> {
    const isolated = new Observable<T>((subscriber) => source.subscribe(guarded(subscriber, onFailure)));
    return new GuardedStream(isolated, onFailure);
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (isLink(observerOrNext)) return super.subscribe(observerOrNext);
    const observer =
      typeof observerOrNext === 'object' && observerOrNext !== null
        ? observerOrNext
        : {
            ...(observerOrNext && { next: observerOrNext }),
            ...(error && { error }),
            ...(complete && { complete }),
          };
    return super.subscribe(guarded(observer, this.#onFailure));
  }

  override pipe(...operators: readonly OperatorFunction<never, unknown>[]): Observable<never> {
    const piped = operators.reduce<Observable<unknown>>(
      (source, operator) => operator(source as Observable<never>),
      this,
    );
    // What has methods of its own stays as it is
    const isPlain = Object.getPrototypeOf(piped) === Observable.prototype;
    return (isPlain ? new GuardedStream(piped, this.#onFailure) : piped) as Observable<never>;
  }
}

/** Whether it is a subscriber of rxjs: one that stands between this stream and whoever observes what operators make of it. */
function isLink<T>(observer: Partial<Observer<T>> | ((value: T) => void) | null | undefined): observer is Observer<T> {
  return typeof observer === 'object' && observer !== null && 'add' in observer && 'unsubscribe' in observer;
}

/** An observer that never throws, in place of one that may. */
function guarded<T>(observer: Partial<Observer<T>>, onFailure: ObserverFailure): Observer<T> {
  const call = (isLast: boolean, notify: () => unknown): void => {
    try {
      const result = notify();
      if (result instanceof Promise) result.catch((error: unknown) => onFailure(error, isLast));
    } catch (error) {
      onFailure(error, isLast);
    }
  };
  return {
    next: (value) => call(false, () => observer.next?.(value)),
    error: (error) =>
      observer.error === undefined ? onFailure(error, true) : call(true, () => observer.error?.(error)),
    complete: () => call(true, () => observer.complete?.()),
  };
}
