import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compilerOptions, typeErrors } from '../docs/compile.js';

/*
 * Tests of types are the files *.test-d.ts of this folder: they are compiled, never run. What must not compile stands
 * under `// @ts-expect-error`, which is itself an error where the line below compiles.
 */
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test-d.ts'));

describe('types', { timeout: 60_000 }, () => {
  it('have tests', () => {
    expect(files).not.toEqual([]);
  });

  let program: ts.Program | undefined;

  it.each(files)('%s compiles', (file) => {
    const paths = files.map((name) => join(import.meta.dirname, name));
    program ??= ts.createProgram(paths, compilerOptions('tsconfig.json', {}));
    expect(typeErrors(program, join(import.meta.dirname, file))).toEqual([]);
  });
});
