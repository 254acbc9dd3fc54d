import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import {
  asapScheduler,
  bufferCount,
  catchError,
  config,
  EMPTY,
  filter,
  finalize,
  firstValueFrom,
  from,
  map,
  merge,
  mergeMap,
  mergeWith,
  NEVER,
  observeOn,
  Observable,
  publish,
  range,
  refCount,
  share,
  shareReplay,
  startWith,
  Subject,
  Subscriber,
  take,
  tap,
  toArray,
  type ConnectableObservable,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedStream } from '../../../src/module/guarded-stream.js';

class Failure extends Error {}

const fail = (): never => {
  throw new Failure();
};

describe('GuardedStream', () => {
  let source: Subject<number>;
  let stream: Observable<number>;
  let failures: [error: unknown, isLast: boolean][];
  let unhandled: unknown[];

  beforeEach(() => {
    source = new Subject();
    failures = [];
    stream = GuardedStream.of(source, (...failure) => failures.push(failure));
    unhandled = [];
    // What rxjs is left with it throws in a timer, which ends the process
    config.onUnhandledError = (error) => unhandled.push(error);
  });

  afterEach(async () => {
    await wait(1);
    config.onUnhandledError = null;
    expect(unhandled).toEqual([]);
  });

  /** Tells two values and the end, which must disturb neither the source nor who observes besides. */
  function tell(): void {
    const seen: unknown[] = [];
    stream.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    source.next(1);
    source.next(2);
    source.complete();
    expect(seen).toEqual([1, 2, 'complete']);
  }

  it.each<[string, (stream: Observable<number>) => unknown]>([
    ['a function', (one) => one.subscribe(fail)],
    ['an observer', (one) => one.subscribe({ next: fail })],
    ['an asynchronous function', (one) => one.subscribe(async () => fail())],
    ['a function behind filter()', (one) => one.pipe(filter(() => true)).subscribe(fail)],
    [
      'a function behind two pipes',
      (one) =>
        one
          .pipe(filter(() => true))
          .pipe(map(String))
          .subscribe(fail),
    ],
    ['a function behind observeOn()', (one) => one.pipe(observeOn(asapScheduler)).subscribe(fail)],
    ['a function behind share()', (one) => one.pipe(share()).subscribe(fail)],
    ['a function behind shareReplay()', (one) => one.pipe(shareReplay(1)).subscribe(fail)],
    ['a function behind mergeWith()', (one) => one.pipe(mergeWith(EMPTY)).subscribe(fail)],
    ['a function behind publish() and refCount()', (one) => one.pipe(publish(), refCount()).subscribe(fail)],
    ['a function behind from()', (one) => from(one).subscribe(fail)],
    [
      'a function behind an operator of somebody else',
      (one) =>
        one.pipe((it) => new Observable<number>((to) => it.subscribe((value) => to.next(value)))).subscribe(fail),
    ],
  ])('%s that fails with a value is told the next, and each time is a failure', async (_, observe) => {
    observe(stream);
    tell();
    await wait(1);
    expect(failures).toEqual([
      [expect.any(Failure), false],
      [expect.any(Failure), false],
    ]);
  });

  it.each<[string, (stream: Observable<number>) => unknown]>([
    ['map()', (one) => one.pipe(map(fail)).subscribe()],
    ['tap() between others', (one) => one.pipe(filter(Boolean), tap(fail), map(String)).subscribe(() => {})],
    ['mergeMap() with a promise', (one) => one.pipe(mergeMap(async () => fail())).subscribe()],
    ['map() behind observeOn()', (one) => one.pipe(observeOn(asapScheduler), map(fail)).subscribe()],
    ['map() before share()', (one) => one.pipe(map(fail), share()).subscribe()],
    ['an operator that fails where it stands', (one) => one.pipe(() => new Observable<number>(fail)).subscribe()],
    ['finalize()', (one) => one.pipe(finalize(fail)).subscribe()],
  ])('%s that fails ends its own subscription, and no other', async (_, observe) => {
    observe(stream);
    tell();
    await wait(1);
    expect(failures).toEqual([[expect.any(Error), true]]);
    expect(source.observed).toBe(false);
  });

  it('an observer that has a handler for errors is given those of its operators, and nobody else is told', () => {
    const errors: unknown[] = [];
    stream.pipe(map(fail)).subscribe({ error: (error: unknown) => errors.push(error) });
    stream
      .pipe(
        map(fail),
        catchError(() => EMPTY),
      )
      .subscribe();
    tell();
    expect(errors).toEqual([expect.any(Failure)]);
    expect(failures).toEqual([]);
  });

  it('a handler of errors or of the end that fails is a failure too', () => {
    stream.pipe(map(fail)).subscribe({ error: fail });
    stream.subscribe({ complete: fail });
    tell();
    expect(failures).toEqual([
      [expect.any(Failure), true],
      [expect.any(Failure), true],
    ]);
  });

  it('takes handlers one by one, as rxjs does', () => {
    const seen: unknown[] = [];
    const subscribe = stream.subscribe.bind(stream) as (...handlers: unknown[]) => void;
    subscribe(
      (value: number) => seen.push(value),
      null,
      () => seen.push('complete'),
    );
    subscribe(null, undefined, () => seen.push('complete'));
    subscribe();
    tell();
    expect(seen).toEqual([1, 2, 'complete', 'complete']);
  });

  it('calls the handlers of an observer on that observer', () => {
    const observer = {
      seen: [] as number[],
      next(value: number): void {
        this.seen.push(value);
      },
    };
    stream.subscribe(observer);
    tell();
    expect(observer.seen).toEqual([1, 2]);
  });

  it('gives operators and promises what they are used to', async () => {
    const pairs = firstValueFrom(stream.pipe(bufferCount(2)));
    const all = firstValueFrom(stream.pipe(toArray()));
    const each: number[] = [];
    const done = stream.forEach((value) => void each.push(value));
    const connectable = stream.pipe(publish()) as ConnectableObservable<number>;
    const connected: number[] = [];
    connectable.subscribe((value) => connected.push(value));
    connectable.connect();
    tell();
    await done;
    expect([await pairs, await all, each, connected]).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  it('observes its source for nobody who has left', () => {
    const subscriptions = [
      stream.subscribe(),
      stream.pipe(map(String)).pipe(filter(Boolean)).subscribe(),
      stream.pipe(share()).subscribe(),
    ];
    for (const subscription of subscriptions) {
      expect(source.observed).toBe(true);
      subscription.unsubscribe();
    }
    stream.pipe(take(1)).subscribe();
    source.next(1);
    expect(source.observed).toBe(false);
  });

  it('observes its source for nobody who has left by the operators of another copy of rxjs', () => {
    const require = createRequire(import.meta.url);
    for (const path of Object.keys(require.cache)) if (path.includes('/rxjs/')) delete require.cache[path];
    const copy = require('rxjs') as { take: typeof take; Subscriber: typeof Subscriber };
    expect(copy.Subscriber).not.toBe(Subscriber);
    stream.pipe(copy.take(1)).subscribe(fail);
    source.next(1);
    expect(failures).toHaveLength(1);
    expect(source.observed).toBe(false);
  });

  it('lets an operator stop one before that would go on for long', () => {
    const seen: number[] = [];
    let made = 0;
    const many = (): Observable<number> => range(0, 10_000).pipe(tap(() => made++));
    stream
      .pipe(startWith(0), mergeMap(many))
      .pipe(take(3))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([0, 1, 2]);
    expect(made).toBe(3);
  });

  it('does not guard what only has it among its sources', async () => {
    const subject = new Subject<number>();
    stream.subscribe(subject);
    subject.subscribe(fail);
    merge(stream, NEVER).subscribe(fail);
    source.next(1);
    await wait(1);
    expect(unhandled.splice(0)).toEqual([expect.any(Failure), expect.any(Failure)]);
    expect(failures).toEqual([]);
  });
});
