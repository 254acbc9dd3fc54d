import {
  SessionStorage,
  SessionStorageMemory,
  type ByteStream,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from 'nest-sessions';

/** A hand on the next write. */
export interface Hold {
  /** Resolves when the write has come to the storage. */
  readonly reached: Promise<void>;
  /** Lets it be done. */
  release(): void;
}

/** A storage in memory that notes when it is called and when something is stored, and that a test can hold or break. */
export class JournalStorage extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #memory = new SessionStorageMemory();
  #journal: string[] = [];
  #calls = 0;
  #broken = false;
  #held: { reach(): void; readonly released: Promise<void> } | undefined;

  /** Begins a new journal. */
  begin(): string[] {
    this.#broken = false;
    this.#held = undefined;
    this.#calls = 0;
    return (this.#journal = []);
  }

  /** How often it was called since the journal began. */
  get calls(): number {
    return this.#calls;
  }

  /** Makes every write fail until a new journal begins. */
  break(): void {
    this.#broken = true;
  }

  /** Holds the next write. */
  hold(): Hold {
    let reach: () => void = () => undefined;
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#held = { reach, released };
    return { reached, release };
  }

  read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, _options?: ReadOptions): Promise<R | undefined> {
    this.#calls += 1;
    return this.#memory.read(id, consumer);
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.#calls += 1;
    const held = this.#held;
    this.#held = undefined;
    held?.reach();
    await held?.released;
    if (this.#broken) throw new Error('the disk is full');
    const result = await this.#memory.write(id, source, options);
    if (result.written) this.#journal.push('stored');
    return result;
  }

  invalidate(id: string): Promise<boolean> {
    this.#calls += 1;
    return this.#memory.invalidate(id);
  }

  /** How many records there are. */
  get size(): number {
    return this.#memory.size;
  }
}
