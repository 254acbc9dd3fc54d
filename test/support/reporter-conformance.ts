import type { TestModule } from 'vitest/node';

/** How `test/conformance` names the cases of one storage, or of one transformer. */
const SUITE = /^conformance of (?:(transformer) )?(.+)$/;

/** Says of each of them how many cases of the contract it kept; no lines when the run tried none. */
export function conformanceLines(modules: readonly TestModule[]): string[] {
  const suites = modules.flatMap((module) => [...module.children.suites()]);
  return suites.flatMap((suite) => {
    const [, kind = 'storage', name] = SUITE.exec(suite.name) ?? [];
    if (name === undefined) return [];
    const outcomes = [...suite.children.allTests()].map((test) => test.result().state);
    const passed = outcomes.filter((state) => state === 'passed').length;
    return [`${kind} conformance: ${name}: ${passed} of ${outcomes.length} cases`];
  });
}
