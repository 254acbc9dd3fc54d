import { randomBytes } from 'node:crypto';
import { collect, streamOf, type SessionStorage, type WriteOptions } from 'nest-sessions';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES, type Contestant } from './contestant.js';

const LIFETIME = 3_600_000;

/**
 * A storage with conditional writes, as the core uses it: a new record must be new, another one takes the place of the version
 * that was seen. A record that is replaced for the first time is made, so that records to replace need not be told from those
 * that `create()` makes.
 */
export function storageContestant(name: string, storage: SessionStorage): Contestant {
  const record = randomBytes(RECORD_BYTES);
  const versions = new Map<string, string>();
  const write = async (id: string, expect: NonNullable<WriteOptions['expect']>): Promise<string> => {
    const result = await storage.write(id, streamOf(record), { expiresAt: Date.now() + LIFETIME, expect });
    assertDone(result.written, 'write()');
    return result.written ? (result.version ?? '') : '';
  };
  return {
    name,
    async create(id) {
      await write(id, 'absent');
    },
    async replace(id) {
      const version = versions.get(id);
      versions.set(id, await write(id, version === undefined ? 'absent' : { version }));
    },
    async read(id) {
      const bytes = await storage.read(id, ({ stream }) => collect(stream));
      assertDone(bytes?.length === RECORD_BYTES, 'read()');
    },
  };
}
