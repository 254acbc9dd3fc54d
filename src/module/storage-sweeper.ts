import { setImmediate } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Clock, Timer } from '../common/clock.js';
import type { SessionStorage, SweepOptions } from '../storage/session-storage.js';
import { expiredRecords } from './expired-records.js';
import { SessionEvents } from './session-events.js';
import { SessionsRegistry } from './sessions-registry.js';
import { SESSIONS_CLOCK } from './tokens.js';

/** How often expired records are swept, in milliseconds; half as much more or less, so that many processes do not meet. */
const INTERVAL = 60_000;

/** How long a storage may take to end its sweep, and to close, when the app ends; in milliseconds. */
const PATIENCE = 5_000;

/** Looks after the storages of an app: sweeps them slice by slice while it runs, closes each once when it has ended. */
@Injectable()
export class StorageSweeper implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #logger = new Logger('Sessions');
  #timer: Timer | undefined;
  #stopped = false;
  /** Sweeps under way: one that hangs holds up no other storage's, and is not begun again. */
  readonly #sweeps = new Map<SessionStorage, Promise<void>>();

  constructor(
    @Inject(SessionsRegistry) private readonly registry: SessionsRegistry,
    @Inject(SESSIONS_CLOCK) private readonly clock: Clock,
    @Inject(SessionEvents) private readonly events: SessionEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule();
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#inTime(Promise.all(this.#sweeps.values()).then(() => {}));
    await Promise.all(this.registry.sessions.map(({ tracker }) => tracker.settled()));
    this.events.complete();
    await Promise.all([...this.#storages()].map((storage) => this.#inTime(this.#close(storage))));
  }

  /** Each once; a session may have none. */
  #storages(): ReadonlySet<SessionStorage> {
    const storages: readonly (SessionStorage | undefined)[] = this.registry.sessions.map(({ storage }) => storage);
    return new Set(storages.filter((storage) => storage !== undefined));
  }

  async #close(storage: SessionStorage): Promise<void> {
    try {
      await storage.close();
    } catch (error) {
      this.#complain('close', error);
    }
  }

  /** Waits, but not for ever: a backend that hangs must not keep the process from ending. */
  async #inTime(work: Promise<void> | undefined): Promise<void> {
    if (work === undefined) return;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => (timer = this.clock.after(PATIENCE, resolve)));
    await Promise.race([work, late]);
    timer?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.clock.after(INTERVAL * (0.5 + Math.random()), () => {
      for (const storage of this.#storages()) this.#begin(storage);
      this.#schedule();
    });
  }

  #begin(storage: SessionStorage): void {
    if (this.#sweeps.has(storage)) return;
    this.#sweeps.set(
      storage,
      this.#sweep(storage).finally(() => this.#sweeps.delete(storage)),
    );
  }

  async #sweep(storage: SessionStorage): Promise<void> {
    try {
      while (!this.#stopped && (await storage.sweep(this.#options)) > 0) await setImmediate();
    } catch (error) {
      this.#complain('sweep', error);
    }
  }

  /** While nobody observes, no storage need read what it removes. */
  get #options(): SweepOptions | undefined {
    if (!this.events.isObserved) return undefined;
    const names = this.registry.sessions.map(({ name }) => name);
    return { onExpired: expiredRecords(names, this.events.emit) };
  }

  #complain(verb: 'sweep' | 'close', error: unknown): void {
    this.#logger.warn(`Cannot ${verb} session storage: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
