/** One record in memory. */
export interface MemoryEntry {
  readonly bytes: Uint8Array;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Entries within two bounds, in two orders of age: those that were never read since they were made, and those that were. The
 * first leave before the second. A `Map` keeps its keys in the order of their insertion, so its first key is the oldest.
 */
export class MemoryEntries {
  readonly #new = new Map<string, MemoryEntry>();
  readonly #used = new Map<string, MemoryEntry>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onLeft: (id: string) => void;
  #onFull: ((message: string) => void) | undefined;
  #bytes = 0;
  #cursor: Iterator<[string, MemoryEntry]> | undefined;

  /**
   * @param onFull told once, when an entry that had not expired leaves for want of room
   * @param onLeft told of each entry that is gone, whatever the reason; not of one that another one takes the place of
   */
  constructor(maxEntries: number, maxBytes: number, onFull: (message: string) => void, onLeft: (id: string) => void) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#onFull = onFull;
    this.#onLeft = onLeft;
  }

  get size(): number {
    return this.#new.size + this.#used.size;
  }

  get(id: string): MemoryEntry | undefined {
    return this.#used.get(id) ?? this.#new.get(id);
  }

  /** Marks an entry as the one that was used last. */
  use(id: string, entry: MemoryEntry): void {
    if (!this.#new.delete(id)) this.#used.delete(id);
    this.#used.set(id, entry);
  }

  /**
   * Puts an entry in, as new or in its predecessor's place, and makes room for it; with its id it must fit in.
   *
   * @param now milliseconds since the epoch
   */
  set(id: string, entry: MemoryEntry, now: number): void {
    const entries = this.#used.has(id) ? this.#used : this.#new;
    this.#take(id);
    entries.set(id, entry);
    this.#bytes += sizeOf(id, entry);
    while (this.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#evict(id, now);
  }

  delete(id: string): void {
    if (this.#take(id)) this.#onLeft(id);
  }

  /** Looks at the next `count` entries, all around, and removes the expired ones; gives these. */
  removeExpired(count: number, now: number): readonly (readonly [id: string, entry: MemoryEntry])[] {
    const removed: (readonly [string, MemoryEntry])[] = [];
    this.#cursor ??= this.#all();
    for (let seen = 0; seen < count; seen++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        break;
      }
      const [id, entry] = next.value;
      if (entry.expiresAt > now) continue;
      this.delete(id);
      removed.push(next.value);
    }
    return removed;
  }

  /** @returns whether it was there */
  #take(id: string): boolean {
    const entry = this.get(id);
    if (entry === undefined) return false;
    if (!this.#new.delete(id)) this.#used.delete(id);
    this.#bytes -= sizeOf(id, entry);
    return true;
  }

  *#all(): Generator<[string, MemoryEntry]> {
    yield* this.#new;
    yield* this.#used;
  }

  #evict(newcomer: string, now: number): void {
    const victim = firstBut(this.#new, newcomer) ?? firstBut(this.#used, newcomer);
    if (victim === undefined) return;
    const { expiresAt = 0 } = this.get(victim) ?? {};
    this.delete(victim);
    if (expiresAt <= now) return;
    this.#onFull?.(
      'SessionStorageMemory is full: sessions leave before they expire. Raise its maxEntries or maxBytes, or use a storage outside of the process',
    );
    this.#onFull = undefined;
  }
}

function firstBut(entries: Map<string, MemoryEntry>, id: string): string | undefined {
  for (const key of entries.keys()) if (key !== id) return key;
  return undefined;
}

function sizeOf(id: string, entry: MemoryEntry): number {
  return id.length + entry.bytes.length;
}
