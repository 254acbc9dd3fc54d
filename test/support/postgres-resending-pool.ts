import { EventEmitter } from 'node:events';
import type { PgPool, PgPoolClient, PgQuery } from 'nest-sessions/postgres';
import type pg from 'pg';

/** A pool that sends a statement again by another connection when its answer is lost, as `pg` itself never does. */
export class ResendingPool extends EventEmitter implements PgPool {
  readonly #pool: pg.Pool;
  /** How many statements it has sent again. */
  resent = 0;

  constructor(pool: pg.Pool) {
    super();
    this.#pool = pool;
  }

  get totalCount(): number {
    return this.#pool.totalCount;
  }

  async connect(): Promise<PgPoolClient> {
    const client = await this.#pool.connect();
    const query = client.query.bind(client) as PgPoolClient['query'];
    return {
      query: async (given) => {
        try {
          return await query(given);
        } catch (error) {
          // What the server has answered has a severity
          if (error instanceof Error && 'severity' in error) throw error;
          return this.#again(given);
        }
      },
      release: (destroy) => client.release(destroy),
      escapeLiteral: (text) => client.escapeLiteral(text),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
      listenerCount: (event) => client.listenerCount(event),
    };
  }

  async #again(given: PgQuery) {
    this.resent++;
    const client: PgPoolClient = await this.#pool.connect();
    try {
      return await client.query(given);
    } finally {
      client.release();
    }
  }
}
