import { isIoRedis } from './ioredis-client.js';
import { isObject } from './is-object.js';
import { isNodeRedis } from './node-redis-client.js';

/** What every driver's clients and connections do when something happens to them. */
interface Emitter {
  on(event: string, listener: (...args: string[]) => void): unknown;
}

/** Whatever publishes. */
interface Publisher {
  publish(channel: string, message: string): Promise<unknown>;
}

/** A connection of `redis` 5 or 6 that the bus has opened. */
export interface NodeRedisDuplicate extends Emitter {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  destroy(): unknown;
}

/** A client of `redis` 5 or 6, by `createClient()`. */
export interface NodeRedisBusClient extends Publisher {
  readonly isOpen: boolean;
  duplicate(): NodeRedisDuplicate;
}

/** A client of `redis` 5 or 6 for a cluster, by `createCluster()`. */
export interface NodeRedisBusCluster extends Publisher {
  readonly isOpen: boolean;
  readonly masters: readonly NodeRedisBusNode[];
  /** Connects to one of them. */
  nodeClient(node: object): unknown;
}

/** One server of it; where the driver has no connection to it yet, without a client. */
export interface NodeRedisBusNode {
  readonly client?: (NodeRedisBusClient & { readonly isReady: boolean }) | undefined;
}

/** A client of `redis` 5 or 6 for servers behind Sentinel, by `createSentinel()`: it subscribes by a connection of its own. */
export interface NodeRedisBusSentinel extends Publisher, Emitter {
  readonly isOpen: boolean;
  getMasterNode(): unknown;
  off(event: string, listener: (...args: string[]) => void): unknown;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string | Buffer) => void): Promise<unknown>;
}

/** A connection of `ioredis` 5 or 6 that the bus has opened. */
export interface IoRedisDuplicate extends Emitter {
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): unknown;
}

/** A client of `ioredis` 5 or 6, with or without Sentinel. */
export interface IoRedisBusClient extends Publisher {
  readonly status: string;
  duplicate(options: object): IoRedisDuplicate;
}

/** A client of `ioredis` 5 or 6 for a cluster. */
export interface IoRedisBusCluster extends Publisher {
  readonly status: string;
  connect(): Promise<unknown>;
  nodes(role: 'master'): readonly IoRedisBusClient[];
}

/** What a `RedisInvalidationBus` takes: a client of `redis` or of `ioredis`, 5 or 6, for one server, Sentinel or Cluster. */
export type RedisBusClient =
  NodeRedisBusClient | NodeRedisBusCluster | NodeRedisBusSentinel | IoRedisBusClient | IoRedisBusCluster;

/** Whether something is a client of a known driver that can subscribe by another connection. */
export function isBusClient(client: unknown): client is RedisBusClient {
  if (!isObject(client)) return false;
  if (isIoRedis(client)) return true;
  // A pool has no connection of its own to be another of
  return isNodeRedis(client) && ('nodeClient' in client || 'getMasterNode' in client || 'duplicate' in client);
}
