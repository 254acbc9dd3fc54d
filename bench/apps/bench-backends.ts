import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../test/support/servers/postgres-server.js';
import { startRedis } from '../../test/support/servers/redis-server.js';
import type { Backends } from './app-spec.js';

/** Servers and a folder of this run alone. */
export interface BenchBackends {
  /** The same servers, and a folder that no other app has. */
  ofOneApp(): Backends;
  remove(): Promise<void>;
}

/**
 * Starts Redis and PostgreSQL; what they take is not counted to an app. They write nothing to disk that somebody waits for.
 *
 * @throws {Error} when there is no such server on this machine
 */
export async function startBackends(): Promise<BenchBackends> {
  const redis = await startRedis();
  const postgres = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-bench-'));
  const remove = async (): Promise<void> => {
    await Promise.all([redis.remove(), postgres.remove()]);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void remove().finally(() => process.exit(1)));
  return {
    ofOneApp: () => ({ redisUrl: redis.url, postgresUrl: postgres.url, folder: mkdtempSync(join(folder, 'app-')) }),
    remove,
  };
}
