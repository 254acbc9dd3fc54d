import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DirectoryStorage, streamOf } from 'nest-sessions';
import { ManualClock } from 'nest-sessions/testing';
import { assertDone } from '../measure/assert-done.js';
import { newId, RECORD_BYTES } from './contestant.js';
import { FILE_STORE_TTL, fileStoreAt, sessionData } from './file-store-contestant.js';
import { inFlight } from '../measure/in-flight.js';

/** A folder of sessions to be swept. */
export interface Sweeper {
  readonly name: string;
  /** Removes what has expired. */
  sweep(): Promise<void>;
  /** How many records there are. */
  count(): number;
}

/** How many sessions there are, and how many of them live. */
export interface Population {
  readonly sessions: number;
  readonly living: number;
}

/** As many calls at once as session-file-store makes. */
const AT_ONCE = 10;
const HOUR = 3_600_000;

/** What `DirectoryStorage` does until nothing expired is left, in slices, as the module's sweeper would. */
export async function directorySweeper(path: string, { sessions, living }: Population): Promise<Sweeper> {
  const clock = new ManualClock();
  const storage = new DirectoryStorage(path, { durable: false, clock });
  const records = join(path, 'records');
  // 100,000 writes would take minutes: two records are written, and all others are copies of their files
  const dead = await template(storage, records, clock.now() + HOUR);
  const alive = await template(storage, records, clock.now() + 3 * HOUR);
  for (let at = 2; at < sessions; at++) copy(at <= living ? alive : dead, records);
  clock.advance(2 * HOUR);
  return {
    name: 'DirectoryStorage',
    async sweep() {
      for (let left = sessions - living; left > 0;) {
        const ended = await storage.sweep();
        assertDone(ended > 0 || left < 100, 'sweep()');
        left -= ended;
      }
    },
    count: () => readdirSync(records).reduce((sum, name) => sum + readdirSync(join(records, name)).length, 0),
  };
}

/** What session-file-store's timer calls. */
export function fileStoreSweeper(path: string, { sessions, living }: Population): Sweeper {
  const { options } = fileStoreAt(path) as unknown as { options: object };
  const require = createRequire(import.meta.url);
  const { reap } = require('session-file-store/lib/session-file-helpers.js') as {
    reap: (options: object, done: (error?: unknown) => void) => void;
  };
  for (let at = 0; at < sessions; at++) {
    const lastAccess = Date.now() - (at < living ? 0 : 2 * FILE_STORE_TTL * 1000);
    writeFileSync(
      join(path, `${newId()}.json`),
      JSON.stringify(sessionData('r'.repeat(RECORD_BYTES - 110), lastAccess)),
    );
  }
  return {
    name: 'session-file-store',
    sweep: () => promisify<object, void>(reap)(options),
    count: () => readdirSync(path).length,
  };
}

/** The least that removes files of which their names tell that they have expired. */
export function rawSweeper(path: string, { sessions, living }: Population): Sweeper {
  mkdirSync(path);
  const record = Buffer.alloc(RECORD_BYTES, 'r');
  for (let at = 0; at < sessions; at++) {
    writeFileSync(join(path, `${newId()}.${Date.now() + (at < living ? HOUR : -HOUR)}`), record);
  }
  return {
    name: 'raw fs',
    async sweep() {
      const now = Date.now();
      const expired = (await readdir(path)).filter((name) => Number(name.slice(name.indexOf('.') + 1)) <= now);
      await inFlight(AT_ONCE, expired.length, (at) => unlink(join(path, expired[at]!)));
    },
    count: () => readdirSync(path).length,
  };
}

/** The files of a record's folder, by name. */
type Template = ReadonlyMap<string, Buffer>;

async function template(storage: DirectoryStorage, records: string, expiresAt: number): Promise<Template> {
  const id = newId();
  await storage.write(id, streamOf(Buffer.alloc(RECORD_BYTES, 'r')), { expiresAt });
  const folder = folderOf(id, records);
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

function copy(files: Template, records: string): void {
  const folder = folderOf(newId(), records);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

function folderOf(id: string, records: string): string {
  const name = hash('sha256', id, 'hex');
  return join(records, name.slice(0, 2), name);
}
