import { assertNotAborted, collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import type { Clock } from '../../../src/common/clock.js';
import { assertStorageId } from '../../../src/storage/assert-storage-id.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from '../../../src/storage/session-storage.js';
import { GoodPrincipals } from './good-principals.js';

/** What a `GoodStorage` holds under an id. */
export interface GoodRecord {
  readonly bytes: Uint8Array;
  readonly version: string;
  readonly expiresAt: number;
}

type Expect = WriteOptions['expect'];

/** A storage that keeps the contract, cut into steps so that a subclass can break one of them. */
export class GoodStorage extends SessionStorage {
  readonly conditionalWrites: boolean = true;
  protected records = new Map<string, GoodRecord>();
  protected versions = 0;
  readonly #index: GoodPrincipals | undefined;

  constructor(protected readonly clock: Clock) {
    super();
    this.#index = this.newIndex();
  }

  override get principals(): GoodPrincipals | undefined {
    return this.#index;
  }

  async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, _options?: ReadOptions) {
    this.check(id);
    const record = this.living(id);
    return record && consumer(this.lent(record));
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    this.check(id);
    const bytes = await this.taken(id, source, options.signal);
    return this.refusal(options.expect, this.living(id)) ?? this.put(id, bytes, options.expiresAt);
  }

  async invalidate(id: string): Promise<boolean> {
    this.check(id);
    const living = this.living(id) !== undefined;
    this.records.delete(id);
    this.#index?.recordLeft(id);
    return living;
  }

  override async sweep(options: SweepOptions = {}): Promise<number> {
    const over = [...this.records].filter(([, record]) => this.isOver(record));
    for (const [id, record] of over) {
      this.records.delete(id);
      await this.tell(options, id, record).catch(() => {});
    }
    return over.length + ((await this.#index?.sweep()) ?? 0);
  }

  protected newIndex(): GoodPrincipals | undefined {
    return new GoodPrincipals(this.clock);
  }

  protected async tell({ onExpired }: SweepOptions, id: string, { bytes }: GoodRecord): Promise<void> {
    await onExpired?.(id, streamOf(bytes));
  }

  protected check(id: string): void {
    assertStorageId(id);
  }

  protected living(id: string): GoodRecord | undefined {
    const record = this.records.get(id);
    return record === undefined || this.isOver(record) ? undefined : record;
  }

  protected isOver({ expiresAt }: GoodRecord): boolean {
    return expiresAt <= this.clock.now();
  }

  protected lent({ bytes, version, expiresAt }: GoodRecord): StoredEntry {
    return { stream: streamOf(bytes.slice()), version, expiresAt };
  }

  protected async taken(_id: string, source: ByteStream, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const bytes = Uint8Array.from(await collect(source, { signal }));
    assertNotAborted(signal);
    return bytes;
  }

  protected refusal(expect: Expect, current: GoodRecord | undefined): WriteResult | undefined {
    if (expect === 'absent') return current && { written: false, reason: 'exists' };
    if (expect === undefined || expect.version === current?.version) return undefined;
    return { written: false, reason: current === undefined ? 'missing' : 'conflict' };
  }

  protected put(id: string, bytes: Uint8Array, expiresAt: number): WriteResult {
    const version = this.nextVersion(id, bytes);
    const record = { bytes, version, expiresAt };
    if (this.isOver(record)) this.records.delete(id);
    else this.records.set(id, record);
    return { written: true, version };
  }

  protected nextVersion(_id: string, _bytes: Uint8Array): string {
    return `v${++this.versions}`;
  }
}
