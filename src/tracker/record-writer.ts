import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../common/clock.js';
import { randomText } from '../common/random.js';
import { SessionConflictError, SessionDecodeError } from '../errors.js';
import { REMEMBERED_COMMITS } from '../record/record-header.js';
import type { SessionRecord } from '../record/record.js';
import { isOver } from '../session/expiry.js';
import type { Claim, Principals } from './principals.js';
import type { KnownRecord, Records } from './records.js';
import { isSameHash, randomId } from './token.js';

/** How a rewrite ended: with the record as it is stored now, or without one that is ours. */
export type Rewritten =
  | { readonly outcome: 'written' | 'unchanged'; readonly record: KnownRecord }
  /** There is no record any more. */
  | { readonly outcome: 'missing' }
  /** The record has another secret: somebody logged in meanwhile. */
  | { readonly outcome: 'foreign' };

/** A record that was stored for the first time, and the id it got. */
export interface Created {
  readonly id: string;
  readonly record: KnownRecord;
}

/** One change of one record. */
export interface Rewrite {
  readonly id: string;
  /** Only a record with this secret is changed. */
  readonly secretHash: string;
  /** The record as last seen; `undefined` to read it first, past every cache. */
  readonly known: KnownRecord | undefined;
  /** When the request has begun, in milliseconds since the epoch. */
  readonly begunAt: number;
  /** Whether the change may be made again on what another request has stored. */
  readonly merges: boolean;
  /** Makes the next record of the one before; `undefined` when nothing needs to be written. May be called several times. */
  next(record: KnownRecord): SessionRecord | undefined;
  /** Told each time another request has changed the record meanwhile. */
  onConflict(): void;
}

const MAX_PAUSE = 50;
const COMMIT_ID_BYTES = 6;

/** Writes records, each on the condition that nobody wrote since it was read. */
export class RecordWriter {
  readonly #records: Records;
  readonly #principals: Principals | undefined;
  readonly #clock: Clock;
  readonly #timeout: number;

  /**
   * @param principals whose records they are; `undefined` where nobody knows
   * @param timeout milliseconds after which conflicts are not tried again
   */
  constructor(records: Records, principals: Principals | undefined, clock: Clock, timeout: number) {
    this.#records = records;
    this.#principals = principals;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /**
   * Stores a new record.
   *
   * @param id if it exists, one random id is tried in its place
   * @param begunAt when the request has begun, in milliseconds since the epoch
   * @returns the id it got, and the record
   * @throws {SessionConflictError} when both exist
   */
  async create(id: string, record: SessionRecord, begunAt: number): Promise<Created> {
    const commit = randomText(COMMIT_ID_BYTES);
    const marked = withCommit(record, commit);
    for (const name of [id, randomId()]) {
      const claiming = this.#principals?.claim({ id: name, from: undefined, to: marked.header, begunAt });
      const claim = claiming && (await claiming);
      const result = await this.#records.write(name, marked, 'absent');
      // A driver may have sent it twice: then what exists is ours
      const stored = result.written ? written(marked, result.version) : await this.#records.find(name);
      if (stored?.header.commits.includes(commit) !== true) continue;
      if (claim !== undefined) await claim.settle();
      return { id: name, record: stored };
    }
    throw new SessionConflictError('Cannot create session: its id exists already', { id });
  }

  /**
   * Changes a record, again and again until nobody was faster.
   *
   * @throws {SessionConflictError} when conflicts outlast the timeout, or the change must not be made again
   */
  async rewrite(rewrite: Rewrite): Promise<Rewritten> {
    const { id, secretHash, begunAt } = rewrite;
    const commit = randomText(COMMIT_ID_BYTES);
    const giveUpAt = this.#clock.now() + this.#timeout;
    let record = rewrite.known;
    let claim: Claim | undefined;
    // What this request knows may be over while others have kept the session alive
    if (record === undefined || isOver(record.header, this.#clock.now())) record = await this.#records.find(id);
    for (let pause = 1; ; pause *= 2) {
      if (record?.header.commits.includes(commit) === true) {
        if (claim !== undefined) await claim.settle();
        return { outcome: 'written', record };
      }
      if (record === undefined || isOver(record.header, this.#clock.now())) return { outcome: 'missing' };
      if (!isSameHash(record.header.secretHash, secretHash)) return { outcome: 'foreign' };
      const next = nextOf(rewrite, record);
      if (next === 'unreadable') return { outcome: 'missing' };
      if (next === undefined) return { outcome: 'unchanged', record };
      const marked = withCommit(next, commit);
      const claiming = this.#principals?.claim({ id, from: record.header, to: marked.header, begunAt });
      claim = claiming && (await claiming);
      const result = await this.#records.write(id, marked, { version: record.version });
      if (result.written) {
        record = written(marked, result.version);
        continue;
      }
      if (pause > 1) await setTimeout(Math.random() * Math.min(pause, MAX_PAUSE));
      record = await this.#records.find(id);
      if (record === undefined || record.header.commits.includes(commit)) continue;
      rewrite.onConflict();
      if (!rewrite.merges) throw conflict(id, 'another request has changed it since its secret was replaced');
      if (this.#clock.now() >= giveUpAt) throw conflict(id, 'others change it all the time');
    }
  }

  /**
   * Moves the idle deadline, once. When somebody else wrote meanwhile, that has moved it too.
   *
   * @returns the record as stored; `undefined` when it was not written
   */
  async touch(id: string, record: KnownRecord, idleDeadline: number): Promise<KnownRecord | undefined> {
    if (isOver(record.header, this.#clock.now())) return undefined;
    const touched = { header: { ...record.header, idleDeadline }, payload: record.payload };
    const result = await this.#records.write(id, touched, { version: record.version });
    return result.written ? written(touched, result.version) : undefined;
  }
}

/** What a record shall become; or that its data cannot be read, so that it is no session. */
function nextOf(rewrite: Rewrite, record: KnownRecord): SessionRecord | 'unreadable' | undefined {
  try {
    return rewrite.next(record);
  } catch (error) {
    if (error instanceof SessionDecodeError) return 'unreadable';
    throw error;
  }
}

function written({ header, payload }: SessionRecord, version = ''): KnownRecord {
  return { header, payload, version, cached: false };
}

function withCommit({ header, payload }: SessionRecord, commit: string): SessionRecord {
  return { header: { ...header, commits: [commit, ...header.commits].slice(0, REMEMBERED_COMMITS) }, payload };
}

function conflict(id: string, why: string): SessionConflictError {
  return new SessionConflictError(`Cannot store session: ${why}`, { id });
}
