import { describe, expect, it } from 'vitest';
import { VerbPromise } from '../../../src/tracker/verb-promise.js';

const failing = (): Promise<never> => Promise.reject(new Error('down'));

describe('VerbPromise', () => {
  it('gives what the work gives', async () => {
    expect(await VerbPromise.of(Promise.resolve(1))).toBe(1);
    await expect(VerbPromise.of(failing())).rejects.toThrow('down');
  });

  it.each<[string, (verb: VerbPromise<unknown>) => unknown]>([
    ['await', async (verb) => verb],
    [
      'then()',
      (verb) =>
        verb.then(
          () => {},
          () => {},
        ),
    ],
    ['catch()', (verb) => verb.catch(() => {})],
    ['finally()', (verb) => verb.finally(() => {}).catch(() => {})],
    ['Promise.all()', (verb) => Promise.all([verb, Promise.resolve()]).catch(() => {})],
    ['Promise.race()', (verb) => Promise.race([verb, new Promise(() => {})]).catch(() => {})],
  ])('is heard by %s', async (_, listen) => {
    const verb = VerbPromise.of<unknown>(failing());
    expect(verb.isHeard).toBe(false);
    await Promise.allSettled([listen(verb)]);
    expect(verb.isHeard).toBe(true);
  });

  it('is no unhandled rejection when nobody hears of it, and what is derived of it is an ordinary promise', async () => {
    const verb = VerbPromise.of<unknown>(failing());
    await new Promise((resolve) => setImmediate(resolve));
    expect(verb.isHeard).toBe(false);
    expect(verb.catch(() => {})).not.toBeInstanceOf(VerbPromise);
  });
});
