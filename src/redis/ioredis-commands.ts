import { assertNotAborted } from '../common/byte-stream.js';
import type { AbortNotice } from '../common/call-abortion.js';
import { isObject } from './is-object.js';
import type { IoRedis } from './ioredis-client.js';
import { IoRedisReadiness } from './ioredis-readiness.js';
import type { Command, RedisCommands } from './redis-commands.js';

/** Sends commands by a client of `ioredis`. One that has a signal waits here until there is a connection. */
export class IoRedisCommands implements RedisCommands {
  readonly #client: IoRedis;
  readonly #readiness: IoRedisReadiness;

  /** @throws {TypeError} when the client would read from replicas */
  constructor(client: IoRedis) {
    assertNoReplicas(client);
    this.#client = client;
    this.#readiness = new IoRedisReadiness(client);
  }

  async send(_key: string, [name, ...args]: Command, signal: AbortNotice | undefined): Promise<unknown> {
    if (signal !== undefined) {
      await this.#readiness.wait(signal);
      assertNotAborted(signal);
    }
    try {
      return await this.#client.callBuffer(name, ...args);
    } catch (error) {
      throw withoutArguments(error);
    }
  }
}

/** A replica may lag behind: it would bring back what has ended. */
function assertNoReplicas(client: IoRedis): void {
  if (!('options' in client) || !isObject(client.options)) return;
  const { scaleReads = 'master', role = 'master' } = client.options;
  if (scaleReads === 'master' && role !== 'slave') return;
  throw new TypeError(
    `Cannot create RedisStorage: its client reads from replicas: leave out ${role === 'slave' ? 'role' : 'scaleReads'}`,
  );
}

/** The driver puts the arguments of a command on its errors, the record among them. */
function withoutArguments(error: unknown): unknown {
  if (isObject(error) && isObject(error['command'])) error['command'] = { name: error['command']['name'] };
  return error;
}
