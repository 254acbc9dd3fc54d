import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compilerOptions, hostWith, root, typeErrors } from './compile.js';

/*
 * Compiles every ```ts block of README.md, of the other documents beside it and of docs/: what a reader copies compiles.
 *
 * - Each block is a module of its own, compiled with the options of an app made by `nest new`, but strict.
 * - A block whose first line is a comment with a file name, `// cart.ts`, is that file: other blocks of the same
 *   document import from it, as a reader's files would: `import { Cart } from './cart.js'`.
 * - What a block uses without importing or declaring it is in preamble.d.ts: Nest's own decorators, and stand-ins for
 *   what the reader's app has. Names of nest-sessions are not: a reader must see where they come from.
 * - A line that must not compile says so: `// @ts-expect-error`. What is no TypeScript gets another tag than `ts`.
 */
const documents = [...markdownIn('.'), ...markdownIn('docs')];
const snippets = documents.flatMap(snippetsOf);

interface Snippet {
  readonly document: string;
  /** The line of the document where the code starts, from 1. */
  readonly line: number;
  readonly code: string;
  /** Where the compiler finds it; only in memory. */
  readonly path: string;
}

describe('snippets', { timeout: 60_000 }, () => {
  it('README.md has some', () => {
    const documented = new Set(snippets.map(({ document }) => document));
    expect(documented.has('README.md') || !documents.includes('README.md')).toBe(true);
  });

  const program = lazy(compile);

  it.each(snippets.map((snippet) => [`${snippet.document}:${snippet.line}`, snippet] as const))(
    '%s compiles',
    (_, { document, line, path }) => {
      expect(typeErrors(program(), path, { file: document, line })).toEqual([]);
    },
  );
});

function compile(): ts.Program {
  const options = compilerOptions('tsconfig.json', {
    emitDecoratorMetadata: true,
    exactOptionalPropertyTypes: false,
    moduleDetection: ts.ModuleDetectionKind.Force,
    noPropertyAccessFromIndexSignature: false,
    noUncheckedIndexedAccess: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
  });
  const files = new Map(snippets.map(({ path, code }) => [path, code]));
  const preamble = join(import.meta.dirname, 'preamble.d.ts');
  return ts.createProgram([preamble, ...files.keys()], options, hostWith(files, options));
}

function markdownIn(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith('.md'));
  return names.map((name) => (folder === '.' ? name : `${folder}/${name}`));
}

function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(root, document), 'utf8');
  const blocks = text.matchAll(/^([ \t]*)```(?:ts|typescript)\b[^\n]*\n([^]*?)^\1```[ \t]*$/gm);
  return [...blocks].map(({ 1: indent = '', 2: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length + 1;
    const name = /^\s*\/\/ ([\w./-]+)\.ts\n/.exec(code)?.[1] ?? `line-${line}`;
    const path = join(root, 'test/docs/snippets', document, `${name}.ts`);
    return { document, line, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), path };
  });
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
