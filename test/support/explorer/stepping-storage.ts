import type { ByteStream, ReadOptions, SessionStorage, StoredEntry, WriteOptions, WriteResult } from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import type { Call, Trace } from './trace.js';

/** How a call is cut into steps: `whole`: it stops before its effect; `halves`: and again before its answer. */
export type Cut = 'whole' | 'halves';

/** Lets each call of a program wait for its turn, below every cache. */
export class SteppingStorage extends ForwardingStorage {
  readonly #trace: Trace;
  readonly #cut: () => Cut;

  constructor(delegate: SessionStorage, trace: Trace, cut: () => Cut) {
    super(delegate);
    this.#trace = trace;
    this.#cut = cut;
  }

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    let found = 'nothing';
    const noting = (entry: StoredEntry): Promise<R> => {
      found = 'a record';
      return consumer(entry);
    };
    return this.#step(
      'read',
      () => super.read(id, noting, options),
      () => found,
    );
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const told = (result: WriteResult): string => (result.written ? 'written' : result.reason);
    return this.#step('write', () => super.write(id, source, options), told);
  }

  override invalidate(id: string): Promise<boolean> {
    return this.#step(
      'invalidate',
      () => super.invalidate(id),
      (found) => (found ? 'removed' : 'nothing'),
    );
  }

  async #step<R>(verb: Call['verb'], effect: () => Promise<R>, told: (result: R) => string): Promise<R> {
    const { turns, call } = this.#trace.doer;
    const step = await turns?.stop(verb);
    const result = await (turns === undefined ? effect() : turns.during(effect()));
    if (call !== undefined) call.effect = this.#trace.now();
    if (step !== undefined) step.result = told(result);
    if (this.#cut() === 'halves') await turns?.stop(`answer of ${verb}`);
    return result;
  }
}
