import { stripVTControlCharacters } from 'node:util';
import type { TestModule } from 'vitest/node';

/** More of a message would push the names of other tests out of sight. */
const MESSAGE_LENGTH = 400;

/** A name, and how its message begins: whoever sees only the end of the output learns what to look for. */
export function failureLines(modules: readonly TestModule[], unhandled: readonly { message: string }[]): string[] {
  const lines = modules.flatMap((module) => [
    ...linesOf(module.moduleId, module.errors()),
    ...[...module.children.allSuites()].flatMap((suite) => linesOf(suite.fullName, suite.errors())),
    ...[...module.children.allTests()].flatMap((test) => {
      const { state, errors = [] } = test.result();
      if (state === 'pending') return linesOf(test.fullName, [{ message: 'it did not end' }]);
      return state === 'failed' ? linesOf(test.fullName, errors) : [];
    }),
  ]);
  return [...lines, ...linesOf('outside a test', unhandled)];
}

function linesOf(name: string, errors: readonly { message: string }[]): string[] {
  return errors.map(({ message }) => {
    const text = stripVTControlCharacters(message).replace(/\s+/g, ' ');
    return `failed: ${name}: ${text.slice(0, MESSAGE_LENGTH)}`;
  });
}
