import type { AbortNotice } from '../common/call-abortion.js';

/** An argument of a command: text, or bytes as they are. */
export type CommandArgument = string | Buffer;

/** One command with its arguments. */
export type Command = readonly [name: string, ...args: CommandArgument[]];

/** What is needed of a client, whichever driver it is of. */
export interface RedisCommands {
  /**
   * Sends one command, to the server that may change the key: never to a replica.
   *
   * @param key the key that says which server of a cluster it is for; the command holds it too
   * @param signal where the driver can do it, a command that has not left yet when this aborts never leaves
   * @returns the answer: bulk strings as `Buffer`, `null` for nothing
   * @throws what the driver throws, without the arguments of the command
   */
  send(key: string, command: Command, signal: AbortNotice | undefined): Promise<unknown>;
}
