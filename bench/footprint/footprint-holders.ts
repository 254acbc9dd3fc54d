import { randomBytes, randomFillSync } from 'node:crypto';
import { promisify } from 'node:util';
import session from 'express-session';
import createMemoryStore from 'memorystore';
import { SessionStorageMemory, streamOf } from 'nest-sessions';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES } from '../storages/contestant.js';

/** A way to keep sessions in memory, as this bench drives it. */
export interface Holder {
  /** Stores a session of 1,024 bytes under an id that is new, with content that no other session has. */
  put(id: string): Promise<void>;
  /** How many sessions it holds. */
  count(): Promise<number>;
}

const HOUR = 3_600_000;
const MANY = 2 ** 40;

/**
 * Each candidate by its name. The last is what others are compared with.
 *
 * The plain `Map` copies each record into a buffer with memory of its own, by `Buffer.alloc()`. With `Buffer.from()` or
 * `Buffer.allocUnsafe()`, eight records would share a slab of 8 KB of Node's pool. That counts 6 % less (1,212 bytes at 100,000),
 * but a slab stays while any of the eight does, and is shared with whatever else the process makes buffers of: where sessions
 * come and go, up to eight times what is counted here. What is to free a session when it ends has to hold it by itself.
 */
export const HOLDERS: Readonly<Record<string, () => Holder>> = {
  SessionStorageMemory: sessionStorageMemory,
  'MemoryStore of express-session': () => expressStore(new session.MemoryStore()),
  memorystore: () => {
    const MemoryStore = createMemoryStore(session);
    return expressStore(new MemoryStore({ checkPeriod: 24 * HOUR }));
  },
  'Map of buffers': mapOfBuffers,
};

function sessionStorageMemory(): Holder {
  const storage = new SessionStorageMemory({ maxEntries: MANY, maxBytes: MANY });
  const record = distinctRecords();
  return {
    async put(id) {
      const expiresAt = Date.now() + HOUR;
      const { written } = await storage.write(id, streamOf(record()), { expiresAt, expect: 'absent' });
      assertDone(written, 'write()');
    },
    count: async () => storage.size,
  };
}

function mapOfBuffers(): Holder {
  const records = new Map<string, Buffer>();
  const record = distinctRecords();
  return {
    async put(id) {
      const copy = Buffer.alloc(RECORD_BYTES);
      copy.set(record());
      records.set(id, copy);
    },
    count: async () => records.size,
  };
}

function expressStore(store: session.MemoryStore): Holder {
  const set = promisify<string, session.SessionData, void>((id, data, done) => store.set(id, data, done));
  let last: { readonly id: string; readonly text: string } | undefined;
  return {
    put(id) {
      const data = distinctSession();
      last = { id, text: JSON.stringify(data) };
      return set(id, data);
    },
    async count() {
      const get = promisify<string, unknown>((id, done) => store.get(id, done));
      if (last !== undefined) {
        assertDone(JSON.stringify(await get(last.id)) === last.text && last.text.length === RECORD_BYTES, 'set()');
      }
      // Their length() parses all sessions into one object: at a million it needs more memory than they do
      return sizeOf(store);
    },
  };
}

function sizeOf(store: object): number {
  if ('sessions' in store) return Object.keys(store.sessions as object).length;
  return (store as { readonly store: { readonly itemCount: number } }).store.itemCount;
}

/** Lends the same memory each time: whoever keeps a record copies it, as both who are given bytes here do. */
function distinctRecords(): () => Uint8Array {
  const record = Buffer.alloc(RECORD_BYTES);
  return () => randomFillSync(record);
}

/** What these stores are given by `express-session`: 1,024 bytes as JSON, the cookie included. */
function distinctSession(): session.SessionData {
  const expires = new Date(Date.now() + HOUR).toISOString();
  const cookie = { originalMaxAge: HOUR, expires, httpOnly: true, path: '/' };
  const rest = JSON.stringify({ cookie, text: '' }).length;
  const text = randomBytes(RECORD_BYTES)
    .toString('base64url')
    .slice(0, RECORD_BYTES - rest);
  return { cookie, text } as unknown as session.SessionData;
}
