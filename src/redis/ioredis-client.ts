import type { CommandArgument } from './redis-commands.js';

/** A client of `ioredis` 5 or 6: `Redis`, with or without Sentinel, or `Cluster`. */
export interface IoRedis {
  readonly status: string;
  callBuffer(command: string, ...args: CommandArgument[]): Promise<unknown>;
  connect(): Promise<unknown>;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'end', listener: () => void): unknown;
}

/** Whether something is a client of `ioredis`. */
export function isIoRedis(client: object): client is IoRedis {
  return 'status' in client && 'callBuffer' in client && typeof client.callBuffer === 'function';
}
