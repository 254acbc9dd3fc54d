import assert from 'node:assert/strict';
import { collect, streamOf, type ByteStream } from '../../common/byte-stream.js';
import type { AddOptions, AddResult, PrincipalIndex } from '../../storage/principals/principal-index.js';
import type { SessionStorage, WriteOptions, WriteResult } from '../../storage/session-storage.js';
import { ManualClock } from '../manual-clock.js';

/** How to try a storage. */
export interface ConformanceOptions {
  /** Makes an empty storage; called at least once a case, and what it makes is closed after it. */
  create(clock: ManualClock): SessionStorage | Promise<SessionStorage>;
  /** Whether it is to have conditional writes; default `true`. */
  readonly conditionalWrites?: boolean;
  /** Whether it forgets what has expired by itself; default `true`. `false`: it leaves that to the core. */
  readonly expires?: boolean;
  /**
   * Whether it tells of each record that a sweep removes; default `true`, which is so of one that has nothing to sweep. `false`:
   * it keeps that to itself.
   */
  readonly tellsExpired?: boolean;
  /** Whether it is to keep an index of principals; default: that is tried where there is one. */
  readonly principals?: boolean;
  /**
   * Lets time pass; default: advances the clock. A storage that does not tell the time by that clock waits here, and advances
   * the clock by as much.
   */
  pass?(milliseconds: number, clock: ManualClock): void | Promise<void>;
}

/** One promise of the contract. */
export interface ConformanceCase {
  /** Says the promise. */
  readonly name: string;
  /** Resolves when what is tried keeps it; rejects with an `AssertionError`, or what that threw, when it does not. */
  run(): Promise<void>;
}

/** A case before it is known which storage to try. */
export interface CaseDraft {
  readonly name: string;
  readonly check: (bench: ConformanceBench) => Promise<void>;
}

/** How long records live that do not expire while they are tried, in milliseconds. */
const LONG = 3_600_000;

/** The storage of one case, with shorter words. */
export class ConformanceBench {
  readonly clock = new ManualClock();
  readonly #options: ConformanceOptions;
  readonly #created: SessionStorage[] = [];

  constructor(options: ConformanceOptions) {
    this.#options = options;
  }

  /** The storage that was created last. */
  get storage(): SessionStorage {
    const storage = this.#created.at(-1);
    assert.ok(storage, 'create() gives a storage');
    return storage;
  }

  async create(): Promise<SessionStorage> {
    const storage = await this.#options.create(this.clock);
    this.#created.push(storage);
    return storage;
  }

  /** Closes what was created, all of it, and then tells of the first that could not be. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(this.#created.map(async (storage) => storage.close()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async pass(milliseconds: number): Promise<void> {
    if (this.#options.pass === undefined) this.clock.advance(milliseconds);
    else await this.#options.pass(milliseconds, this.clock);
  }

  write(id: string, bytes: Uint8Array | ByteStream, options: Partial<WriteOptions> = {}): Promise<WriteResult> {
    const source = bytes instanceof Uint8Array ? streamOf(bytes) : bytes;
    return this.storage.write(id, source, { expiresAt: this.in(LONG), ...options });
  }

  read(id: string): Promise<Uint8Array | undefined> {
    return this.storage.read(id, async ({ stream }) => Uint8Array.from(await collect(stream)));
  }

  async version(id: string): Promise<string> {
    const version = await this.storage.read(id, async (entry) => entry.version);
    assert.ok(version, 'an entry of a storage with conditional writes has a version');
    return version;
  }

  /** The storage's index of principals. */
  get principals(): PrincipalIndex {
    const { principals } = this.storage;
    assert.ok(principals, 'the storage keeps an index of principals');
    return principals;
  }

  /** Adds a record to the index, for a request that begins now. */
  add(principal: string, id: string, options: Partial<AddOptions> = {}): Promise<AddResult> {
    return this.principals.add(principal, id, { expiresAt: this.in(LONG), begunAgo: 0, ...options });
  }

  /**
   * The same, where nothing speaks against it.
   *
   * @returns when it was added, by the index's own clock
   */
  async added(principal: string, id: string, options: Partial<AddOptions> = {}): Promise<number> {
    const result = await this.add(principal, id, options);
    assert.ok(result.added, `${id} is added`);
    return result.at;
  }

  /** The ids of a principal's entries, in their order. */
  async idsOf(principal: string): Promise<readonly string[]> {
    return (await this.principals.entries(principal)).map(({ id }) => id);
  }

  /** The instant so many milliseconds from now. */
  in(milliseconds: number): number {
    return this.clock.now() + milliseconds;
  }
}
