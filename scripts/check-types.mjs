// Checks the types of everything (sources, tests, tests of types, sample, bench) with the compiler we build with, then
// compiles the sources with each supported compiler and compares what they emit: JavaScript and declarations.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// By path: all three bring a command named `tsc`, and only one of them can be node_modules/.bin/tsc.
const BUILT_WITH = 'typescript';
const ALSO = ['typescript-5.9', 'typescript-7'];

const require = createRequire(import.meta.url);
const out = mkdtempSync(join(tmpdir(), 'nest-sessions-types-'));
try {
  tsc(BUILT_WITH);
  const expected = emit(BUILT_WITH);
  for (const compiler of ALSO) compare(compiler, emit(compiler), expected);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

/** Runs one compiler over a project; what it complains about goes to the console. */
function tsc(compiler, ...args) {
  const { version } = require(`${compiler}/package.json`);
  console.log(`TypeScript ${version} ${args.length > 0 ? 'compiles the sources' : 'checks everything'}`);
  const bin = join(require.resolve(`${compiler}/package.json`), '../bin/tsc');
  try {
    execFileSync(process.execPath, [bin, ...args], { stdio: 'inherit' });
  } catch {
    throw new Error(`Cannot compile with TypeScript ${version}: see above`);
  }
}

/** Compiles the sources; resolves to what was written, by file name. */
function emit(compiler) {
  const dir = join(out, compiler);
  tsc(compiler, '-p', 'tsconfig.build.json', '--outDir', dir);
  const files = readdirSync(dir, { recursive: true }).filter((file) => /\.(js|d\.ts)$/.test(file));
  return new Map(files.map((file) => [file, read(join(dir, file))]));
}

/** A file's text; declarations with one kind of quotes, which TypeScript 7 takes over from the source. */
function read(path) {
  const text = readFileSync(path, 'utf8');
  return path.endsWith('.d.ts') ? text.replaceAll("'", '"') : text;
}

function compare(compiler, actual, expected) {
  const files = new Set([...actual.keys(), ...expected.keys()]);
  const different = [...files].filter((file) => actual.get(file) !== expected.get(file));
  if (different.length > 0)
    throw new Error(`Cannot accept ${compiler}: it emits other code for ${different.join(', ')}`);
}
