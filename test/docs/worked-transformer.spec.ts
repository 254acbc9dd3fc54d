import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import * as zlib from 'node:zlib';
import type { SessionTransformer } from 'nest-sessions';
import { transformerConformance } from 'nest-sessions/testing';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { root } from './compile.js';

/* The transformer that docs/by-value.md works out: as good as the suite asks. */

/** What the block declares, as somebody who has copied it would import it. */
interface Worked {
  readonly Deflate: new () => SessionTransformer;
}

const { Deflate } = load(workedTransformer('docs/by-value.md'));

describe('the transformer worked out in docs/by-value.md', () => {
  it('makes smaller what repeats itself', () => {
    expect(new Deflate().seal(Buffer.alloc(1000, 'a'), 'value cart').length).toBeLessThan(100);
  });

  it.each(transformerConformance({ create: () => new Deflate(), authenticates: false }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

function workedTransformer(document: string): string {
  const text = readFileSync(join(root, document), 'utf8');
  const [block, another] = text.matchAll(/^```ts\n\/\/ deflate\.ts\n([^]*?)^```$/gm);
  if (block?.[1] === undefined || another !== undefined) throw new Error('Expected one block of deflate.ts');
  return block[1];
}

/** Runs the block as CommonJS; of its imports only that of Node is left at run time. */
function load(source: string): Worked {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  });
  const exports = {};
  compileFunction(outputText, ['exports', 'require'])(exports, () => zlib);
  return exports as Worked;
}
