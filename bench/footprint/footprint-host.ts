/** Fills one holder with sessions and tells what they take: started by `footprints()`, in a process of its own. */
import { setImmediate } from 'node:timers/promises';
import { assertDone } from '../measure/assert-done.js';
import { newId } from '../storages/contestant.js';
import { HOLDERS } from './footprint-holders.js';
import type { Growth } from './footprints.js';

/** Enough for code to be compiled and for what is made once to be there. */
const WARM = 5_000;

const [name = '', count = '0'] = process.argv.slice(2);
const make = HOLDERS[name];
if (make === undefined) throw new Error(`Cannot measure ${name}: there is no such holder`);

await fill(WARM, make());
const holder = make();
await collect();
const before = process.memoryUsage();
await fill(Number(count), holder);
await collect();
const after = process.memoryUsage();
// Asked last, so that it is still held until then
assertDone((await holder.count()) === Number(count), `put() of ${name}`);

const growth: Growth = {
  heap: after.heapUsed - before.heapUsed,
  // Node counts array buffers as external, too
  outside: after.external - before.external,
  resident: after.rss - before.rss,
};
process.send?.(growth);
process.disconnect();

async function fill(sessions: number, into: ReturnType<NonNullable<typeof make>>): Promise<void> {
  for (let left = sessions; left > 0; left--) {
    await into.put(newId());
    // Lets callbacks and the sweeper of array buffers come up, as an app does between two requests
    if (left % 1000 === 0) await setImmediate();
  }
}

/** More than once: what is freed by finalizers, and pages that are given back, come one round later. */
async function collect(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('Cannot measure memory: run node with --expose-gc');
  for (let round = 0; round < 5; round++) {
    globalThis.gc();
    await setImmediate();
  }
}
