/** The most that memory grows by. */
export interface Growth {
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** Buffers, in bytes: those that are in use, and garbage that was not yet collected. */
  readonly external: number;
}

/** Watches how memory grows, from when it is made. */
export class MemoryWatch {
  readonly #collectEvery: number;
  readonly #start: NodeJS.MemoryUsage;
  readonly #timer: NodeJS.Timeout | undefined;
  #rss = 0;
  #external = 0;
  #samples = 0;

  /** @param collectEvery collects garbage before each sample of so many; 0: when V8 would */
  constructor(collectEvery: number) {
    this.#collectEvery = collectEvery;
    collect();
    collect();
    this.#start = process.memoryUsage();
    // What happens between two chunks, too; while garbage is collected for it, it must not be seen before
    if (collectEvery === 0) this.#timer = setInterval(() => this.#look(), 5).unref();
  }

  /** Call it after each chunk. */
  sample(): void {
    this.#samples++;
    if (this.#collectEvery === 0) return this.#look();
    if (this.#samples % this.#collectEvery !== 0) return;
    collect();
    this.#look();
  }

  end(): Growth {
    clearInterval(this.#timer);
    return { rss: this.#rss, external: this.#external };
  }

  #look(): void {
    const { rss, external } = process.memoryUsage();
    this.#rss = Math.max(this.#rss, rss - this.#start.rss);
    this.#external = Math.max(this.#external, external - this.#start.external);
  }
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('Cannot watch memory: run node with --expose-gc');
  globalThis.gc();
}
