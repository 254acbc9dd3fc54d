import { isIoRedis, type IoRedis } from './ioredis-client.js';
import { IoRedisCommands } from './ioredis-commands.js';
import { isObject } from './is-object.js';
import {
  isNodeRedis,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
} from './node-redis-client.js';
import { NodeRedisCommands } from './node-redis-commands.js';
import type { RedisCommands } from './redis-commands.js';

/**
 * A client of `redis` 5 or 6 (`createClient()`, `createClientPool()`, `createCluster()`, `createSentinel()`) or of `ioredis`
 * 5 or 6 (`new Redis()`, `new Cluster()`). It stays its owner's, who connects and closes it and listens to its errors.
 */
export type RedisStorageClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoRedis;

/**
 * Finds out by its shape which driver a client is of.
 *
 * @throws {TypeError} when it is of none, or would read from replicas
 */
export function commandsOf(client: unknown): RedisCommands {
  if (isObject(client)) {
    if (isIoRedis(client)) return new IoRedisCommands(client);
    if (isNodeRedis(client)) return new NodeRedisCommands(client);
  }
  throw new TypeError(
    'Cannot create RedisStorage: its client must be one of redis 5 or 6, or of ioredis 5 or 6: ' +
      'give one, or provide REDIS_STORAGE_CLIENT',
  );
}
