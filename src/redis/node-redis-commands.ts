import { SessionStorageError } from '../errors.js';
import type { AnyNodeRedis, NodeRedisCommandOptions } from './node-redis-client.js';
import type { Command, RedisCommands } from './redis-commands.js';

const BUFFERS = { 36: Buffer } as const;

/** Sends commands by a client of `redis`, which drops one that has not left when its signal aborts. */
export class NodeRedisCommands implements RedisCommands {
  readonly #client: AnyNodeRedis;

  constructor(client: AnyNodeRedis) {
    this.#client = client;
  }

  async send(key: string, command: Command, signal: AbortSignal | undefined): Promise<unknown> {
    const client = this.#client;
    if (!client.isOpen) {
      throw new SessionStorageError(
        'Cannot use Redis: its client is not connected: await client.connect() before the app listens',
      );
    }
    const args = [...command];
    const options: NodeRedisCommandOptions = {
      typeMapping: BUFFERS,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    };
    // `false`: not read-only, so not for a replica
    if ('nodeClient' in client) return client.sendCommand(key, false, args, options);
    if ('getMasterNode' in client) return client.sendCommand(false, args, options);
    return client.sendCommand(args, options);
  }
}
