import type { TestProject } from 'vitest/node';
import { serverOf, type Engine } from './engine.js';
import { startPostgres, findPostgres } from './postgres-server.js';
import { findRedis, startRedis } from './redis-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `null` when there is no such server on this machine. */
    readonly redisUrl: string | null;
    readonly postgresUrl: string | null;
  }
}

const redis: Engine = { name: 'Redis', variable: 'REDIS_URL', find: findRedis, start: startRedis };
const postgres: Engine = { name: 'PostgreSQL', variable: 'DATABASE_URL', find: findPostgres, start: startPostgres };

const removers: (() => Promise<void>)[] = [];

/**
 * Starts the servers that tests share, on free ports of the loopback interface: those that `REDIS_URL` and `DATABASE_URL` name,
 * else those on this machine, else, where that can be done, those of Debian's packages. Without one its tests are skipped, which the last lines
 * say, and which fails the run with `CI=true`.
 */
export async function setup(project: TestProject): Promise<void> {
  const missing: string[] = [];
  const urlOf = async (engine: Engine): Promise<string | null> => {
    const server = await serverOf(engine);
    if (server === undefined) missing.push(engine.name);
    else removers.push(server.remove);
    return server?.url ?? null;
  };
  // One after the other: only one of them can install at a time
  project.provide('redisUrl', await urlOf(redis));
  project.provide('postgresUrl', await urlOf(postgres));
  process.env['MISSING_SERVERS'] = missing.join(' and ');
}

/** Ends what was started. */
export async function teardown(): Promise<void> {
  await Promise.all(removers.splice(0).map((remove) => remove()));
}
