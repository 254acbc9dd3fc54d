import type { ByteStream } from '../common/byte-stream.js';
import type { ReadOptions, StoredEntry, WriteOptions, WriteResult } from '../storage/session-storage.js';
import { ForwardingStorage } from './forwarding-storage.js';
import { Stops, type Held } from './stops.js';

/** A place in a call of a storage. */
export type Point = `${'before' | 'after'} ${'read' | 'write' | 'invalidate'}`;

/**
 * Stops calls at named points until a test lets them go, so that it can force one order of events.
 *
 * ```ts
 * const storage = new GateStorage(new MyStorage());
 * const held = storage.hold('before write');
 * const write = storage.write('a', streamOf(bytes), { expiresAt });
 * await held.reached; // the write is about to begin
 * await storage.invalidate('a');
 * held.release(); // now it goes on, and comes too late
 * await write;
 * ```
 */
export class GateStorage extends ForwardingStorage {
  readonly #stops = new Stops<Point>();

  /** Stops the next call that comes to a point. */
  hold(point: Point): Held {
    return this.#stops.hold(point);
  }

  override async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    await this.#stops.at('before read');
    const result = await super.read(id, consumer, options);
    await this.#stops.at('after read');
    return result;
  }

  override async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    await this.#stops.at('before write');
    const result = await super.write(id, source, options);
    await this.#stops.at('after write');
    return result;
  }

  override async invalidate(id: string): Promise<boolean> {
    await this.#stops.at('before invalidate');
    const result = await super.invalidate(id);
    await this.#stops.at('after invalidate');
    return result;
  }
}
