import type { Clock, Timer } from '../../common/clock.js';
import { randomText } from '../../common/random.js';
import type { InvalidationBus, InvalidationListener } from './invalidation-bus.js';

/** What a cache does about its bus. */
export interface BusEvents {
  /** Another cache has changed a record, or may have. */
  changed(id: string): void;
  /** Another cache may have changed any record: nothing may be trusted that the delegate has not told after this. */
  changedAny(): void;
}

/** How often a heartbeat is sent, and how long it may take to come back, in milliseconds. */
const BEAT = 1000;
const ORIGIN_BYTES = 12;
const MESSAGE = /^([iah]) ([\w-]+) ([\w-]+)$/;

/**
 * One cache on a bus: says what has changed here, hears what has changed elsewhere, and knows whether it would hear it. For
 * that it sends heartbeats to itself; one that has not come back when the next is due means that the bus is lost.
 */
export class BusWatch implements InvalidationListener {
  readonly #bus: InvalidationBus;
  readonly #clock: Clock;
  readonly #events: BusEvents;
  readonly #origin = randomText(ORIGIN_BYTES);
  /** Those who wait for a message to be taken over. */
  readonly #senders = new Set<() => void>();
  #state: 'new' | 'watching' | 'closed' = 'new';
  /** Whether it is heard; `unknown` before the first heartbeat has come back or failed to. */
  #hearing: 'unknown' | 'alive' | 'lost' = 'unknown';
  #subscribing = false;
  /** Whether others may not have been told of something that has changed here. */
  #owes = false;
  readonly #leaving = new AbortController();
  #unsubscribe: (() => Promise<void>) | undefined;
  #timer: Timer | undefined;
  /** The number of the heartbeat that is under way, and who waits for it. */
  #beat = 0;
  #onBeat: () => void = () => {};

  constructor(bus: InvalidationBus, clock: Clock, events: BusEvents) {
    this.#bus = bus;
    this.#clock = clock;
    this.#events = events;
  }

  /** Whether what changes elsewhere is heard. */
  get isAlive(): boolean {
    return this.#hearing === 'alive';
  }

  /** Begins to watch, when it is called for the first time. */
  begin(): void {
    if (this.#state !== 'new') return;
    this.#state = 'watching';
    void this.#pulse();
  }

  /** Tells the other caches; resolves when the bus has taken that over, or is lost: then they find out by time. */
  async announce(id: string): Promise<void> {
    const sent = this.#send('i', id).then((isSent) => {
      if (!isSent) this.#owes = true;
    });
    if (this.#hearing === 'lost') return;
    await new Promise<void>((resolve) => {
      this.#senders.add(resolve);
      void sent.then(() => {
        this.#senders.delete(resolve);
        resolve();
      });
    });
  }

  message(text: string): void {
    const [, kind, origin, what = ''] = MESSAGE.exec(text) ?? [];
    if (kind === 'i' && origin !== this.#origin) this.#events.changed(what);
    if (kind === 'a' && origin !== this.#origin) this.#events.changedAny();
    if (kind === 'h' && origin === this.#origin && what === String(this.#beat)) this.#onBeat();
  }

  lost(): void {
    // A heartbeat that was under way proves nothing any more
    this.#beat++;
    if (this.#hearing === 'lost') return;
    this.#hearing = 'lost';
    for (const resolve of this.#senders) resolve();
    this.#senders.clear();
    this.#events.changedAny();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#timer?.cancel();
    this.lost();
    this.#leaving.abort();
    await this.#unsubscribe?.();
  }

  /** Sends a heartbeat, learns from it, and does so again. */
  async #pulse(): Promise<void> {
    const beat = ++this.#beat;
    const cameBack = await this.#heartbeat(beat);
    if (this.#state !== 'watching') return;
    if (!cameBack) {
      this.lost();
      void this.#pulse();
      return;
    }
    this.#timer = this.#clock.after(BEAT, () => void this.#pulse());
    // It may have been lost right behind the heartbeat
    if (this.isAlive || beat !== this.#beat) return;
    this.#hearing = 'alive';
    this.#events.changedAny();
    await this.#makeUp();
  }

  /** Tells the others what they may not have been told: to forget everything is cheaper than to remember what. */
  async #makeUp(): Promise<void> {
    if (!this.#owes) return;
    this.#owes = false;
    if (!(await this.#send('a', 'all'))) this.#owes = true;
  }

  /** @returns whether it has come back in time */
  #heartbeat(beat: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(BEAT, () => resolve(false));
      this.#timer = timer;
      // Not the timer of that time: it may come back twice
      this.#onBeat = () => {
        timer.cancel();
        resolve(true);
      };
      void this.#beatOnce(beat);
    });
  }

  async #beatOnce(beat: number): Promise<void> {
    if (this.#unsubscribe === undefined && !(await this.#subscribe())) return;
    if (beat === this.#beat) await this.#send('h', String(beat));
  }

  async #subscribe(): Promise<boolean> {
    if (this.#subscribing) return false;
    this.#subscribing = true;
    try {
      const unsubscribe = await this.#bus.subscribe(this, { signal: this.#leaving.signal });
      if (this.#state === 'closed') await unsubscribe();
      else this.#unsubscribe = unsubscribe;
    } catch {
      this.lost();
    } finally {
      this.#subscribing = false;
    }
    return this.#unsubscribe !== undefined;
  }

  /** @returns whether the bus has taken it over */
  async #send(kind: 'i' | 'a' | 'h', what: string): Promise<boolean> {
    try {
      await this.#bus.publish(`${kind} ${this.#origin} ${what}`);
      return true;
    } catch {
      this.lost();
      return false;
    }
  }
}
