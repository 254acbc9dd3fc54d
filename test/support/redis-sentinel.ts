import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { openRedis } from './redis.js';
import { findRedis, startRedis, type RedisServer } from './servers/redis-server.js';
import { freePort, ServerProcess } from './servers/server-process.js';

/** A master and its replica, and who sees to it that there is a master. */
export interface RedisSentinel {
  /** What the group of servers is called. */
  readonly name: string;
  readonly port: number;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Ends all of them, and removes their folders. */
  remove(): Promise<void>;
}

const NAME = 'main';

/** Starts them on free ports of the loopback interface; resolves when the sentinel knows the replica. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-sentinel-'));
  const started: (() => Promise<void>)[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(started.map((end) => end()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const master = await startRedis();
    started.push(master.remove);
    const replica = await startRedis('--replicaof', `127.0.0.1 ${master.port}`, '--repl-diskless-sync-delay', '0');
    started.push(replica.remove);
    const port = await freePort();
    const sentinel = new ServerProcess(
      [(await findRedis()) ?? '', configuration(folder, port, master.port), '--sentinel'],
      {},
      () => isOpen(port),
    );
    started.push(() => sentinel.stop('SIGKILL'));
    await sentinel.start();
    await hears(`redis://127.0.0.1:${port}`, ['SENTINEL', 'REPLICAS', NAME], String(replica.port));
    await hears(replica.url, ['INFO', 'replication'], 'master_link_status:up');
    return { name: NAME, port, master, replica, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function configuration(folder: string, port: number, masterPort: number): string {
  const file = join(folder, 'sentinel.conf');
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 1`,
    `sentinel down-after-milliseconds ${NAME} 300`,
    `sentinel failover-timeout ${NAME} 2000`,
  ];
  writeFileSync(file, settings.join('\n'));
  return file;
}

/** Resolves when a server's answer holds a text. */
async function hears(url: string, [name, ...args]: readonly [string, ...string[]], text: string): Promise<void> {
  const { command, close } = openRedis('redis 6', url);
  const answers = async (): Promise<boolean> => JSON.stringify(await command(name, ...args)).includes(text);
  await vi.waitUntil(answers, { timeout: 30_000, interval: 20 }).finally(close);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
