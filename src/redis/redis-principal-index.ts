import { SessionStorageError } from '../errors.js';
import { assertStorageId } from '../storage/assert-storage-id.js';
import { assertPrincipal } from '../storage/principals/assert-principal.js';
import {
  EPOCH_MEMORY,
  type AddOptions,
  type AddResult,
  type PrincipalEntry,
  type PrincipalIndex,
} from '../storage/principals/principal-index.js';
import { ADD_ENTRY, HOLDS_ENTRY, LIST_ENTRIES, RAISE_EPOCH, REMOVE_ENTRY } from './principal-scripts.js';
import { lifetimeOf } from './lifetime.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisScript } from './redis-script.js';
import type { RedisStorageSettings } from './redis-storage-options.js';

/** Keeps in Redis which records belong to whom: each method is one script, on keys of the principal alone. */
export class RedisPrincipalIndex implements PrincipalIndex {
  readonly #connection: RedisConnection;
  readonly #settings: RedisStorageSettings;

  constructor(connection: RedisConnection, settings: RedisStorageSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  async add(principal: string, id: string, options: AddOptions): Promise<AddResult> {
    const { expiresAt, begunAgo, limit = 0 } = options;
    const lifetime = lifetimeOf(expiresAt, this.#settings.clock);
    const answer = await this.#run(ADD_ENTRY, principal, [id], [lifetime, begunAgo, limit, EPOCH_MEMORY]);
    const [outcome, ...rest] = listOf(answer);
    switch (textOf(outcome)) {
      case 'added':
        return { added: true, at: Number(rest[0]) };
      case 'epoch':
        return { added: false, reason: 'epoch' };
      default:
        return { added: false, reason: 'full', entries: entriesOf(rest) };
    }
  }

  async holds(principal: string, id: string, since: number): Promise<boolean> {
    return Number(await this.#run(HOLDS_ENTRY, principal, [id], [since])) === 1;
  }

  async remove(principal: string, id: string): Promise<void> {
    await this.#run(REMOVE_ENTRY, principal, [id]);
  }

  async entries(principal: string): Promise<readonly PrincipalEntry[]> {
    return entriesOf(listOf(await this.#run(LIST_ENTRIES, principal)));
  }

  async raiseEpoch(principal: string, except?: string): Promise<readonly PrincipalEntry[]> {
    const ids = except === undefined ? [] : [except];
    const answer = await this.#run(
      RAISE_EPOCH,
      principal,
      ids,
      except === undefined ? ['', EPOCH_MEMORY] : [EPOCH_MEMORY],
    );
    return entriesOf(listOf(answer));
  }

  async #run(
    script: RedisScript,
    principal: string,
    ids: readonly string[] = [],
    args: readonly (string | number)[] = [],
  ): Promise<unknown> {
    assertPrincipal(principal);
    for (const id of ids) assertStorageId(id);
    // In braces: what a cluster finds the slot by, so that these three are in one. No id has a colon
    const base = `${this.#settings.prefix}principal:{${principal}}:`;
    const keys = [`${base}entries`, `${base}expiries`, `${base}epoch`] as const;
    return this.#connection.run(script, keys, [...ids, ...args.map(String)]);
  }
}

function entriesOf(list: readonly unknown[]): readonly PrincipalEntry[] {
  const entries: PrincipalEntry[] = [];
  for (let at = 0; at < list.length; at += 2) entries.push({ id: textOf(list[at]), age: Number(list[at + 1]) });
  return entries;
}

function textOf(answer: unknown): string {
  if (Buffer.isBuffer(answer)) return answer.toString('latin1');
  throw unexpected();
}

function listOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  throw unexpected();
}

function unexpected(): SessionStorageError {
  return new SessionStorageError('Cannot use Redis: it gives no answer that the index of principals knows');
}
