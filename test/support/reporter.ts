import { DefaultReporter, type TestModule } from 'vitest/node';
import { conformanceLines } from './reporter-conformance.js';
import { failureLine, failuresOf } from './reporter-failures.js';
import { interleavingLines } from './reporter-interleavings.js';
import { behaviourRows } from './reporter-rows.js';

/**
 * Vitest's own report, then how each storage kept the contract, in how many orders of steps scenarios were run, and which
 * behaviour rows each platform covered, then what failed, then one plain line as the last of the output:
 * `N passed, N failed`, with `, N skipped` only where something was skipped.
 *
 * A test file that cannot be loaded, a hook that fails and an unhandled error count as failed: no number hides them.
 * A server that is not on this machine is named before it: its tests were not even counted. With `CI=true` that, and a
 * skipped test, fails the run.
 */
export class ClosingLineReporter extends DefaultReporter {
  #closing: string | undefined;

  constructor() {
    super();
    // At exit, since Vitest and its plugins may print after the end of the run.
    process.on('exit', () => {
      if (this.#closing !== undefined) process.stdout.write(`${this.#closing}\n`);
    });
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: Parameters<DefaultReporter['onTestRunEnd']>[1],
    reason: Parameters<DefaultReporter['onTestRunEnd']>[2],
  ): void {
    super.onTestRunEnd(modules, unhandledErrors, reason);
    const rows = behaviourRows(modules, this.ctx.config.root);
    const failures = failuresOf(modules, unhandledErrors);
    const lines = [...conformanceLines(modules), ...interleavingLines(modules), ...rows, ...failures.map(failureLine)];
    for (const line of lines) process.stdout.write(`${line}\n`);
    const { passed, skipped } = count(modules);
    const shortfall = shortfallOf(skipped, process.env['MISSING_SERVERS'] ?? '', isCI());
    for (const line of shortfall.lines) process.stdout.write(`${line}\n`);
    if (shortfall.fails) process.exitCode = 1;
    this.#closing = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  }
}

/**
 * What was not run, and whether that fails the run.
 *
 * @param missing the servers that are not on this machine; empty for none
 */
export function shortfallOf(
  skipped: number,
  missing: string,
  ci: boolean,
): { readonly lines: readonly string[]; readonly fails: boolean } {
  const lines = missing === '' ? [] : [`Not run: what needs ${missing}, which is not on this machine`];
  const fails = ci && (skipped > 0 || missing !== '');
  return { lines: fails ? [...lines, 'CI=true: a skipped test fails the run'] : lines, fails };
}

/** Counts the tests that passed, and those that were skipped. */
function count(modules: readonly TestModule[]) {
  const counts = { passed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed' || state === 'skipped') counts[state] += 1;
    }
  }
  return counts;
}

function isCI(): boolean {
  const value = process.env['CI'];
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
