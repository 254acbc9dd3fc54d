import { describe, expect, it } from 'vitest';
import { collect, streamOf } from '../../../src/common/byte-stream.js';
import { SessionStorageError, SessionTooLargeError } from '../../../src/errors.js';
import { SimplifiedSessionStorage } from '../../../src/storage/simplified-session-storage.js';

/** What somebody writes who has a `Map`; it keeps the very arrays that it is given. */
class MapStorage extends SimplifiedSessionStorage {
  readonly records = new Map<string, Uint8Array>();
  readonly calls: string[] = [];

  override async load(id: string): Promise<Uint8Array | undefined> {
    this.calls.push(`load ${id}`);
    return this.records.get(id);
  }

  override async store(id: string, bytes: Uint8Array | undefined, { expiresAt }: { expiresAt: number }): Promise<void> {
    this.calls.push(`store ${id} ${bytes?.length} ${expiresAt}`);
    if (bytes === undefined) this.records.delete(id);
    else this.records.set(id, bytes);
  }
}

class SmallStorage extends MapStorage {
  protected override readonly maxBytes = 5;
}

class BrokenStorage extends SimplifiedSessionStorage {
  constructor(readonly error: unknown) {
    super();
  }

  override load(): Promise<Uint8Array | undefined> {
    return Promise.reject(this.error instanceof Error ? this.error : new Error('no error'));
  }

  override store(): Promise<void> {
    throw this.error;
  }
}

const bytes = (text: string) => streamOf(Buffer.from(text));
const expiresAt = Date.now() + 1000;

describe('SimplifiedSessionStorage', () => {
  it('asks the author for no more than it needs', async () => {
    const storage = new MapStorage();
    await storage.write('a', bytes('one'), { expiresAt });
    await storage.read('a', async () => undefined);
    await storage.invalidate('a');
    await storage.invalidate('a');
    expect(storage.calls).toEqual([`store a 3 ${expiresAt}`, 'load a', 'load a', 'store a undefined 0', 'load a']);
  });

  it('has no conditional writes, and ends a record by an expired one', async () => {
    const storage = new MapStorage();
    expect(storage.conditionalWrites).toBe(false);
    expect(await storage.write('a', bytes('one'), { expiresAt })).toEqual({ written: true });
    expect(await storage.write('a', bytes('two'), { expiresAt: 0 })).toEqual({ written: true });
    expect(storage.records.size).toBe(0);
    expect([await storage.sweep(), await storage.close()]).toEqual([0, undefined]);
  });

  it("gives the author an array of his own, and lends one of the reader's own", async () => {
    const storage = new MapStorage();
    const source = Buffer.from('one');
    await storage.write('a', streamOf(source), { expiresAt });
    source.fill(0);
    await storage.read('a', async ({ stream }) => void (await collect(stream)).fill(0));
    expect(Buffer.from(storage.records.get('a') ?? []).toString()).toBe('one');
  });

  it('refuses a record of more than maxBytes before it asks the author', async () => {
    const storage = new SmallStorage();
    await storage.write('a', bytes('12345'), { expiresAt });
    await expect(storage.write('a', bytes('123456'), { expiresAt })).rejects.toThrow(SessionTooLargeError);
    expect(storage.calls).toHaveLength(1);
  });

  it("makes the author's error the cause of a SessionStorageError", async () => {
    const error = new Error('of the driver');
    const storage = new BrokenStorage(error);
    for (const call of [
      () => storage.read('a', async () => true),
      () => storage.write('a', bytes(''), { expiresAt }),
      () => storage.invalidate('a'),
    ]) {
      const failure: unknown = await call().catch((caught: unknown) => caught);
      expect(failure).toBeInstanceOf(SessionStorageError);
      expect(failure).toMatchObject({ cause: error, message: 'Cannot use session storage: its backend failed' });
    }
  });

  it("passes the author's own SessionError on, and the error of a consumer", async () => {
    const own = new SessionStorageError('Cannot reach anything: it is Sunday');
    await expect(new BrokenStorage(own).write('a', bytes(''), { expiresAt })).rejects.toBe(own);
    const storage = new MapStorage();
    await storage.write('a', bytes('one'), { expiresAt });
    const error = new Error('of the consumer');
    await expect(storage.read('a', () => Promise.reject(error))).rejects.toBe(error);
  });
});
