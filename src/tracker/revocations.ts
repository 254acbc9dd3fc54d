import type { Clock } from '../common/clock.js';
import { randomText } from '../common/random.js';
import { SessionDecodeError, SessionStorageError } from '../errors.js';
import { PREVIOUS_SECRET_TIME, type RecordHeader } from '../record/record-header.js';
import type { Records } from './records.js';

/** How a session by value ended before its time. */
export interface Revocation {
  /** Whether it lives on under another id. */
  readonly how: 'ended' | 'replaced';
  /** Whether it was replaced so short a time ago that a request with the old value may have been on its way. */
  readonly isRecent: boolean;
}

const COMMIT_ID_BYTES = 6;
const NOTHING = new Uint8Array(0);

/**
 * The ids of sessions by value that have ended before their time, in a storage, each until its absolute deadline: nobody can
 * come with it after that. They are records without data and without a secret, so that no token fits them.
 */
export class Revocations {
  readonly #records: Records;
  readonly #name: string;
  readonly #clock: Clock;

  /** @param name the session's */
  constructor(records: Records, name: string, clock: Clock) {
    this.#records = records;
    this.#name = name;
    this.#clock = clock;
  }

  /**
   * Tells whether a session has ended.
   *
   * @param fresh whether to pass every cache
   * @returns `undefined` when it has not
   * @throws {SessionStorageError} when that cannot be known
   */
  async find(id: string, fresh: boolean): Promise<Revocation | undefined> {
    const header = await this.#header(id, fresh);
    return header && this.#read(header);
  }

  /**
   * Ends a session.
   *
   * @param until its absolute deadline, in milliseconds since the epoch
   * @returns `undefined` when this call has ended it; how it ended when somebody was faster
   * @throws {SessionStorageError}
   */
  async revoke(id: string, how: Revocation['how'], until: number): Promise<Revocation | undefined> {
    const now = this.#clock.now();
    const commit = randomText(COMMIT_ID_BYTES);
    const header: RecordHeader = {
      name: this.#name,
      secretHash: '',
      previous: how === 'replaced' ? { hash: '', until: now + PREVIOUS_SECRET_TIME } : undefined,
      createdAt: now,
      idleDeadline: until,
      absoluteDeadline: until,
      commits: [commit],
    };
    const result = await this.#records.write(id, { header, payload: NOTHING }, 'absent');
    if (result.written) return undefined;
    const existing = await this.#header(id, true);
    // A driver may have sent it twice: then what exists is ours
    if (typeof existing === 'object' && existing.commits.includes(commit)) return undefined;
    const earlier = existing && this.#read(existing);
    if (earlier !== undefined) return earlier;
    throw new SessionStorageError('Cannot end session: its storage does not take its id', { id });
  }

  #read(header: RecordHeader | 'unreadable'): Revocation | undefined {
    // What cannot be read may say that it has ended
    if (header === 'unreadable') return { how: 'ended', isRecent: false };
    if (header.name !== this.#name) return undefined;
    const { previous } = header;
    if (previous === undefined) return { how: 'ended', isRecent: false };
    return { how: 'replaced', isRecent: this.#clock.now() < previous.until };
  }

  async #header(id: string, fresh: boolean): Promise<RecordHeader | 'unreadable' | undefined> {
    try {
      return (await this.#records.read(id, fresh))?.header;
    } catch (error) {
      if (error instanceof SessionDecodeError) return 'unreadable';
      throw error;
    }
  }
}
