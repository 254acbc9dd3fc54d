import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../sample-app/dist/main.js', import.meta.url));

/** How a process ended, what it wrote to stderr, and how long it took from the signal on. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** The built sample app, running in a process of its own. */
export interface ShopProcess {
  readonly url: string;
  /** What it wrote to stdout until it listened. */
  readonly started: string;
  stop(signal: NodeJS.Signals): Promise<Ending>;
}

/** Where nothing can be kept. */
export const NO_FOLDER = '/dev/null';

export const PLATFORMS = ['express', 'fastify'] as const;
type Platform = (typeof PLATFORMS)[number];

/** Starts the built sample app with a folder of its own for its sessions, which goes when the app ends. */
export async function startShop(platform: Platform): Promise<ShopProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-shop-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const { stop, ...shop } = await startShopOver(folder, platform);
    return { ...shop, stop: (signal) => stop(signal).finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** As `startShopOver()`, of a test that stops it: it is gone when the test has finished, in whatever way. */
export async function startShopForTest(...given: Parameters<typeof startShopOver>): Promise<ShopProcess> {
  const shop = await startShopOver(...given);
  onTestFinished(() => void shop.stop('SIGKILL'));
  return shop;
}

/**
 * Starts the built sample app on a free port, and resolves when it listens.
 *
 * @param folder where it keeps its sessions
 * @param env added to its environment, which is not that of the tests
 * @throws {Error} with all that it wrote, when it ends before
 */
export async function startShopOver(
  folder: string,
  platform: Platform,
  env: Record<string, string> = {},
): Promise<ShopProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], PLATFORM: platform, PORT: '0', NO_COLOR: '1', SESSIONS_DIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const listening = /Open (http:\/\/localhost:\d+)/.exec(stdout)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    exit.then(
      ([code]) => reject(new Error(`Cannot start the sample app: it ended with ${code}\n${stdout}\n${stderr}`)),
      reject,
    );
  });
  return {
    url,
    started: stdout,
    async stop(signal) {
      const start = performance.now();
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      const [code, by] = await exit;
      clearTimeout(impatience);
      return { code, signal: by, stderr, milliseconds: performance.now() - start };
    },
  };
}
