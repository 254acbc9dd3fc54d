import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { assertNotAborted, collect, streamOf, type ByteStream } from '../../../src/common/byte-stream.js';
import type { Clock } from '../../../src/common/clock.js';
import type {
  ReadOptions,
  StoredEntry,
  SweepOptions,
  WriteOptions,
  WriteResult,
} from '../../../src/storage/session-storage.js';
import { brokenPrincipals } from './broken-principals.js';
import { GoodStorage, type GoodRecord } from './good-storage.js';

type Signal = AbortSignal | undefined;
type Consumer<R> = (entry: StoredEntry) => Promise<R>;

/** A way to break the contract, and the case that shows it. */
export interface BrokenStorage {
  readonly what: string;
  readonly shownBy: string;
  readonly type: new (clock: Clock) => GoodStorage;
}

const everyone = new Map<string, GoodRecord>();

/** All that came before a source failed. */
async function untilItFails(source: ByteStream): Promise<readonly [bytes: Uint8Array, error?: Error]> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of source) chunks.push(chunk.slice());
    return [Buffer.concat(chunks)];
  } catch (error) {
    return [Buffer.concat(chunks), error as Error];
  }
}

/** Each breaks one thing. */
export const brokenStorages: readonly BrokenStorage[] = [
  {
    what: 'calls the consumer for nothing',
    shownBy: 'read() resolves to undefined for an unknown id, without calling its consumer',
    type: class extends GoodStorage {
      override async read<R>(id: string, consumer: Consumer<R>) {
        if (this.living(id) === undefined) await consumer({ stream: streamOf(new Uint8Array()) });
        return super.read(id, consumer);
      }
    },
  },
  {
    what: "keeps the consumer's answer to itself",
    shownBy: 'read() resolves to what its consumer resolves to',
    type: class extends GoodStorage {
      override async read<R>(id: string, consumer: Consumer<R>) {
        const result = await super.read(id, consumer);
        return typeof result === 'object' ? (structuredClone(result) as R) : result;
      }
    },
  },
  {
    what: 'takes no empty record',
    shownBy: 'write() stores 0 bytes that come as',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        return super.put(id, bytes.length === 0 ? Uint8Array.of(1) : bytes, expiresAt);
      }
    },
  },
  {
    what: 'takes a byte of zero for an end',
    shownBy: 'write() stores 1 byte that come as',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        const end = bytes.indexOf(0);
        return super.put(id, end < 0 ? bytes : bytes.subarray(0, end), expiresAt);
      }
    },
  },
  {
    what: 'keeps text',
    shownBy: 'write() stores every value of a byte that come as',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        return super.put(id, Buffer.from(Buffer.from(bytes).toString()), expiresAt);
      }
    },
  },
  {
    what: 'keeps 64 KiB at most',
    shownBy: 'write() stores 1 MiB that come as',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        return super.put(id, bytes.subarray(0, 65_536), expiresAt);
      }
    },
  },
  {
    what: 'leaves the end of a longer record',
    shownBy: 'write() replaces what is stored, by more and by less',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        const old = this.living(id)?.bytes ?? new Uint8Array();
        return super.put(id, Buffer.concat([bytes, old.subarray(bytes.length)]), expiresAt);
      }
    },
  },
  {
    what: 'removes everything',
    shownBy: 'write() leaves other ids alone',
    type: class extends GoodStorage {
      override async invalidate(id: string) {
        const living = await super.invalidate(id);
        this.records.clear();
        return living;
      }
    },
  },
  {
    what: 'keeps the very bytes of the source',
    shownBy: 'write() keeps a copy: what happens to the source later changes nothing',
    type: class extends GoodStorage {
      protected override async taken(_id: string, source: ByteStream, signal: Signal) {
        const bytes = await collect(source, { signal });
        assertNotAborted(signal);
        return bytes;
      }
    },
  },
  {
    what: 'lends the very bytes that it keeps',
    shownBy: 'read() lends a copy: who writes to it changes nothing that is stored',
    type: class extends GoodStorage {
      protected override lent(record: GoodRecord) {
        return { ...super.lent(record), stream: streamOf(record.bytes) };
      }
    },
  },
  {
    what: 'answers fresh reads out of a cache',
    shownBy: 'read() that is fresh sees the last write',
    type: class extends GoodStorage {
      readonly #seen = new Map<string, GoodRecord>();

      override async read<R>(id: string, consumer: Consumer<R>, { fresh = false }: ReadOptions = {}) {
        const record = this.living(id);
        const cached = this.#seen.get(id);
        if (record === undefined || !fresh) return super.read(id, consumer);
        this.#seen.set(id, record);
        return consumer(this.lent(cached ?? record));
      }
    },
  },
  {
    what: 'empties a record before it fills it',
    shownBy: 'a reader sees all of the old bytes or all of the new ones',
    type: class extends GoodStorage {
      protected override async taken(id: string, source: ByteStream, signal: Signal) {
        const record = this.living(id);
        const bytes = await super.taken(id, source, signal);
        if (record !== undefined) this.records.set(id, { ...record, bytes: record.bytes.subarray(0, 1) });
        for (let turns = 0; turns < 3; turns++) await setImmediate();
        return bytes;
      }

      override async read<R>(id: string, consumer: Consumer<R>) {
        for (let turns = 0; turns < 2; turns++) await setImmediate();
        return super.read(id, consumer);
      }
    },
  },
  {
    what: 'always says that there was something',
    shownBy: 'invalidate() removes, and tells whether there was something',
    type: class extends GoodStorage {
      override async invalidate(id: string) {
        await super.invalidate(id);
        return true;
      }
    },
  },
  {
    what: 'never takes an id again',
    shownBy: 'write() stores anew what was invalidated',
    type: class extends GoodStorage {
      readonly #ended = new Set<string>();

      override async invalidate(id: string) {
        this.#ended.add(id);
        return super.invalidate(id);
      }

      protected override living(id: string) {
        return this.#ended.has(id) ? undefined : super.living(id);
      }
    },
  },
  {
    what: 'rounds the instant of expiry that it tells',
    shownBy: 'an entry tells when it expires as it was written, or not at all',
    type: class extends GoodStorage {
      protected override lent(record: GoodRecord) {
        return { ...super.lent(record), expiresAt: Math.ceil((record.expiresAt + 1) / 1000) * 1000 };
      }
    },
  },
  {
    what: 'sweeps what lives',
    shownBy: 'sweep() leaves what lives, and resolves to 0 in the end',
    type: class extends GoodStorage {
      override async sweep() {
        const { size } = this.records;
        this.records.clear();
        return size;
      }
    },
  },
  {
    what: 'always says that it has swept something',
    shownBy: 'sweep() leaves what lives, and resolves to 0 in the end',
    type: class extends GoodStorage {
      override async sweep() {
        await super.sweep();
        return 1;
      }
    },
  },
  {
    what: 'sweeps by the first instant of expiry that a record had',
    shownBy: 'sweep() leaves what was renewed, and nothing to read of what has expired',
    type: class extends GoodStorage {
      readonly #due = new Map<string, number>();

      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        if (!this.#due.has(id)) this.#due.set(id, expiresAt);
        return super.put(id, bytes, expiresAt);
      }

      override async sweep() {
        const due = [...this.#due].filter(([, at]) => at <= this.clock.now());
        for (const [id] of due) {
          this.#due.delete(id);
          this.records.delete(id);
        }
        return due.length;
      }
    },
  },
  {
    what: 'tells of what lives',
    shownBy: 'sweep() tells of what had expired alone, of each once, with its bytes',
    type: class extends GoodStorage {
      override async sweep(options: SweepOptions = {}) {
        for (const [id, record] of this.records) await this.tell(options, id, record).catch(() => {});
        return super.sweep();
      }
    },
  },
  {
    what: 'tells twice',
    shownBy: 'sweep() tells of what had expired alone, of each once, with its bytes',
    type: class extends GoodStorage {
      protected override async tell(options: SweepOptions, id: string, record: GoodRecord) {
        await super.tell(options, id, record);
        await super.tell(options, id, record);
      }
    },
  },
  {
    what: 'tells with other bytes',
    shownBy: 'sweep() tells of what had expired alone, of each once, with its bytes',
    type: class extends GoodStorage {
      protected override tell(options: SweepOptions, id: string, record: GoodRecord) {
        return super.tell(options, id, { ...record, bytes: record.bytes.subarray(0, 64 * 1024) });
      }
    },
  },
  {
    what: 'tells of all that should have expired by now',
    shownBy: 'sweep() tells of nothing that was renewed, ended by a write, or invalidated',
    type: class extends GoodStorage {
      readonly #due = new Map<string, GoodRecord>();

      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        if (!this.#due.has(id)) this.#due.set(id, { bytes, version: '', expiresAt });
        return super.put(id, bytes, expiresAt);
      }

      override async sweep(options: SweepOptions = {}) {
        for (const [id, record] of this.#due)
          if (this.isOver(record)) await this.tell(options, id, record).catch(() => {});
        return super.sweep();
      }
    },
  },
  {
    what: 'fails with whoever it tells',
    shownBy: 'sweep() goes on when whoever it tells fails, or leaves the bytes unread',
    type: class extends GoodStorage {
      override async sweep({ onExpired }: SweepOptions = {}) {
        const over = [...this.records].filter(([, record]) => this.isOver(record));
        for (const [id, { bytes }] of over) {
          this.records.delete(id);
          await onExpired?.(id, streamOf(bytes));
        }
        return over.length;
      }
    },
  },
  {
    what: 'tells no more when whoever it tells has failed',
    shownBy: 'sweep() goes on when whoever it tells fails, or leaves the bytes unread',
    type: class extends GoodStorage {
      #failed = false;

      protected override async tell(options: SweepOptions, id: string, record: GoodRecord) {
        if (this.#failed) return;
        this.#failed = true;
        await super.tell(options, id, record);
        this.#failed = false;
      }
    },
  },
  {
    what: 'tells nothing',
    shownBy: 'sweep() has told of as many as it says that it has removed',
    type: class extends GoodStorage {
      protected override async tell() {}
    },
  },
  {
    what: 'does not wait until it has told',
    shownBy: 'sweep() has told of as many as it says that it has removed',
    type: class extends GoodStorage {
      protected override async tell(options: SweepOptions, id: string, record: GoodRecord) {
        super.tell(options, id, record).catch(() => {});
      }
    },
  },
  {
    what: 'says that it has no conditional writes',
    shownBy: 'conditionalWrites is true',
    type: class extends GoodStorage {
      override readonly conditionalWrites = false;
    },
  },
  {
    what: 'is one with all other instances',
    shownBy: 'two instances share nothing by accident',
    type: class extends GoodStorage {
      protected override records = everyone;
    },
  },
  {
    what: 'keeps what came before the source failed',
    shownBy: 'write() with a source that fails rejects with its error and leaves the old bytes, or nothing',
    type: class extends GoodStorage {
      override async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
        const [bytes, error] = await untilItFails(source);
        const result = await super.write(id, streamOf(bytes), options);
        if (error !== undefined) throw error;
        return result;
      }
    },
  },
  {
    what: 'takes a cut for an end',
    shownBy: 'write() with a source that is cut rejects and leaves the old bytes, or nothing',
    type: class extends GoodStorage {
      protected override async taken(id: string, source: ByteStream, signal: Signal) {
        if (signal !== undefined || source.bytes !== undefined) return super.taken(id, source, signal);
        const [bytes, error] = await untilItFails(source);
        if (error && !('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
        return bytes;
      }
    },
  },
  {
    what: 'takes no notice of a signal',
    shownBy: 'write() that was aborted before it began rejects and stores nothing',
    type: class extends GoodStorage {
      override write(id: string, source: ByteStream, { expiresAt, expect }: WriteOptions) {
        return super.write(id, source, expect === undefined ? { expiresAt } : { expiresAt, expect });
      }
    },
  },
  {
    what: 'rejects when it is aborted, and stores later',
    shownBy: 'write() that was aborted before it began rejects and stores nothing',
    type: class extends GoodStorage {
      override async write(id: string, source: ByteStream, options: WriteOptions) {
        try {
          return await super.write(id, source, options);
        } catch (error) {
          if (options.signal?.aborted) {
            void setImmediate().then(() => this.put(id, Uint8Array.of(1), options.expiresAt));
          }
          throw error;
        }
      }
    },
  },
  {
    what: 'rejects with whatever the signal says',
    shownBy: 'write() that was aborted before it began rejects and stores nothing',
    type: class extends GoodStorage {
      override write(id: string, source: ByteStream, options: WriteOptions) {
        options.signal?.throwIfAborted();
        return super.write(id, source, options);
      }
    },
  },
  {
    what: 'looks at the signal before and after the source alone',
    shownBy: 'write() that is aborted while its source hangs rejects and stores nothing',
    type: class extends GoodStorage {
      protected override async taken(id: string, source: ByteStream, signal: Signal) {
        assertNotAborted(signal);
        const bytes = await super.taken(id, source, undefined);
        assertNotAborted(signal);
        return bytes;
      }
    },
  },
  {
    what: 'looks at the signal for as long as the source yields alone',
    shownBy: 'write() that is aborted when its source has ended rejects and stores nothing',
    type: class extends GoodStorage {
      protected override async taken(id: string, source: ByteStream, signal: Signal) {
        assertNotAborted(signal);
        return super.taken(id, source, undefined);
      }
    },
  },
  {
    what: 'keeps the error of a consumer to itself',
    shownBy: 'read() rejects with the error of its consumer, and reads on',
    type: class extends GoodStorage {
      override read<R>(id: string, consumer: Consumer<R>) {
        return super.read<R | undefined>(id, (entry) => consumer(entry).catch(() => undefined));
      }
    },
  },
  {
    what: 'waits until its stream was read to the end',
    shownBy: 'read() can be abandoned: at once, after some bytes, with an iteration begun',
    type: class extends GoodStorage {
      override read<R>(id: string, consumer: Consumer<R>) {
        return super.read(id, async (entry) => {
          let onEnd = (): void => {};
          const ended = new Promise<void>((resolve) => (onEnd = resolve));
          async function* whole(): AsyncGenerator<Uint8Array> {
            yield* entry.stream;
            onEnd();
          }
          const isLarge = (entry.stream.bytes?.length ?? 0) > 100_000;
          const result = await consumer(isLarge ? { ...entry, stream: whole() } : entry);
          if (isLarge) await ended;
          return result;
        });
      }
    },
  },
  {
    what: 'does not tell large letters from small ones',
    shownBy: 'write() stores under every id that the contract allows, each apart',
    type: class extends GoodStorage {
      override read<R>(id: string, consumer: Consumer<R>) {
        return super.read(id.toLowerCase(), consumer);
      }

      override write(id: string, source: ByteStream, options: WriteOptions) {
        return super.write(id.toLowerCase(), source, options);
      }

      override invalidate(id: string) {
        return super.invalidate(id.toLowerCase());
      }
    },
  },
  {
    what: 'takes every id',
    shownBy: 'no method takes the id',
    type: class extends GoodStorage {
      protected override check(): void {}
    },
  },
  {
    what: 'checks an id when it has read the source',
    shownBy: 'no method takes the id',
    type: class extends GoodStorage {
      override async write(id: string, source: ByteStream, options: WriteOptions) {
        const bytes = await this.taken(id, source, options.signal);
        return super.write(id, streamOf(bytes), options);
      }
    },
  },
  {
    what: 'never forgets',
    shownBy: 'E1: read() resolves to undefined from the instant an entry expires',
    type: class extends GoodStorage {
      protected override isOver() {
        return false;
      }
    },
  },
  {
    what: 'forgets a millisecond late',
    shownBy: "write() with expect 'absent' takes an expired record for nothing, from the instant on",
    type: class extends GoodStorage {
      protected override isOver({ expiresAt }: GoodRecord) {
        return expiresAt < this.clock.now();
      }
    },
  },
  {
    what: 'forgets a millisecond early',
    shownBy: 'E1: read() resolves to undefined from the instant an entry expires',
    type: class extends GoodStorage {
      protected override isOver({ expiresAt }: GoodRecord) {
        return expiresAt <= this.clock.now() + 1;
      }
    },
  },
  {
    what: 'counts time in 31 bits',
    shownBy: 'E5: an entry lives longer than 2^31 ms',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        return super.put(id, bytes, Math.min(expiresAt, this.clock.now() + 2 ** 31 - 1));
      }
    },
  },
  {
    what: 'takes what has expired for something that it removes',
    shownBy: 'invalidate() tells of an expired entry that there was nothing',
    type: class extends GoodStorage {
      override async invalidate(id: string) {
        this.check(id);
        return this.records.delete(id);
      }
    },
  },
  {
    what: 'leaves out a write that has expired already',
    shownBy: 'write() that has expired already ends the record',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number): WriteResult {
        if (expiresAt <= this.clock.now()) return { written: true, version: this.nextVersion(id, bytes) };
        return super.put(id, bytes, expiresAt);
      }
    },
  },
  {
    what: 'never brings the instant of expiry forward',
    shownBy: 'write() moves the instant of expiry, both ways',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number) {
        const later = Math.max(expiresAt, this.living(id)?.expiresAt ?? 0);
        return super.put(id, bytes, expiresAt === 0 ? 0 : later);
      }
    },
  },
  {
    what: "overwrites with expect 'absent'",
    shownBy: "write() with expect 'absent' stores where there is nothing",
    type: class extends GoodStorage {
      protected override refusal(expect: WriteOptions['expect'], current: GoodRecord | undefined) {
        return expect === 'absent' ? undefined : super.refusal(expect, current);
      }
    },
  },
  {
    what: 'tells another version of a write than of a read',
    shownBy: 'write() with the version that is stored, as written or as read, stores',
    type: class extends GoodStorage {
      protected override put(id: string, bytes: Uint8Array, expiresAt: number): WriteResult {
        const result = super.put(id, bytes, expiresAt);
        return result.written ? { ...result, version: `${result.version} as written` } : result;
      }
    },
  },
  {
    what: 'takes every version for the right one',
    shownBy: "write() with another version refuses with 'conflict', and changes nothing",
    type: class extends GoodStorage {
      protected override refusal(expect: WriteOptions['expect'], current: GoodRecord | undefined) {
        return current !== undefined && expect !== 'absent' ? undefined : super.refusal(expect, current);
      }
    },
  },
  {
    what: 'changes the version before it has the source',
    shownBy: 'write() with a source that fails leaves the version',
    type: class extends GoodStorage {
      protected override async taken(id: string, source: ByteStream, signal: Signal) {
        const [bytes, error] = await untilItFails(await Promise.resolve(source));
        const record = this.living(id);
        if (error === undefined) return super.taken(id, streamOf(bytes), signal);
        if (record !== undefined) this.records.set(id, { ...record, version: this.nextVersion(id, bytes) });
        throw error;
      }
    },
  },
  ...[
    'of many parallel writers with one version exactly one stores',
    "of many parallel writers with 'absent' exactly one stores",
    'a conditional write that waits for its source does not store over what was written meanwhile',
    'write() with a version revives nothing that was invalidated, be it while it waits for its source',
    'write() with a version revives nothing that has expired, be it while it waits for its source',
    'invalidate() among parallel writers with a version leaves nothing, whoever is first',
  ].map((shownBy) => ({
    what: 'compares before it has the source',
    shownBy,
    type: class extends GoodStorage {
      override async write(id: string, source: ByteStream, options: WriteOptions) {
        this.check(id);
        const refusal = this.refusal(options.expect, this.living(id));
        return refusal ?? this.put(id, await this.taken(id, source, options.signal), options.expiresAt);
      }
    },
  })),
  {
    what: 'takes any version for that of nothing',
    shownBy: 'write() with a version revives nothing that was invalidated, be it while it waits for its source',
    type: class extends GoodStorage {
      protected override refusal(expect: WriteOptions['expect'], current: GoodRecord | undefined) {
        return current === undefined ? undefined : super.refusal(expect, current);
      }
    },
  },
  {
    what: 'compares with what has expired',
    shownBy: 'write() with a version revives nothing that has expired, be it while it waits for its source',
    type: class extends GoodStorage {
      override async write(id: string, source: ByteStream, options: WriteOptions) {
        this.check(id);
        const bytes = await this.taken(id, source, options.signal);
        return this.refusal(options.expect, this.records.get(id)) ?? this.put(id, bytes, options.expiresAt);
      }
    },
  },
  {
    what: 'ends a record whatever the condition',
    shownBy: 'write() that has expired already ends the record under the same condition alone',
    type: class extends GoodStorage {
      override write(id: string, source: ByteStream, { expect, ...options }: WriteOptions) {
        const isEnd = expect === undefined || options.expiresAt <= this.clock.now();
        return super.write(id, source, isEnd ? options : { ...options, expect });
      }
    },
  },
  {
    what: 'counts versions from one for each new record',
    shownBy: 'C13: a version never comes back under one id',
    type: class extends GoodStorage {
      protected override nextVersion(id: string) {
        return String(Number(this.living(id)?.version ?? 0) + 1);
      }
    },
  },
  {
    what: 'takes a hash of the bytes for the version',
    shownBy: 'C13: a version never comes back under one id',
    type: class extends GoodStorage {
      protected override nextVersion(_id: string, bytes: Uint8Array) {
        return createHash('sha256').update(bytes).digest('hex');
      }
    },
  },
  ...brokenPrincipals.map(({ what, shownBy, type: Index }) => ({
    what: `has an index that ${what}`,
    shownBy,
    type: class extends GoodStorage {
      protected override newIndex() {
        return new Index(this.clock);
      }
    },
  })),
];
