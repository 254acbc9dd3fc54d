import { streamDestroyedError } from './gate-errors.js';
import type { RawResponse } from './gate-hooks.js';
import { headFieldsOf } from './head-fields.js';
import { FrozenHead } from './frozen-head.js';

/** Names the functions through which a response leaves. */
export type GatedName = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/** Is one call that waits, with its arguments as they were given. */
export interface HeldCall {
  readonly name: GatedName;
  readonly args: readonly [unknown, unknown, unknown];
}

const MAX_HELD_BYTES = 64 * 1024;

/** Keeps the calls of a response that wait for a commit, in their order, and the head that it had at the first. */
export class HeldCalls {
  /** The head as it was when the first call came. */
  readonly head: FrozenHead;
  readonly #calls: HeldCall[] = [];
  #bytes = 0;

  constructor(response: RawResponse) {
    this.head = new FrozenHead(response);
  }

  /** Keeps a call. */
  add(name: GatedName, first?: unknown, second?: unknown, third?: unknown): void {
    this.#calls.push({ name, args: [first, second, third] });
  }

  /**
   * Keeps a write.
   *
   * @returns what `write()` has to return: `false` once more than 64 KiB wait
   */
  addWrite(chunk: unknown, encoding: unknown, callback: unknown): boolean {
    this.add('write', chunk, encoding, callback);
    this.#bytes += sizeOf(chunk);
    return !this.overfull;
  }

  /** Whether a writer was told to wait for `drain`. */
  get overfull(): boolean {
    return this.#bytes > MAX_HELD_BYTES;
  }

  /** Takes the oldest call out; `undefined` when there is no more. */
  shift(): HeldCall | undefined {
    return this.#calls.shift();
  }

  /** The header fields that came with an explicit head, if one waits: only the oldest call can be one. */
  get headFields(): unknown {
    const [call] = this.#calls;
    if (call?.name !== 'writeHead') return undefined;
    const [, reason, fields] = call.args;
    return headFieldsOf(reason, fields);
  }

  /** Drops the calls. Their callbacks hear of no error, so that a stream that is piped in runs to its end. */
  discard(): void {
    for (const { args } of this.#calls.splice(0)) callBack(args);
  }

  /** Drops the calls because the client has gone. The callbacks of writes hear so, as Node would tell them. */
  abort(): void {
    for (const { name, args } of this.#calls.splice(0)) if (name === 'write') callBack(args, streamDestroyedError());
  }
}

/** Calls the callback among the arguments of a `write()` or `end()`, if there is one, no sooner than Node would. */
export function callBack(args: readonly unknown[], error?: Error): void {
  const callback = args.find((arg) => typeof arg === 'function');
  if (callback) process.nextTick(callback, error);
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk);
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
