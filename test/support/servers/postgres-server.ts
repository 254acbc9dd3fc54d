import { execFile, execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findOrInstall } from './debian.js';
import type { StartedServer } from './engine.js';
import { freePort, ServerProcess } from './server-process.js';

/** A PostgreSQL of this run alone. */
export interface PostgresServer extends StartedServer {
  readonly port: number;
  readonly process: ServerProcess;
}

/** @returns the path of a server; `undefined` when there is none and none can be installed */
export async function findPostgres(): Promise<string | undefined> {
  return findOrInstall('postgres', 'postgresql');
}

/** Starts one on a free port, with a cluster of its own in a temporary folder, in which nothing is waited for on disk. */
export async function startPostgres(): Promise<PostgresServer> {
  const path = await findPostgres();
  const initdb = await findOrInstall('initdb', 'postgresql');
  if (path === undefined || initdb === undefined) throw new Error('Cannot start PostgreSQL: there is no server');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-postgres-'));
  const user = ordinaryUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, ...user };
  await promisify(execFile)(
    initdb,
    ['-D', data, '-U', 'sessions', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    options,
  );
  const url = `postgres://sessions@127.0.0.1:${port}/postgres`;
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = new ServerProcess([path, '-D', data, ...flags], options, () => answersQuery(url));
  await server.start();
  return {
    url,
    port,
    process: server,
    async remove() {
      await server.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whom the server runs as: it refuses to be root. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => {
    try {
      return Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    } catch {
      return Number(execFileSync('id', [flag, 'nobody']));
    }
  };
  return { uid: id('-u'), gid: id('-g') };
}

async function answersQuery(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
