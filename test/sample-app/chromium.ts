import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findOrInstall, findProgram } from '../support/servers/debian.js';

const CI = process.env['CI'] === 'true';

/** Finds a Chromium; on CI it is installed from Debian's packages when it is missing, and not finding one is an error. */
export async function findChromium(): Promise<string | undefined> {
  const found = findProgram('chromium') ?? findProgram('chromium-browser');
  if (!CI || found !== undefined) return found;
  const path = await findOrInstall('chromium', 'chromium');
  if (path === undefined) throw new Error('Cannot run the browser test: there is no chromium');
  return path;
}

/** Lends `use` a page of a fresh Chromium, without JavaScript. */
export async function withPage(executablePath: string, use: (page: Page) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'shop-chromium-'));
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      javaScriptEnabled: false,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    try {
      await use(context.pages()[0] ?? (await context.newPage()));
    } finally {
      await context.close();
    }
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
