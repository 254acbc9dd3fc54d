import { assertNotAborted } from '../common/byte-stream.js';
import type { AbortNotice } from '../common/call-abortion.js';
import { SessionStorageError } from '../errors.js';
import type { Command, CommandArgument, RedisCommands } from './redis-commands.js';
import type { RedisScript } from './redis-script.js';

/** Sends commands and scripts; every failure is a `SessionStorageError`, and nothing is sent once a signal has aborted. */
export class RedisConnection {
  readonly #commands: RedisCommands;

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  /**
   * Sends one command.
   *
   * @returns as `RedisCommands.send()`
   * @throws {SessionStorageError} when it fails or its answer is lost: then nobody knows whether it was done
   */
  async send(key: string, command: Command, signal?: AbortNotice): Promise<unknown> {
    try {
      return await this.#send(key, command, signal);
    } catch (error) {
      throw failure(error);
    }
  }

  /**
   * Runs a script by its name: one command, two when this server has never seen it.
   *
   * @param keys all keys that it touches; of a cluster, all of one slot
   * @returns and throws as `send()`
   */
  async run(
    script: RedisScript,
    keys: readonly [string, ...string[]],
    args: readonly CommandArgument[],
    signal?: AbortNotice,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#send(keys[0], ['EVALSHA', script.sha, ...rest], signal);
    } catch (error) {
      if (!isUnknownScript(error)) throw failure(error);
    }
    return this.send(keys[0], ['EVAL', script.text, ...rest], signal);
  }

  async #send(key: string, command: Command, signal: AbortNotice | undefined): Promise<unknown> {
    assertNotAborted(signal);
    return this.#commands.send(key, command, signal);
  }
}

/** A server that was restarted, or has become the master, knows no script; it has done nothing. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function failure(error: unknown): SessionStorageError {
  if (error instanceof SessionStorageError) return error;
  return new SessionStorageError('Cannot use Redis: a command failed, or its answer was lost', { cause: error });
}
