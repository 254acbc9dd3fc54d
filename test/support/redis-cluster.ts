import { vi } from 'vitest';
import { openRedis, type OpenRedis } from './redis.js';
import { startRedis, type RedisServer } from './servers/redis-server.js';
import { freePort } from './servers/server-process.js';

/** Three masters, each with a third of the slots, and a replica of the first. */
export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  readonly replica: RedisServer;
  /** Ends them, and removes their folders. */
  remove(): Promise<void>;
}

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly redis: OpenRedis;
}

const RANGES = ['0 5460', '5461 10922', '10923 16383'];
const PATIENCE = { timeout: 30_000, interval: 20 };

/** Starts a cluster on free ports of the loopback interface; resolves when all of it works. Needs Redis 7. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes: Node[] = [];
  const remove = async (): Promise<void> => void (await Promise.all(nodes.map(({ server }) => server.remove())));
  try {
    for (let count = 0; count < RANGES.length + 1; count++) nodes.push(await startNode());
    const [replica, ...masters] = nodes as [Node, ...Node[]];
    await join(masters, replica);
    return { masters: masters.map(({ server }) => server), replica: replica.server, remove };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    for (const { redis } of nodes) redis.close();
  }
}

async function startNode(): Promise<Node> {
  // By default ten thousand above the other one, where there may be none
  const busPort = await freePort();
  const settings = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--repl-diskless-sync-delay', '0'];
  const server = await startRedis(...settings);
  return { server, busPort, redis: openRedis('redis 6', server.url) };
}

async function join(masters: readonly Node[], replica: Node): Promise<void> {
  const [first, ...others] = masters as [Node, ...Node[]];
  for (const [index, { redis }] of masters.entries()) {
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', ...RANGES[index]!.split(' '));
    await redis.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  for (const { redis } of [...others, replica]) {
    await redis.command('CLUSTER', 'MEET', '127.0.0.1', String(first.server.port), String(first.busPort));
  }
  const id = String(await first.redis.command('CLUSTER', 'MYID'));
  await vi.waitUntil(() => says(replica, 'CLUSTER NODES', id), PATIENCE);
  await replica.redis.command('CLUSTER', 'REPLICATE', id);
  for (const node of [...masters, replica]) {
    for (const text of ['cluster_state:ok', 'cluster_known_nodes:4']) {
      await vi.waitUntil(() => says(node, 'CLUSTER INFO', text), PATIENCE);
    }
    await vi.waitUntil(() => says(node, 'CLUSTER NODES', `slave ${id} `), PATIENCE);
  }
  await vi.waitUntil(() => says(replica, 'INFO replication', 'master_link_status:up'), PATIENCE);
}

async function says({ redis }: Node, command: string, text: string): Promise<boolean> {
  const [name = '', ...args] = command.split(' ');
  return String(await redis.command(name, ...args)).includes(text);
}
