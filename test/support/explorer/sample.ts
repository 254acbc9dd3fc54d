import type { Choose } from './scheduler.js';

/**
 * Runs something again and again, each time with choices at random, where there are too many to make all of them; the same ones
 * each time that this is called.
 *
 * @yields what each run came to
 */
export async function* sample<R>(runs: number, run: (choose: Choose) => Promise<R>): AsyncGenerator<R> {
  let state = 1;
  // The generator of Park and Miller
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let made = 0; made < runs; made++) yield await run((steps) => Math.floor(random() * steps.length));
}
