import type { TestModule } from 'vitest/node';

/** How `test/conformance/storages.spec.ts` names the cases of one storage. */
const STORAGE = /^conformance of (.+)$/;

/** Says of each storage how many cases of the contract it kept; no lines when the run tried none. */
export function conformanceLines(modules: readonly TestModule[]): string[] {
  const suites = modules.flatMap((module) => [...module.children.suites()]);
  return suites.flatMap((suite) => {
    const storage = STORAGE.exec(suite.name)?.[1];
    if (storage === undefined) return [];
    const outcomes = [...suite.children.allTests()].map((test) => test.result().state);
    const passed = outcomes.filter((state) => state === 'passed').length;
    return [`storage conformance: ${storage}: ${passed} of ${outcomes.length} cases`];
  });
}
