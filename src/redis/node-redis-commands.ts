import type { AbortNotice } from '../common/call-abortion.js';
import { SessionStorageError } from '../errors.js';
import type { AnyNodeRedis, NodeRedisCommandOptions } from './node-redis-client.js';
import { NodeRedisSignals } from './node-redis-signals.js';
import type { Command, RedisCommands } from './redis-commands.js';

const BUFFERS = { 36: Buffer } as const;

/** Sends commands by a client of `redis`, which drops one that has not left when its signal aborts. */
export class NodeRedisCommands implements RedisCommands {
  readonly #client: AnyNodeRedis;
  readonly #signals = new NodeRedisSignals();
  /** Those of a command that brings a signal. */
  readonly #limited: NodeRedisCommandOptions;

  constructor(client: AnyNodeRedis) {
    this.#client = client;
    this.#limited = hasDefaultTimeout(client) ? { typeMapping: BUFFERS, timeout: 0 } : { typeMapping: BUFFERS };
  }

  async send(key: string, command: Command, notice: AbortNotice | undefined): Promise<unknown> {
    if (!this.#client.isOpen) {
      throw new SessionStorageError(
        'Cannot use Redis: its client is not connected: await client.connect() before the app listens',
      );
    }
    if (notice === undefined) return this.#send(key, command, { typeMapping: BUFFERS });
    return this.#signals.lend(notice, (abortSignal) => this.#send(key, command, { ...this.#limited, abortSignal }));
  }

  #send(key: string, command: Command, options: NodeRedisCommandOptions): Promise<unknown> {
    const client = this.#client;
    const args = [...command];
    // `false`: not read-only, so not for a replica
    if ('nodeClient' in client) return client.sendCommand(key, false, args, options);
    if ('getMasterNode' in client) return client.sendCommand(false, args, options);
    return client.sendCommand(args, options);
  }
}

/**
 * Whether the app left it to the driver how long a command may wait to be sent: five seconds, by a timer for each command, which
 * stays for as long and costs some 20 us. A command that brings a signal is limited by whoever aborts that.
 */
function hasDefaultTimeout(client: AnyNodeRedis): boolean {
  if (!('options' in client) || client.options === undefined) return false;
  return client.options.commandOptions?.timeout === undefined;
}
