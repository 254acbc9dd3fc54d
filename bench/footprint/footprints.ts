import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { HOLDERS } from './footprint-holders.js';

/** What a process has grown by, in bytes; garbage is not counted but in `resident`. */
export interface Growth {
  readonly heap: number;
  /** Memory of array buffers, and what else V8 knows of outside of its heap. */
  readonly outside: number;
  /** Of the whole process, as the system counts it: what the allocator adds and does not give back included. */
  readonly resident: number;
}

/** What one session of 1,024 bytes takes, in bytes. */
export interface Footprint extends Growth {
  readonly candidate: string;
  /** How many there were. */
  readonly sessions: number;
  /** `heap` and `outside`. */
  readonly sum: number;
  /** `sum`, in times of what a plain `Map` of buffers takes for as many sessions. */
  readonly ratio: number;
  /** The same of `resident`. */
  readonly residentRatio: number;
}

/** Numbers of sessions that are measured. */
const COUNTS = [100_000, 1_000_000];
/** The last holder. */
const BASELINE = Object.keys(HOLDERS).at(-1)!;

/**
 * Measures each candidate at each number of sessions, one process after the other.
 *
 * @returns by number of sessions; within that in the order of `HOLDERS`, the plain `Map` last
 */
export async function footprints(counts: readonly number[] = COUNTS): Promise<readonly Footprint[]> {
  const all: Footprint[] = [];
  for (const sessions of counts) {
    const growths = new Map<string, Growth>();
    for (const candidate of Object.keys(HOLDERS)) growths.set(candidate, await inOwnProcess(candidate, sessions));
    const baseline = growths.get(BASELINE)!;
    for (const [candidate, growth] of growths) all.push(footprint(candidate, sessions, growth, baseline));
  }
  return all;
}

async function inOwnProcess(candidate: string, sessions: number): Promise<Growth> {
  const child = fork(join(import.meta.dirname, 'footprint-host.js'), [candidate, String(sessions)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  });
  let growth: Growth | undefined;
  child.on('message', (message) => {
    growth = message as Growth;
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0 || growth === undefined) throw new Error(`Cannot measure ${candidate}: its process failed`);
  return growth;
}

function footprint(candidate: string, sessions: number, growth: Growth, baseline: Growth): Footprint {
  const sum = growth.heap + growth.outside;
  return {
    candidate,
    sessions,
    heap: growth.heap / sessions,
    outside: growth.outside / sessions,
    resident: growth.resident / sessions,
    sum: sum / sessions,
    ratio: sum / (baseline.heap + baseline.outside),
    residentRatio: growth.resident / baseline.resident,
  };
}
