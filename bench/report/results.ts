import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/** Where results go: into the folder of the sources, not of what was compiled. */
export const RESULTS = join(import.meta.dirname, '..', '..', '..', 'results');

/** What has to be known of a run to compare it with another. */
export interface RunFacts {
  readonly measuredAt: string;
  /** The commit; with `+` when the working tree had changes beside what a bench writes itself. */
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
}

/** @returns the facts of this run; `'unknown'` for a commit outside of a repository */
export function runFacts(): RunFacts {
  const [cpu] = cpus();
  return {
    measuredAt: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
  };
}

/** Writes what a bench found to `results/<name>.json`, with the facts of its run. */
export function writeResults(name: string, found: object): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify({ ...runFacts(), ...found }, rounded)}\n`);
}

/** Four figures are more than any of it is sure of. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname });
    const isClean =
      git('status', '--porcelain', '--', ':/', ':!/bench/results', ':!/bench/RESULTS.md', ':!/README.md').trim() === '';
    return git('rev-parse', '--short', 'HEAD').trim() + (isClean ? '' : '+');
  } catch {
    return 'unknown';
  }
}
