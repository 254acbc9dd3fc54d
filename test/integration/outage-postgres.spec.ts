import { CacheStorage } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, inject, onTestFinished } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/servers/postgres-server.js';
import { startProxy } from '../support/servers/tcp-proxy.js';
import { cutCases, faultCases, forgottenLineCases, lateCases, type Breakable, type Engine } from './outage-cases.js';

let postgres: PostgresServer;

beforeAll(async () => {
  if (inject('postgresUrl') !== null) postgres = await startPostgres();
});

afterAll(async () => {
  if (inject('postgresUrl') !== null) await postgres.remove();
});

/** The processes that serve connections now. */
async function backends(): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    return rows.map(({ pid }) => pid);
  } finally {
    await client.end();
  }
}

/** The server of this file; each of its connections has a process of its own, which stands still with it. */
function breakable(): Breakable {
  let paused: readonly number[] = [];
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of paused) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended
      }
    }
  };
  return {
    // It waits for its clients otherwise
    stop: () => postgres.process.stop('SIGINT'),
    start: () => postgres.process.start(),
    async pause() {
      paused = await backends();
      postgres.process.pause();
      signal('SIGSTOP');
    },
    goOn() {
      signal('SIGCONT');
      postgres.process.goOn();
    },
  };
}

let tables = 0;

/** Records of one test, in a table of its own. */
async function engine(config: pg.PoolConfig = {}): Promise<Engine> {
  const table = `outage_${++tables}`;
  const line = await startProxy(postgres);
  const [pool, direct] = [`postgres://sessions@127.0.0.1:${line.port}/postgres`, postgres.url].map(
    (connectionString) => {
      const opened = new pg.Pool({ connectionString, ...config });
      onTestFinished(() => opened.end());
      return opened;
    },
  );
  await new PostgresStorage(direct!, { table }).ensureSchema();
  return {
    line,
    server: breakable(),
    connect: () => new PostgresStorage(pool!, { table }),
    direct: () => new PostgresStorage(direct!, { table }),
  };
}

const all = describe.runIf(inject('postgresUrl') !== null);

all('postgres, by a pool as it is', () => {
  faultCases(engine);
  cutCases(engine);
  lateCases(engine);
  forgottenLineCases(engine);
});

all('postgres, by a pool with timeouts', () => {
  const open = (): Promise<Engine> =>
    engine({ connectionTimeoutMillis: 250, query_timeout: 250, statement_timeout: 1000, keepAlive: true, max: 2 });
  faultCases(open);
  cutCases(open);
});

all('cache over postgres', () => {
  faultCases(async () => {
    const over = await engine();
    return { ...over, connect: () => new CacheStorage(over.connect()), isCached: true };
  });
});
