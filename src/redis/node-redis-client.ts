import type { CommandArgument } from './redis-commands.js';

/** How `redis` is told to send a command. */
export interface NodeRedisCommandOptions {
  /** Which class stands for a type of answer: bulk strings have number 36. */
  readonly typeMapping?: { readonly 36: typeof Buffer };
  readonly abortSignal?: AbortSignal;
  /** Milliseconds until a command is dropped that has not left by then; 0: no timer. */
  readonly timeout?: number;
}

/** What a client of `redis` is, whatever it is for. */
interface NodeRedisConnected {
  readonly isOpen: boolean;
  withTypeMapping(typeMapping: object): unknown;
}

/** A client or a pool of `redis` 5 or 6, by `createClient()` or `createClientPool()`. */
export interface NodeRedisClient extends NodeRedisConnected {
  /** What it was created with, as far as it matters here; a pool does not tell. `timeout` is in milliseconds. */
  readonly options?: { readonly commandOptions?: { readonly timeout?: number } };
  sendCommand(args: CommandArgument[], options?: NodeRedisCommandOptions): Promise<unknown>;
}

/** A client of `redis` 5 or 6 for a cluster, by `createCluster()`. */
export interface NodeRedisCluster extends NodeRedisConnected {
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: CommandArgument[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
  nodeClient(node: never): unknown;
}

/** A client of `redis` 5 or 6 for servers behind Sentinel, by `createSentinel()`. */
export interface NodeRedisSentinel extends NodeRedisConnected {
  sendCommand(isReadonly: boolean, args: CommandArgument[], options?: NodeRedisCommandOptions): Promise<unknown>;
  getMasterNode(): unknown;
}

/** Any client of `redis`. */
export type AnyNodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/** Whether something is a client of `redis` 5 or 6: 4 cannot give bytes in this way. */
export function isNodeRedis(client: object): client is AnyNodeRedis {
  return (
    'isOpen' in client &&
    'sendCommand' in client &&
    typeof client.sendCommand === 'function' &&
    'withTypeMapping' in client
  );
}
