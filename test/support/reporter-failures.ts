import { stripVTControlCharacters } from 'node:util';
import type { TestModule } from 'vitest/node';

/** More of a message would push the names of others out of sight. */
const MESSAGE_LENGTH = 400;

interface Failed {
  readonly name: string;
  readonly message: string;
}

/** What failed: tests, and what failed outside of one. A test that did not end, since the run was interrupted, has failed. */
export function failuresOf(modules: readonly TestModule[], unhandled: readonly { message: string }[]): Failed[] {
  return [
    ...modules.flatMap((module) => [
      ...named(module.moduleId, module.errors()),
      ...[...module.children.allSuites()].flatMap((suite) => named(suite.fullName, suite.errors())),
      ...[...module.children.allTests()].flatMap((test) => {
        const { state, errors = [] } = test.result();
        if (state === 'pending') return [{ name: test.fullName, message: 'it did not end' }];
        return state === 'failed' ? [{ name: test.fullName, message: errors[0]?.message ?? '' }] : [];
      }),
    ]),
    ...named('outside a test', unhandled),
  ];
}

/** A name, and how its message begins: whoever sees only the end of the output learns what to look for. */
export function failureLine({ name, message }: Failed): string {
  const text = stripVTControlCharacters(message).replace(/\s+/g, ' ');
  return `failed: ${name}: ${text.slice(0, MESSAGE_LENGTH)}`;
}

function named(name: string, errors: readonly { message: string }[]): Failed[] {
  return errors.map(({ message }) => ({ name, message }));
}
