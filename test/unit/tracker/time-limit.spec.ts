import { describe, expect, it } from 'vitest';
import { SessionEndedError, SessionStorageError } from '../../../src/errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { TimeLimit } from '../../../src/tracker/time-limit.js';

const TIMEOUT = 5000;

function bench() {
  const clock = new ManualClock();
  const limit = new TimeLimit(clock, TIMEOUT);
  const options = { aborted: 0, abort: () => void options.aborted++ };
  const limited = <R>(work: () => Promise<R>): Promise<R> => limit.limited('an-id', options, work);
  return { clock, options, limited };
}

describe('TimeLimit', () => {
  it('gives work its options, and resolves to its result', async () => {
    const { clock, options } = bench();
    const limit = new TimeLimit(clock, TIMEOUT);
    expect(await limit.limited('an-id', options, async (given) => [given, 'done'])).toEqual([options, 'done']);
    expect(options.aborted).toBe(0);
  });

  it('D2: rejects at the limit, not before, names it, and tells the work to abort', async () => {
    const { clock, options, limited } = bench();
    let error: unknown;
    const done = limited(() => new Promise(() => undefined)).catch((reason: unknown) => (error = reason));
    clock.advance(TIMEOUT - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(error).toBeUndefined();
    expect(options.aborted).toBe(0);
    clock.advance(1);
    await done;
    expect(error).toBeInstanceOf(SessionStorageError);
    expect(error).toMatchObject({
      message: 'Cannot reach session storage: no answer within 5000 ms',
      id: 'an-id',
      status: 503,
    });
    expect(options.aborted).toBe(1);
  });

  it('leaves no timer behind, whether the work is done, fails or throws', async () => {
    const { clock, options, limited } = bench();
    await limited(async () => 'done');
    await expect(limited(() => Promise.reject(new Error('down')))).rejects.toThrow(SessionStorageError);
    const thrower = (): never => {
      throw new Error('at once');
    };
    await expect(limited(thrower)).rejects.toThrow(SessionStorageError);
    expect(clock.timers).toBe(0);
    expect(options.aborted).toBe(0);
  });

  it.each<[what: string, settle: (work: { resolve: (value: string) => void; reject: (error: Error) => void }) => void]>(
    [
      ['answers', ({ resolve }) => resolve('late')],
      ['fails', ({ reject }) => reject(new Error('late'))],
    ],
  )('does not mind that work %s when it is too late', async (_, settle) => {
    const { clock, limited } = bench();
    const work = { resolve: (_: string): void => undefined, reject: (_: Error): void => undefined };
    const failure = limited(() => new Promise<string>((resolve, reject) => Object.assign(work, { resolve, reject })));
    clock.advance(TIMEOUT);
    settle(work);
    await expect(failure).rejects.toThrow('no answer within 5000 ms');
  });

  it('D1: makes any failure a SessionStorageError with the id, and the failure as its cause', async () => {
    const { limited } = bench();
    const cause = new Error('ECONNREFUSED');
    const error = await limited(() => Promise.reject(cause)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionStorageError);
    expect(error).toMatchObject({ message: 'Cannot use session storage: it failed', cause, id: 'an-id' });
  });

  it('D1: makes work that throws at once no exception of another kind', async () => {
    const { limited } = bench();
    const cause = new TypeError('not a promise');
    const thrower = (): never => {
      throw cause;
    };
    await expect(limited(thrower)).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE', cause });
  });

  it('lets a SessionError be itself', async () => {
    const { limited } = bench();
    const own = new SessionEndedError('of the storage');
    await expect(limited(() => Promise.reject(own))).rejects.toBe(own);
  });
});
