import { assertNotAborted } from '../common/byte-stream.js';
import type { AbortNotice } from '../common/call-abortion.js';
import type { Connection, StatementResult } from './connection.js';
import { keepAlive, type ErrorSource } from './keep-alive.js';
import { resultOf, type PgClient } from './pg-client-connection.js';
import { valuesOf, type Statement, type StatementValues } from './statement.js';

/** A client that a pool of `pg` has handed out. */
export interface PgPoolClient extends PgClient {
  /** @param destroy whether it is of no use any more, or why */
  release(destroy?: Error | boolean): void;
}

/** A `Pool` of `pg` 8, or what is one in all but name. */
export interface PgPool extends ErrorSource {
  readonly totalCount: number;
  connect(): Promise<PgPoolClient>;
}

/**
 * Runs statements by a pool of `pg`.
 *
 * `pg` does not take back what it has sent. So when a signal aborts by then, the connection is closed and leaves the pool: one
 * that has fallen silent would not come back to it otherwise, and one that is slow is opened anew. What was sent may still be
 * done by the server.
 */
export class PgPoolConnection implements Connection {
  readonly #pool: PgPool;

  constructor(pool: PgPool) {
    keepAlive(pool);
    this.#pool = pool;
  }

  async run({ name, text }: Statement, values: StatementValues, signal?: AbortNotice): Promise<StatementResult> {
    assertNotAborted(signal);
    return this.#lent(signal, async (client) => resultOf(await client.query({ name, text, values: valuesOf(values) })));
  }

  async runScript(text: string): Promise<void> {
    await this.#lent(undefined, (client) => client.query({ text }));
  }

  /** Lends a client to `work`, unless the signal has aborted by the time there is one. */
  async #lent<R>(signal: AbortNotice | undefined, work: (client: PgPoolClient) => Promise<R>): Promise<R> {
    const client = await this.#pool.connect();
    if (signal?.aborted === true) client.release();
    assertNotAborted(signal);
    let isLent = true;
    const release = (destroy: boolean): void => {
      if (isLent) client.release(destroy);
      isLent = false;
    };
    const giveUp = (): void => release(true);
    // Its query fails too, and that is what is told
    const ignore = (): void => {};
    client.on('error', ignore);
    signal?.addEventListener('abort', giveUp);
    try {
      const result = await work(client);
      release(false);
      return result;
    } catch (error) {
      release(true);
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
      client.off('error', ignore);
    }
  }
}
