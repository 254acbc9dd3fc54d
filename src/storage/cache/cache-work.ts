import { Fill, type Unshared } from './fill.js';

/** What is under way for one id. */
interface Work {
  /** The read of the delegate that may fill the cache, and that others may wait for. */
  fill: Fill | undefined;
  /** How many writes and removals are under way. */
  changes: number;
  /** Whether the only change since there was none is the one under way, so that its result is what is stored. */
  isAlone: boolean;
}

/**
 * What is under way between a cache and its delegate, id by id: it decides what may be put into the cache.
 *
 * Whatever changes a record, here or elsewhere, takes the place of the fill that has begun before: that may have read the old
 * record, so it fills nothing, and who comes later does not wait for it. And of changes that overlap nobody knows which was
 * the last.
 */
export class CacheWork {
  readonly #work = new Map<string, Work>();

  /**
   * The fill of an id that others may wait for, if it began after `since`: one that hangs will not be waited for then.
   *
   * @param since milliseconds since the epoch
   * @returns `undefined` when there is none
   */
  fillOf(id: string, since: number): Fill | undefined {
    const fill = this.#work.get(id)?.fill;
    return fill !== undefined && fill.beganAt > since ? fill : undefined;
  }

  /**
   * Begins to read the delegate. While a change is under way nobody may wait for that, and it will fill nothing.
   *
   * @param now milliseconds since the epoch
   */
  beginFill(id: string, now: number): Fill {
    const fill = new Fill(now);
    const work = this.#of(id);
    if (work.changes === 0) work.fill = fill;
    return fill;
  }

  /** @returns whether what was read may be put into the cache */
  endFill(id: string, fill: Fill): boolean {
    const work = this.#work.get(id);
    if (work?.fill !== fill) return false;
    work.fill = undefined;
    this.#forget(id, work);
    return true;
  }

  /** Ends a fill that comes to nothing for others. */
  leaveFill(id: string, fill: Fill, why: Unshared): void {
    this.endFill(id, fill);
    fill.settle(why);
  }

  beginChange(id: string): void {
    const work = this.#of(id);
    work.fill = undefined;
    work.isAlone = work.changes === 0;
    work.changes++;
  }

  /** @returns whether what was written may be put into the cache */
  endChange(id: string): boolean {
    const work = this.#of(id);
    work.changes--;
    this.#forget(id, work);
    return work.isAlone;
  }

  /** Something has changed that did not begin here. */
  interrupt(id: string): void {
    const work = this.#work.get(id);
    if (work === undefined) return;
    work.fill = undefined;
    work.isAlone = false;
    this.#forget(id, work);
  }

  /** The same for all that is under way. */
  interruptAll(): void {
    for (const id of this.#work.keys()) this.interrupt(id);
  }

  #of(id: string): Work {
    const work = this.#work.get(id) ?? { fill: undefined, changes: 0, isAlone: false };
    this.#work.set(id, work);
    return work;
  }

  #forget(id: string, work: Work): void {
    if (work.changes === 0 && work.fill === undefined) this.#work.delete(id);
  }
}
