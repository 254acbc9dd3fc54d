import { Agent } from 'node:http';
import { Client } from './client.js';

/** How many more requests it tries once the server is going to end: those must be served as a whole, or refused. */
const LAST_REQUESTS = 5;

/** A browser that keeps its connection and counts in its session, one request after the other, until it is refused. */
export class SteadyClient extends Client {
  /** The last count that it asked to store. */
  asked = 0;
  /** The last count that was answered with success. */
  answered = 0;
  /** What ended it: a status, or the code of an error of its connection; empty when nobody did. */
  refusal = '';
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** Resolves when so many counts were answered with success. */
  reached(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /**
   * @param path what stores the count as `n` and, once more, as `copy`
   * @param isEnding whether the server is told to end
   */
  async run(path: string, isEnding: () => boolean): Promise<void> {
    for (let left = LAST_REQUESTS; this.refusal === '' && left > 0; left -= Number(isEnding())) await this.#count(path);
    this.#agent.destroy();
  }

  async #count(path: string): Promise<void> {
    const n = ++this.asked;
    try {
      const { status } = await this.get(`${path}?n=${n}&copy=${n}`, { agent: this.#agent });
      if (status === 200) this.answered = n;
      else this.refusal = String(status);
    } catch (error) {
      this.refusal = (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
    for (const { count, resolve } of this.#waiting) if (this.answered >= count) resolve();
  }
}
