import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('run.mjs', import.meta.url));

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the soak over one storage, as `npm run soak` does for longer. */
function soak(storage: string, seconds: number): Promise<Ended> {
  const env = { ...process.env, SOAK_SECONDS: String(seconds) };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, storage], { env, timeout: 100_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), stdout, stderr }),
    );
  });
}

describe.each(['memory', 'cache over directory'])('mixed traffic over express and fastify, %s', (storage) => {
  it('lets nothing grow, and leaves the sessions that its clients know of, no more and no less', async () => {
    const { code, stdout, stderr } = await soak(storage, 5);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      stdout.split('\n').filter((line) => / requests, .*heap .*timers .*listeners /.test(line)).length,
    ).toBeGreaterThan(8);
    expect(stdout).toMatch(/\nsoak passed\n$/);
  }, 120_000);
});
