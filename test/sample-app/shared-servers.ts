import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { newPrefix, redisOf } from '../support/redis.js';

/** A server that shops share, each test file with records of its own. */
export interface SharedServer {
  readonly name: string;
  /** `null` when there is no such server on this machine. */
  readonly url: string | null;
  /** What a shop has in its environment that keeps its sessions there; other than what was given before. */
  environment(url: string): Promise<Record<string, string>>;
}

const redis: SharedServer = {
  name: 'Redis',
  url: inject('redisUrl'),
  environment: async (url) => {
    // By which the keys are removed again
    redisOf('redis 6');
    return { STORAGE: 'redis', REDIS_URL: url, SESSIONS_PREFIX: newPrefix() };
  },
};

const schemas: string[] = [];

const postgres: SharedServer = {
  name: 'PostgreSQL',
  url: inject('postgresUrl'),
  environment: async (url) => {
    const schema = `shop_${randomUUID().replaceAll('-', '')}`;
    await query(url, `CREATE SCHEMA ${schema}`);
    schemas.push(schema);
    const separator = url.includes('?') ? '&' : '?';
    return { STORAGE: 'postgres', DATABASE_URL: `${url}${separator}options=-c%20search_path%3D${schema}` };
  },
};

/** Those that `STORAGE` knows. */
export const SHARED_SERVERS: readonly SharedServer[] = [redis, postgres];

afterAll(async () => {
  const { url } = postgres;
  if (url === null) return;
  for (const schema of schemas.splice(0)) await query(url, `DROP SCHEMA ${schema} CASCADE`);
});

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
