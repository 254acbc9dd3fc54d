import { Logger } from '@nestjs/common';
import { CacheStorage } from 'nest-sessions';
import { RedisInvalidationBus, RedisStorage } from 'nest-sessions/redis';
import { createClient } from 'redis';
import { serverUrl, variable } from './environment.js';
import type { OpenedStorage } from './opened-storage.js';
import { reasonOf } from './reason-of.js';

/**
 * Keeps sessions in Redis or Valkey, for as many processes as there are. Each has a cache in front, and hears by the bus what the
 * others change: who signs out on one of them is out on all, a moment later.
 *
 * @throws {Error} when no server answers
 */
export async function openRedis(): Promise<OpenedStorage> {
  const prefix = variable('SESSIONS_PREFIX') ?? 'shop:';
  const logger = new Logger('Redis');
  let hasConnected = false;
  const client = createClient({
    url: serverUrl('REDIS_URL', 'redis://localhost:6379'),
    // Without a server the shop does not start; one that goes away later it comes back to.
    socket: { reconnectStrategy: (retries) => hasConnected && Math.min(2 ** retries * 50, 2_000) },
    // Meanwhile pages that need it are 503 at once.
    disableOfflineQueue: true,
  });
  // An error that nobody listens to would end the process.
  client.on('error', (error) => {
    if (hasConnected) logger.error(reasonOf(error));
  });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`Cannot start the shop: no Redis at REDIS_URL: ${reasonOf(error)}`, { cause: error });
  }
  hasConnected = true;
  const bus = new RedisInvalidationBus(client, { channel: `${prefix}changes` });
  return {
    storage: new CacheStorage(new RedisStorage(client, { prefix: `${prefix}session:` }), { bus }),
    // Not `close()`, which would wait for a server that hangs: by now there is nothing to wait for.
    close: async () => client.destroy(),
  };
}
