import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';

const CI = process.env['CI'] === 'true';
const find = () => ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** Finds a Chromium; on CI it is installed from Debian's packages when it is missing, and not finding one is an error. */
export async function findChromium(): Promise<string | undefined> {
  if (CI && find() === undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', 'chromium');
  }
  const path = find();
  if (CI && path === undefined) throw new Error('Cannot run the browser test: no chromium in /usr/bin');
  return path;
}

async function apt(...args: string[]): Promise<void> {
  await promisify(execFile)('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  });
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
