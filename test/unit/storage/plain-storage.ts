import { assertNotAborted, collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import type { Clock } from '../../../src/common/clock.js';
import { assertStorageId } from '../../../src/storage/assert-storage-id.js';
import {
  SessionStorage,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from '../../../src/storage/session-storage.js';

/** The smallest storage that keeps the contract, as somebody might write it: a `Map`, and no conditional writes. */
export class PlainStorage extends SessionStorage {
  readonly conditionalWrites: boolean = false;
  /** Each call, in order: `read a`, `write a`. */
  readonly calls: string[] = [];
  readonly #clock: Clock;
  readonly #records = new Map<string, { bytes: Uint8Array; expiresAt: number }>();
  #gate: Promise<void> | undefined;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  /** Lets the next write hang until `gate` resolves, and take effect then. */
  hangNextWrite(gate: Promise<void>): void {
    this.#gate = gate;
  }

  async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>): Promise<R | undefined> {
    assertStorageId(id);
    this.calls.push(`read ${id}`);
    const record = this.#records.get(id);
    if (record === undefined || record.expiresAt <= this.#clock.now()) return undefined;
    return consumer({ stream: streamOf(record.bytes.slice()), expiresAt: record.expiresAt });
  }

  async write(id: string, source: ByteStream, { expiresAt, expect, signal }: WriteOptions): Promise<WriteResult> {
    assertStorageId(id);
    this.calls.push(`write ${id}`);
    if (expect !== undefined) throw new Error('a storage without conditional writes is never given `expect`');
    const bytes = Uint8Array.from(await collect(source, { signal }));
    assertNotAborted(signal);
    const gate = this.#gate;
    this.#gate = undefined;
    await gate;
    if (expiresAt <= this.#clock.now()) this.#records.delete(id);
    else this.#records.set(id, { bytes, expiresAt });
    return { written: true };
  }

  async invalidate(id: string): Promise<boolean> {
    assertStorageId(id);
    this.calls.push(`invalidate ${id}`);
    const record = this.#records.get(id);
    return this.#records.delete(id) && record !== undefined && record.expiresAt > this.#clock.now();
  }
}
