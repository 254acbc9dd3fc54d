export type { IoRedis } from './redis/ioredis-client.js';
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisSentinel,
} from './redis/node-redis-client.js';
export type {
  IoRedisBusClient,
  IoRedisBusCluster,
  IoRedisDuplicate,
  NodeRedisBusClient,
  NodeRedisBusCluster,
  NodeRedisBusNode,
  NodeRedisBusSentinel,
  NodeRedisDuplicate,
  RedisBusClient,
} from './redis/redis-bus-client.js';
export { RedisInvalidationBus } from './redis/redis-invalidation-bus.js';
export type { RedisInvalidationBusOptions } from './redis/redis-invalidation-bus-options.js';
export { REDIS_STORAGE_CLIENT, REDIS_STORAGE_OPTIONS, RedisStorage } from './redis/redis-storage.js';
export type { RedisStorageClient } from './redis/redis-storage-client.js';
export type { RedisStorageOptions } from './redis/redis-storage-options.js';
