import { collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { SessionStorageError } from '../errors.js';
import type { ReadOptions, StoredEntry, WriteOptions, WriteResult } from '../storage/session-storage.js';
import { deferred } from './deferred.js';
import { ForwardingStorage } from './forwarding-storage.js';

/**
 * What goes wrong with a call.
 * - `fail`: it rejects, and has done nothing; `fail after effect`: it has done its work
 * - `fail raw`: it rejects with what a driver throws, against the contract
 * - `delay`: it does its work when `mend()` is called; `hang`: it never answers
 * - `resent`: the driver lost the answer and sent the call again; the answer is that of the second
 * - `conflict`: somebody else was faster, whatever is stored
 * - `cut stream`: the bytes end in an error half way: those that are lent, or those that are written
 */
export type Fault = 'fail' | 'fail raw' | 'fail after effect' | 'delay' | 'hang' | 'resent' | 'conflict' | 'cut stream';

/** The calls that may go wrong. */
export type FaultyVerb = 'read' | 'write' | 'invalidate';

/** Makes a stream one that ends too early. */
type Cut = (stream: ByteStream) => ByteStream;

interface Plan {
  readonly fault: Fault;
  readonly code: string | undefined;
  readonly met: () => void;
  left: number;
}

/**
 * A storage that fails as it is told, around one that works.
 *
 * ```ts
 * const storage = new FaultStorage(new MyStorage());
 * storage.set('write', 'fail', { times: 1, code: 'ENOSPC' }); // the next write rejects, its cause says ENOSPC
 * const delayed = storage.set('read', 'delay');
 * const reading = storage.read('a', consumer);
 * await delayed; // the call has come, and waits
 * storage.mend(); // now it goes on, and nothing goes wrong any more
 * await reading;
 * ```
 */
export class FaultStorage extends ForwardingStorage {
  readonly #plans = new Map<FaultyVerb, Plan>();
  #mended = deferred();

  /** Told of every call that goes wrong. */
  onFault: () => void = () => {};

  /**
   * Lets calls of a verb go wrong, in place of what was set for it before.
   *
   * @param options `times`: how many calls, default all from now on; `code`: what the cause of the error has as its code
   * @returns a promise that resolves when the first has gone wrong, or waits
   */
  set(
    verb: FaultyVerb,
    fault: Fault,
    options: { readonly times?: number; readonly code?: string } = {},
  ): Promise<void> {
    const { times = Infinity, code } = options;
    const met = deferred();
    this.#plans.set(verb, { fault, code, left: times, met: () => met.resolve() });
    return met.promise;
  }

  /** Works again, and lets what was delayed go on. */
  mend(): void {
    this.#plans.clear();
    this.#mended.resolve();
    this.#mended = deferred();
  }

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    const call = (cut?: Cut) =>
      super.read(id, (entry) => consumer(cut ? { ...entry, stream: cut(entry.stream) } : entry), options);
    return this.#around('read', call, undefined);
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const call = (cut?: Cut) => super.write(id, cut ? cut(source) : source, options);
    return this.#around<WriteResult>('write', call, { written: false, reason: 'conflict' });
  }

  override invalidate(id: string): Promise<boolean> {
    return this.#around('invalidate', () => super.invalidate(id), false);
  }

  async #around<R>(verb: FaultyVerb, call: (cut?: Cut) => Promise<R>, conflict: R): Promise<R> {
    const plan = this.#plans.get(verb);
    if (plan === undefined || plan.left === 0) return call();
    plan.left--;
    plan.met();
    this.onFault();
    switch (plan.fault) {
      case 'fail':
        throw failure('it is down', plan.code);
      case 'fail raw':
        throw new Error('ECONNRESET of the driver');
      case 'fail after effect':
        await call();
        throw failure('the answer was lost', plan.code);
      case 'delay':
        await this.#mended.promise;
        return call();
      case 'hang':
        return new Promise<never>(() => {});
      case 'resent':
        await call();
        return call();
      case 'conflict':
        return conflict;
      case 'cut stream':
        return call((stream) => cutOff(stream, plan.code));
      default:
        return plan.fault satisfies never;
    }
  }
}

function failure(state: string, code: string | undefined): SessionStorageError {
  const cause = code === undefined ? undefined : Object.assign(new Error(`${code} of the test`), { code });
  return new SessionStorageError(`Cannot reach the test storage: ${state}`, cause && { cause });
}

/** The first half of a stream's bytes, then an error. */
async function* cutOff(stream: ByteStream, code: string | undefined): AsyncGenerator<Uint8Array> {
  const bytes = await collect(stream);
  yield* streamOf(bytes.subarray(0, Math.floor(bytes.length / 2)));
  throw failure('the stream was cut', code);
}
