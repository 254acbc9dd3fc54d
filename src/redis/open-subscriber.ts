import type {
  IoRedisBusClient,
  IoRedisBusCluster,
  NodeRedisBusClient,
  NodeRedisBusCluster,
  RedisBusClient,
} from './redis-bus-client.js';
import { IoRedisSubscriber } from './ioredis-subscriber.js';
import { NodeRedisSentinelSubscriber } from './node-redis-sentinel-subscriber.js';
import { NodeRedisSubscriber } from './node-redis-subscriber.js';
import type { Subscriber, SubscriberEvents } from './subscriber.js';

const NOT_CONNECTED = 'Cannot subscribe to a channel: the client of the cluster is not connected: it is tried again';

/**
 * Opens a connection like that of a client, and subscribes by it. Of a cluster that is one to any of its masters: what is
 * published at one server, all of them deliver.
 *
 * @throws when the client does not know any master yet
 */
export function openSubscriber(client: RedisBusClient, channel: string, events: SubscriberEvents): Subscriber {
  if ('nodes' in client) return new IoRedisSubscriber(masterOf(client), channel, events, { retryStrategy });
  if ('status' in client) return new IoRedisSubscriber(client, channel, events);
  if ('masters' in client) return new NodeRedisSubscriber(nodeOf(client), channel, events);
  if ('getMasterNode' in client) return new NodeRedisSentinelSubscriber(client, channel, events);
  return new NodeRedisSubscriber(client, channel, events);
}

/** The driver does not connect again to a server of a cluster. */
function retryStrategy(times: number): number {
  return Math.min(times * 50, 2000);
}

function masterOf(cluster: IoRedisBusCluster): IoRedisBusClient {
  const masters = cluster.nodes('master');
  const master = anyOf(masters.filter(({ status }) => status === 'ready')) ?? anyOf(masters);
  if (master !== undefined) return master;
  // A lazy one waits for its first command
  if (cluster.status === 'wait') cluster.connect().catch(() => {});
  throw new Error(NOT_CONNECTED);
}

function nodeOf(cluster: NodeRedisBusCluster): NodeRedisBusClient {
  const clients = cluster.masters.flatMap(({ client }) => client ?? []);
  const client = anyOf(clients.filter(({ isReady }) => isReady)) ?? anyOf(clients);
  if (client !== undefined) return client;
  // One that minimizes its connections waits for its first command
  const master = anyOf(cluster.masters);
  if (master !== undefined) Promise.resolve(cluster.nodeClient(master)).catch(() => {});
  throw new Error(NOT_CONNECTED);
}

function anyOf<T>(choices: readonly T[]): T | undefined {
  return choices[Math.floor(Math.random() * choices.length)];
}
