import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const TASKSET = '/usr/bin/taskset';
/** The core of the app that is measured; everything else has the others. */
const APP_CORE = '0';

/** Whether a core can be kept for the app alone: on Linux, with two cores at least. */
export const hasOwnCore = existsSync(TASKSET) && availableParallelism() > 1;

/** A command that runs on the core of the app. */
export function onAppCore(command: string, args: readonly string[]): readonly [command: string, args: string[]] {
  return hasOwnCore ? [TASKSET, ['-c', APP_CORE, command, ...args]] : [command, [...args]];
}

/** Leaves the core of the app: this process, and whatever it starts from now on. */
export function leaveAppCore(): void {
  if (!hasOwnCore) return;
  execFileSync(TASKSET, ['-a', '-c', '-p', `1-${availableParallelism() - 1}`, String(process.pid)]);
}
