import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/reporter.js';

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    // The sample and the snippets import the library by name: in tests that is the source, so that nothing need be built.
    alias: [
      { find: /^nest-sessions$/, replacement: source('index.ts') },
      { find: /^nest-sessions\/(.+)$/, replacement: source('$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.spec.ts'],
    // Servers take a while to start, and to be found again, on a machine that has other work
    testTimeout: 20_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/servers/global-setup.ts'],
    reporters: [new ClosingLineReporter()],
  },
});
