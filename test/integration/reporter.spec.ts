import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const VITEST = resolve('node_modules/vitest/vitest.mjs');
const REPORTER = resolve('test/support/reporter.ts');

/** What a run of one spec file prints, in a folder of its own. */
async function outputOf(spec: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nest-sessions-reporter-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a.spec.ts'), spec);
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { ClosingLineReporter } from '${REPORTER}';
    export default { test: { globals: true, reporters: [new ClosingLineReporter()] } };`,
  );
  return new Promise((done) =>
    execFile(
      process.execPath,
      [VITEST, 'run', '--root', folder],
      { env: { PATH: process.env['PATH'], NO_COLOR: '1' } },
      (_error, stdout) => done(stdout),
    ),
  );
}

it('a run names at its end what failed, in a test or outside of one, and counts no more than that', async () => {
  const output = await outputOf(`
    it('holds', () => expect(1).toBe(1));
    describe('a suite', () => it('breaks', () => expect(1).toBe(2)));
    describe('a hook', () => {
      beforeAll(() => { throw new Error('two\\nlines'); });
      it('is skipped', () => expect(1).toBe(1));
    });
  `);
  expect(output.trimEnd().split('\n').slice(-3)).toEqual([
    'failed: a hook: two lines',
    'failed: a suite > breaks: expected 1 to be 2 // Object.is equality',
    '1 passed, 2 failed, 1 skipped',
  ]);
});

it('a run that fails in nothing names nothing', async () => {
  const output = await outputOf(`it('holds', () => expect(1).toBe(1));`);
  expect(output).not.toContain('failed:');
  expect(output.trimEnd()).toMatch(/\n1 passed, 0 failed$/);
});
