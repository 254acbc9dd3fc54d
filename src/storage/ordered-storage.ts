import { createHash } from 'node:crypto';
import { assertNotAborted, collect, streamOf, type ByteStream } from '../common/byte-stream.js';
import { KeyedLines, MAX_IN_LINE, type KeyedLine } from '../common/keyed-line.js';
import { SessionStorageError } from '../errors.js';
import { assertStorageId } from './assert-storage-id.js';
import type { PrincipalIndex } from './principals/principal-index.js';
import {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type WriteOptions,
  type WriteResult,
} from './session-storage.js';

/** The lines of all storages without conditional writes in this process, whichever app uses them. */
const lines = new KeyedLines<SessionStorage>();

/**
 * Gives a storage without conditional writes those of one process: its writers of one id stand in line, and each reads before
 * it writes. Other processes are not covered. The line moves when the storage's promise settles, however late: a write that
 * hung can then not revive what was ended meanwhile.
 *
 * A record's version is its SHA-256; every commit has an id of its own, so that never repeats.
 */
export class OrderedStorage extends SessionStorage {
  readonly conditionalWrites = true;
  readonly #storage: SessionStorage;
  readonly #line: KeyedLine;

  constructor(storage: SessionStorage) {
    super();
    this.#storage = storage;
    this.#line = lines.of(storage);
  }

  override get principals(): PrincipalIndex | undefined {
    return this.#storage.principals;
  }

  /** A storage with conditional writes: the one that is given, or in order. */
  static over(storage: SessionStorage): SessionStorage {
    return storage.conditionalWrites ? storage : new OrderedStorage(storage);
  }

  read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions): Promise<R | undefined> {
    return this.#storage.read(
      id,
      async (entry) => {
        const bytes = await collect(entry.stream);
        return consumer({ ...entry, stream: streamOf(bytes), version: versionOf(bytes) });
      },
      options,
    );
  }

  async write(id: string, source: ByteStream, options: WriteOptions): Promise<WriteResult> {
    const { expiresAt, expect, signal } = options;
    assertStorageId(id);
    const bytes = await collect(source, { signal });
    return this.#inLine(id, async () => {
      // Nobody waits for it any more: it must not happen at some later time
      assertNotAborted(signal);
      const current = await this.#storage.read(id, async (entry) => versionOf(await collect(entry.stream)), {
        fresh: true,
      });
      if (expect === 'absent' && current !== undefined) return { written: false, reason: 'exists' };
      if (typeof expect === 'object' && current !== expect.version) {
        return { written: false, reason: current === undefined ? 'missing' : 'conflict' };
      }
      const version = versionOf(bytes);
      if (expiresAt <= 0) {
        const wasThere = await this.#storage.invalidate(id);
        // Its sweep may have been faster
        return wasThere || current === undefined ? { written: true, version } : { written: false, reason: 'missing' };
      }
      await this.#storage.write(id, streamOf(bytes), signal === undefined ? { expiresAt } : { expiresAt, signal });
      return { written: true, version };
    });
  }

  invalidate(id: string): Promise<boolean> {
    return this.#inLine(id, () => this.#storage.invalidate(id));
  }

  async #inLine<R>(id: string, work: () => Promise<R>): Promise<R> {
    if (this.#line.length(id) > MAX_IN_LINE) {
      throw new SessionStorageError(`Cannot write session: more than ${MAX_IN_LINE} writes wait`, { id });
    }
    await this.#line.enter(id);
    try {
      return await work();
    } finally {
      this.#line.leave(id);
    }
  }
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
