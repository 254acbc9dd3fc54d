import {
  SessionStorageError,
  type ByteStream,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from 'nest-sessions';
import { deferred } from './deferred.js';
import { ForwardingStorage } from './forwarding-storage.js';

/**
 * What goes wrong with a call.
 * - `fail`: it throws, and has done nothing; `fail after effect`: it has done its work
 * - `fail raw`: it throws what a driver throws, against the contract
 * - `hang`: it never answers
 * - `resent`: the driver lost the answer and sent the call again; the answer is that of the second
 * - `conflict`: somebody else was faster, whatever is stored
 */
export type Fault = 'fail' | 'fail raw' | 'fail after effect' | 'hang' | 'resent' | 'conflict';

type Verb = 'read' | 'write' | 'invalidate';

/** A storage that fails as it is told. */
export class FaultStorage extends ForwardingStorage {
  readonly #faults = new Map<Verb, { readonly fault: Fault; left: number; readonly met: () => void }>();

  /**
   * Lets calls of a verb go wrong.
   *
   * @param times how many calls; default: all from now on
   * @returns a promise that resolves when the first has gone wrong, or hangs
   */
  set(verb: Verb, fault: Fault, times = Infinity): Promise<void> {
    const met = deferred();
    this.#faults.set(verb, { fault, left: times, met: met.resolve });
    return met.promise;
  }

  /** Told of every call that goes wrong. */
  onFault: () => void = () => {};

  /** Works again. */
  mend(): void {
    this.#faults.clear();
  }

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    return this.#around('read', () => super.read(id, consumer, options), undefined);
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    return this.#around<WriteResult>('write', () => super.write(id, source, options), {
      written: false,
      reason: 'conflict',
    });
  }

  override invalidate(id: string): Promise<boolean> {
    return this.#around('invalidate', () => super.invalidate(id), false);
  }

  async #around<R>(verb: Verb, call: () => Promise<R>, conflict: R): Promise<R> {
    const planned = this.#faults.get(verb);
    if (planned === undefined || planned.left === 0) return call();
    planned.left--;
    planned.met();
    this.onFault();
    switch (planned.fault) {
      case 'fail':
        throw new SessionStorageError('Cannot reach the test storage: it is down');
      case 'fail raw':
        throw new Error('ECONNRESET of the driver');
      case 'fail after effect':
        await call();
        throw new SessionStorageError('Cannot reach the test storage: the answer was lost');
      case 'hang':
        return new Promise<never>(() => {});
      case 'resent':
        await call();
        return call();
      case 'conflict':
        return conflict;
      default:
        return planned.fault satisfies never;
    }
  }
}
