// What is measured between two rounds, when nothing is under way, and what of it has grown.
import { existsSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Before anything else is loaded: what the engine compiles, and forgets again, is no growth of ours.
for (const flag of ['--expose-gc', '--no-opt', '--no-lazy-feedback-allocation', '--no-flush-bytecode']) {
  setFlagsFromString(flag);
}
const collectGarbage = runInNewContext('gc');

/** What the heap may grow by in a whole run, in bytes: code that was never needed before. */
const HEAP_NOISE = 500_000;
/** And what by, in bytes a request, however many there are. */
const HEAP_TOLERANCE = 4;

/** The open files of this process, where the system lists them. */
const DESCRIPTORS = '/proc/self/fd';

const listenersOf = (emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

/** Gauge -> a number that must not grow. */
export function measure({ apps, clock, bus }) {
  for (let times = 0; times < 2; times++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const sockets = apps.flatMap((app) => [...app.sockets]);
  const gauges = {
    heap: heapUsed + arrayBuffers,
    'timers of the clock': clock.timers,
    'listeners of the process': listenersOf(process),
    'listeners of the servers': apps.reduce((sum, { server }) => sum + listenersOf(server), 0),
    'listeners of a socket': Math.max(0, ...sockets.map(listenersOf)),
    'listeners of the bus': bus.listeners,
    descriptors: existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0,
  };
  for (const resource of process.getActiveResourcesInfo()) {
    const gauge = `resources: ${resource}`;
    gauges[gauge] = (gauges[gauge] ?? 0) + 1;
  }
  return gauges;
}

/** Gauges as one line, those of a kind together. */
export function lineOf({ heap, ...rest }) {
  const groups = new Map([['heap', [`${(heap / 1_000_000).toFixed(2)} MB`]]]);
  for (const [name, value] of Object.entries(rest)) {
    const [, group, what = ''] = /^(\w+) ?(.*)$/.exec(name.replace(':', ''));
    groups.set(group, [...(groups.get(group) ?? []), `${value} ${what}`.trim()]);
  }
  return [...groups].map(([group, values]) => `${group} ${values.join(' + ')}`).join(', ');
}

/**
 * What has grown over samples of equal weight: gauges that were always higher in the last third than ever in the first. The
 * heap goes up and down, so that its slope is judged too: the median of the slopes between any two samples.
 *
 * @param samples each `{ requests, gauges }`
 * @returns a sentence each
 */
export function grown(samples) {
  const names = new Set(samples.flatMap(({ gauges }) => Object.keys(gauges)));
  const third = Math.floor(samples.length / 3);
  return [...names].flatMap((name) => {
    const values = samples.map(({ gauges }) => gauges[name] ?? 0);
    const before = Math.max(...values.slice(0, third));
    const after = Math.min(...values.slice(-third));
    if (after <= before) return [];
    if (name !== 'heap') return [`${name}: from ${before} to ${after}`];
    const slope = slopeOf(samples);
    const requests = samples.at(-1).requests - samples[0].requests;
    const isNoise = slope * requests < HEAP_NOISE || slope < HEAP_TOLERANCE;
    return isNoise ? [] : [`heap: by ${slope.toFixed(1)} bytes a request over ${requests} requests`];
  });
}

/** Bytes of heap a request. */
export function slopeOf(samples) {
  const slopes = samples.flatMap((later, index) =>
    samples
      .slice(0, index)
      .filter((earlier) => later.requests > earlier.requests)
      .map((earlier) => (later.gauges.heap - earlier.gauges.heap) / (later.requests - earlier.requests)),
  );
  return slopes.sort((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? 0;
}
