import { once } from 'node:events';
import type { ByteStream, ReadOptions, StoredEntry, SweepOptions, WriteOptions, WriteResult } from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';

/** One call that was made of a storage. */
export interface StorageCall {
  readonly verb: 'read' | 'write' | 'invalidate';
  readonly id: string;
  readonly options?: ReadOptions | WriteOptions | undefined;
}

/** Notes every call that a request may cause; `sweep` and `close`, the module's own affair, apart. */
export class CountingStorage extends ForwardingStorage {
  readonly calls: StorageCall[] = [];
  readonly #writes = new Set<Promise<unknown>>();
  sweeps = 0;
  closes = 0;

  /** How many calls there were of one verb, or of all. */
  count(verb?: StorageCall['verb']): number {
    return this.calls.filter((call) => verb === undefined || call.verb === verb).length;
  }

  /** Every id that was asked for, each once. */
  get ids(): readonly string[] {
    return [...new Set(this.calls.map(({ id }) => id))];
  }

  /** The ids that were written, each once. */
  get writtenIds(): readonly string[] {
    return [...new Set(this.calls.flatMap(({ verb, id }) => (verb === 'write' ? [id] : [])))];
  }

  forget(): void {
    this.calls.length = 0;
  }

  /** Resolves when what was written so far is stored, has failed, or was given up: no response waits for a touch. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    this.calls.push({ verb: 'read', id, options });
    return super.read(id, consumer, options);
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.calls.push({ verb: 'write', id, options });
    const writing = super.write(id, source, options);
    const { signal } = options;
    // One that hangs is given up
    this.#writes.add(Promise.race([writing, ...(signal ? [once(signal, 'abort')] : [])]).catch(() => {}));
    return writing;
  }

  override invalidate(id: string): Promise<boolean> {
    this.calls.push({ verb: 'invalidate', id });
    return super.invalidate(id);
  }

  override sweep(options?: SweepOptions): Promise<number> {
    this.sweeps++;
    return super.sweep(options);
  }

  override close(): Promise<void> {
    this.closes++;
    return super.close();
  }
}
