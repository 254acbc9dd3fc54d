import { abortNoticeOf, type AbortNotice } from '../common/call-abortion.js';
import { randomText } from '../common/random.js';
import { SessionStorageError } from '../errors.js';
import type { WriteOptions, WriteResult } from '../storage/session-storage.js';
import { CHANGE_RECORD, CREATE_RECORD, END_RECORD, VERSION_LENGTH } from './record-scripts.js';
import type { RedisConnection } from './redis-connection.js';

/** On which conditions a write happens. */
type Conditions = Pick<WriteOptions, 'expect' | 'signal'>;

/** A record as it is stored. */
export interface StoredRecord {
  readonly version: string;
  readonly bytes: Buffer;
}

/** Random bytes of a version: as text they have its length. */
const VERSION_BYTES = (VERSION_LENGTH / 4) * 3;
/** Those of a mark: as text they are shorter. */
const MARK_BYTES = 9;

/** What the storage contract says of one record, in terms of its key. */
export class RedisRecord {
  readonly #connection: RedisConnection;
  readonly #key: string;

  constructor(connection: RedisConnection, key: string) {
    this.#connection = connection;
    this.#key = key;
  }

  /** @returns `undefined` when there is nothing */
  async read(signal: AbortNotice | undefined): Promise<StoredRecord | undefined> {
    const value = bytesOf(await this.#connection.send(this.#key, ['GET', this.#key], signal));
    if (value === undefined || value.length < VERSION_LENGTH) return undefined;
    return { version: textOf(value.subarray(0, VERSION_LENGTH)), bytes: value.subarray(VERSION_LENGTH) };
  }

  /**
   * Stores bytes, on a write's conditions.
   *
   * @param lifetime whole milliseconds, 1 at least
   */
  async put(bytes: Uint8Array, lifetime: number, conditions: Conditions): Promise<WriteResult> {
    const { expect } = conditions;
    const signal = abortNoticeOf(conditions);
    const version = randomText(VERSION_BYTES);
    // A copy: the driver may keep it for longer than the bytes are lent
    const value = Buffer.concat([bytesOfText(version), bytes]);
    const milliseconds = String(lifetime);
    if (typeof expect === 'object') {
      const args = [bytesOfText(expect.version), milliseconds, value];
      return resultOf(await this.#connection.run(CHANGE_RECORD, [this.#key], args, signal), version);
    }
    const condition = expect === 'absent' ? ['NX'] : [];
    const command = ['SET', this.#key, value, 'PX', milliseconds, ...condition] as const;
    if ((await this.#connection.send(this.#key, command, signal)) !== null) return { written: true, version };
    // Something is there: a record; the mark of one that has ended; or, if this was sent twice, what it has stored itself
    const args = [milliseconds, value];
    return resultOf(await this.#connection.run(CREATE_RECORD, [this.#key], args, signal), version);
  }

  /** Ends the record, on a write's conditions. */
  async end(conditions: Conditions): Promise<WriteResult> {
    const { expect } = conditions;
    const signal = abortNoticeOf(conditions);
    if (expect === 'absent') {
      const command = ['GETRANGE', this.#key, '0', String(VERSION_LENGTH - 1)] as const;
      const stored = bytesOf(await this.#connection.send(this.#key, command, signal));
      return stored?.length === VERSION_LENGTH ? { written: false, reason: 'exists' } : { written: true };
    }
    const result = await this.#end(expect === undefined ? [] : [bytesOfText(expect.version)], signal);
    return expect === undefined ? { written: true } : result;
  }

  /** @returns whether there was something to remove */
  async remove(): Promise<boolean> {
    const { written } = await this.#end([]);
    return written;
  }

  async #end(expected: readonly Buffer[], signal?: AbortNotice): Promise<WriteResult> {
    const args = [randomText(MARK_BYTES), ...expected];
    return resultOf(await this.#connection.run(END_RECORD, [this.#key], args, signal));
  }
}

/** What a script says about a write. */
function resultOf(answer: unknown, version?: string): WriteResult {
  const bytes = bytesOf(answer);
  const text = bytes && textOf(bytes);
  switch (text) {
    case 'written':
      return version === undefined ? { written: true } : { written: true, version };
    case 'exists':
    case 'missing':
    case 'conflict':
      return { written: false, reason: text };
    default:
      throw unexpected();
  }
}

function bytesOf(answer: unknown): Buffer | undefined {
  if (answer === null) return undefined;
  if (Buffer.isBuffer(answer)) return answer;
  throw unexpected();
}

/** A version is whatever stands there: each byte is a character. */
function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function bytesOfText(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function unexpected(): SessionStorageError {
  return new SessionStorageError(
    'Cannot use Redis: its client does not answer in bytes: take one of redis or ioredis as it is',
  );
}
