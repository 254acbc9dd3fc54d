import type { AbortNotice } from '../common/call-abortion.js';
import { isObject } from './is-object.js';
import type { IoRedis } from './ioredis-client.js';

/**
 * Waits until a client of `ioredis` is connected.
 *
 * What the driver is given before that it keeps, and sends whenever it is connected: it cannot be told to forget it.
 */
export class IoRedisReadiness {
  readonly #client: Pick<IoRedis, 'status' | 'connect' | 'on' | 'off'>;
  readonly #waiting = new Set<() => void>();

  constructor(client: Pick<IoRedis, 'status' | 'connect' | 'on' | 'off'>) {
    this.#client = client;
  }

  /** Resolves when it is connected, when it has been closed for good, or when the signal has aborted. */
  async wait(signal: AbortNotice): Promise<void> {
    while (!signal.aborted && this.#mayBecomeReady()) await this.#next(signal);
  }

  #mayBecomeReady(): boolean {
    const { status } = this.#client;
    return status !== 'ready' && status !== 'end' && !failsAtOnce(this.#client);
  }

  #next(signal: AbortNotice): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        signal.removeEventListener('abort', goOn);
        this.#waiting.delete(goOn);
        if (this.#waiting.size === 0)
          for (const event of ['ready', 'end'] as const) this.#client.off(event, this.#wake);
        resolve();
      };
      signal.addEventListener('abort', goOn);
      if (this.#waiting.size === 0) for (const event of ['ready', 'end'] as const) this.#client.on(event, this.#wake);
      this.#waiting.add(goOn);
      // Lazy: it connects for its first command. Whether it can, the client's own events tell
      if (this.#client.status === 'wait') this.#client.connect().catch(() => {});
    });
  }

  readonly #wake = (): void => {
    for (const goOn of this.#waiting) goOn();
  };
}

/** Its user wants no command to wait. */
function failsAtOnce(client: object): boolean {
  return 'options' in client && isObject(client.options) && client.options['enableOfflineQueue'] === false;
}
