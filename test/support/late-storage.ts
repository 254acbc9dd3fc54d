import { setImmediate } from 'node:timers/promises';
import type { ByteStream, SessionStorage, WriteOptions, WriteResult } from 'nest-sessions';
import { FaultStorage, ForwardingStorage } from 'nest-sessions/testing';

/** A storage whose writes can be delayed until after whoever made them has given up. */
export class LateStorage extends FaultStorage {
  readonly #writes: Promise<unknown>[] = [];

  /** @param isDeaf whether what was sent to the backend cannot be called back; else a write is told that nobody waits */
  constructor(storage: SessionStorage, isDeaf = true) {
    super(isDeaf ? new DeafStorage(storage) : storage);
  }

  override write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const writing = super.write(id, source, options);
    this.#writes.push(writing.catch(() => {}));
    return writing;
  }

  /** Lets what was delayed go on; resolves when it has taken effect, or has failed to, and all above have learnt of it. */
  async land(): Promise<void> {
    this.mend();
    await Promise.all(this.#writes);
    await setImmediate();
  }
}

/** Does not hear that nobody waits any more. */
class DeafStorage extends ForwardingStorage {
  override write(id: string, source: ByteStream, { expiresAt, expect }: WriteOptions): Promise<WriteResult> {
    return super.write(id, source, expect === undefined ? { expiresAt } : { expiresAt, expect });
  }
}
