import type { ByteStream, ReadOptions, SessionStorage, StoredEntry, WriteOptions, WriteResult } from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import type { Call, Trace } from './trace.js';

/** Notes each call of the library, above every cache. What the module does by itself is not done: there are no sweeps. */
export class TracedStorage extends ForwardingStorage {
  readonly #trace: Trace;
  readonly #at: number;

  /** @param at whose library it is: the number of its instance */
  constructor(delegate: SessionStorage, trace: Trace, at: number) {
    super(delegate);
    this.#trace = trace;
    this.#at = at;
  }

  override read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    return this.#call('read', id, (call) => {
      const noting = (entry: StoredEntry): Promise<R> => {
        call.version = entry.version;
        return consumer(entry);
      };
      return super.read(id, noting, options);
    });
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    return this.#call('write', id, async (call) => {
      const result = await super.write(id, source, options);
      call.isChange = result.written;
      if (result.written) call.version = result.version;
      else this.#refused();
      return result;
    });
  }

  override invalidate(id: string): Promise<boolean> {
    return this.#call('invalidate', id, async (call) => {
      return (call.isChange = await super.invalidate(id));
    });
  }

  override sweep(): Promise<number> {
    return Promise.resolve(0);
  }

  #call<R>(verb: Call['verb'], id: string, work: (call: Call) => Promise<R>): Promise<R> {
    return this.#trace.underway.add(this.#noted(verb, id, work));
  }

  async #noted<R>(verb: Call['verb'], id: string, work: (call: Call) => Promise<R>): Promise<R> {
    const { doer } = this.#trace;
    const call: Call = { verb, id, at: this.#at, began: this.#trace.now(), isChange: false };
    doer.operation.calls.push(call);
    try {
      return await this.#trace.as({ ...doer, call }, () => work(call));
    } finally {
      call.ended = this.#trace.now();
    }
  }

  /** After the second refusal the library pauses before it reads again, by a timer of its own. */
  #refused(): void {
    const { operation, turns } = this.#trace.doer;
    if (operation.calls.filter(({ verb, isChange }) => verb === 'write' && !isChange).length > 1) turns?.willStop();
  }
}
