import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * What a user gets: the package is packed, installed from its tarball in a folder of its own, and used from there.
 *
 * The tarballs of its runtime dependencies come from our node_modules and its peers are linked from there, so that the
 * test needs no network and no time. Needs `npm run build` (`npm test` does that).
 */

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
const specifiers = entries.map((entry) => manifest.name + entry.slice(1));

interface Manifest {
  name: string;
  version: string;
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

describe('the packed package', { timeout: 120_000 }, () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'nest-sessions-package-')));
  const consumer = join(dir, 'consumer');
  let files: string[];

  beforeAll(async () => {
    if (!existsSync(join(root, 'dist/index.js'))) throw new Error('Cannot pack: dist is missing, run `npm run build`');
    const packed = await pack();
    files = packed[0]!.files.map((file) => file.path);
    await install(packed.map(({ filename }) => join(dir, filename)));
    for (const peer of [...Object.keys(manifest.peerDependencies), '@types/node']) link(peer);
  }, 120_000);

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('contains the build, the licence and the documents, and nothing else', () => {
    expect(files.filter((file) => !file.startsWith('dist/')).toSorted()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'docs/by-value.md',
        'docs/events.md',
        'docs/outages.md',
        'docs/parallel-requests.md',
        'docs/postgres.md',
        'docs/principals.md',
        'docs/redis.md',
        'docs/serializers.md',
        'docs/storages.md',
        'docs/transports.md',
        'package.json',
      ].toSorted(),
    );
    expect(files.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file) && file.startsWith('dist/'))).toEqual([]);
  });

  it('keeps the doc comments in its types', () => {
    const docs = files.filter((file) => file.endsWith('.d.ts')).map((file) => readFileSync(installed(file), 'utf8'));
    expect(docs.filter((text) => text.includes('/**')).length).toBeGreaterThan(docs.length / 2);
  });

  it.each(specifiers)('%s is imported by an ES module', async (specifier) => {
    const source = `import * as all from '${specifier}'; console.log(Object.keys(all).join());`;
    expect(await node('--input-type=module', '-e', source)).toMatch(/\w/);
  });

  it.each(specifiers)('%s is required by a CommonJS module', async (specifier) => {
    const source = `console.log(Object.keys(require('${specifier}')).join());`;
    expect(await node('--input-type=commonjs', '-e', source)).toMatch(/\w/);
  });

  it('is one and the same for import and require', async () => {
    const source = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      for (const name of ${JSON.stringify(specifiers)}) {
        const [esm, cjs] = [await import(name), require(name)];
        for (const key of Object.keys(esm)) if (esm[key] !== cjs[key]) throw new Error(name + ' has two of ' + key);
      }`;
    writeFileSync(join(consumer, 'same.mjs'), source);
    await node('same.mjs');
  });

  it('lets nobody import its inner files', async () => {
    await expect(node('-e', `require('${manifest.name}/dist/errors.js')`)).rejects.toThrow(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });

  it.each([
    ['nodenext, an ES module', 'index.mts', { module: ts.ModuleKind.NodeNext }],
    ['nodenext, a CommonJS module', 'index.cts', { module: ts.ModuleKind.NodeNext }],
    ['bundler', 'index.ts', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
  ])('has types for module resolution %s', (_, file, options) => {
    expect(typeErrors(file, options)).toEqual([]);
  });

  async function pack(): Promise<{ filename: string; files: { path: string }[] }[]> {
    const folders = [root, ...Object.keys(manifest.dependencies).map((name) => join(root, 'node_modules', name))];
    const output = await npm(root, 'pack', ...folders, '--json', '--ignore-scripts', '--pack-destination', dir);
    return Object.values(JSON.parse(output) as Record<string, { filename: string; files: { path: string }[] }>);
  }

  async function install(tarballs: readonly string[]): Promise<void> {
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), '{ "private": true }');
    await npm(consumer, 'install', ...tarballs, '--offline', '--ignore-scripts', '--legacy-peer-deps', '--no-audit');
    expect(existsSync(installed('package.json'))).toBe(true);
  }

  function link(name: string): void {
    mkdirSync(dirname(join(consumer, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name), 'junction');
  }

  function installed(file: string): string {
    return join(consumer, 'node_modules', manifest.name, file);
  }

  async function node(...args: string[]): Promise<string> {
    return (await promisify(execFile)(process.execPath, args, { cwd: consumer })).stdout;
  }

  /** What the compiler says of a small user of all entries, and of our declarations (not of other people's). */
  function typeErrors(file: string, options: ts.CompilerOptions): string[] {
    const path = join(consumer, file);
    writeFileSync(path, specifiers.map((specifier, n) => consumerSource(specifier, n)).join(''));
    const program = ts.createProgram([path], {
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      experimentalDecorators: true,
      types: ['node'],
      typeRoots: [join(consumer, 'node_modules/@types')],
      ...options,
    });
    // Not of all files, as tsc would: what other people's declarations say of themselves takes seconds.
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => fileName === path || fileName.startsWith(installed('')));
    return [
      ...program.getOptionsDiagnostics(),
      ...ours.flatMap((source) => [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ]),
    ].map((diagnostic) => {
      const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
      return `${diagnostic.file?.fileName ?? 'options'}: ${message}`;
    });
  }
});

/** Uses an entry as a module, so that a missing file is an error; its main class where we know one. */
function consumerSource(specifier: string, n: number): string {
  const main = specifier === manifest.name ? `m${n}.SessionsModule.forRoot();\n` : '';
  return `import * as m${n} from '${specifier}';\nexport const keys${n}: number = Object.keys(m${n}).length;\n${main}`;
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { npm_execpath: path } = process.env;
  // Inside `npm test` the very npm that runs it; else the one on the PATH.
  const [command, ...rest] = path === undefined ? ['npm', ...args] : [process.execPath, path, ...args];
  return (await promisify(execFile)(command, rest, { cwd, maxBuffer: 2 ** 24 })).stdout;
}
