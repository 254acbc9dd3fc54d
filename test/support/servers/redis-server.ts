import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrInstall } from './debian.js';
import type { StartedServer } from './engine.js';
import { freePort, ServerProcess } from './server-process.js';

/** A Redis of this run alone. */
export interface RedisServer extends StartedServer {
  readonly port: number;
  readonly process: ServerProcess;
}

/** @returns the path of a Redis or Valkey server; `undefined` when there is none and none can be installed */
export async function findRedis(): Promise<string | undefined> {
  return (await findOrInstall('redis-server', 'redis-server')) ?? findOrInstall('valkey-server', 'valkey-server');
}

/** Starts one on a free port, in a temporary folder; it stores nothing on disk unless `settings` say so. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const path = await findRedis();
  if (path === undefined) throw new Error('Cannot start Redis: there is no redis-server');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-redis-'));
  const server = new ServerProcess(
    [
      path,
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
      '--loglevel',
      'warning',
      ...settings,
    ],
    {},
    () => answersPing(port),
  );
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    process: server,
    async remove() {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answersPing(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
