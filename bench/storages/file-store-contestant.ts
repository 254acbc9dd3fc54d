import { promisify } from 'node:util';
import session from 'express-session';
import fileStore from 'session-file-store';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES, type Contestant } from './contestant.js';

/** Lifetime of its sessions, in seconds. */
export const FILE_STORE_TTL = 3600;

/**
 * `session-file-store`, set up as its README says. It takes and gives objects, so JSON is in its time. It always syncs the
 * file and never the folder: it stands between durable and not.
 */
export function fileStoreContestant(path: string): Contestant {
  const store = fileStoreAt(path);
  const set = promisify<string, session.SessionData, void>((id, data, done) => store.set(id, data, done));
  const get = promisify<string, unknown>((id, done) => store.get(id, done));
  const empty = JSON.stringify(sessionData('')).length;
  const write = (id: string): Promise<void> => set(id, sessionData('r'.repeat(RECORD_BYTES - empty)));
  return {
    name: 'session-file-store',
    create: write,
    replace: write,
    async read(id) {
      assertDone(Boolean(await get(id)), 'get()');
    },
  };
}

/** It sweeps by no timer here: this bench asks for it. */
export function fileStoreAt(path: string): session.Store {
  const FileStore = fileStore(session);
  return new FileStore({ path, ttl: FILE_STORE_TTL, retries: 0, reapInterval: -1, logFn: () => {} });
}

/** What it stores of a session, `__lastAccess` included. */
export function sessionData(text: string, lastAccess = Date.now()): session.SessionData {
  const cookie = { originalMaxAge: null, httpOnly: true, path: '/' };
  return { cookie, text, __lastAccess: lastAccess } as unknown as session.SessionData;
}
