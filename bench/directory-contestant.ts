import { collect, DirectoryStorage, streamOf, type SessionStorage } from 'nest-sessions';
import { assertDone, RECORD_BYTES, type Contestant } from './contestant.js';

const LIFETIME = 3_600_000;

/** `DirectoryStorage` as the core uses it: a new record must be new, another one takes the place of the version that was seen. */
export function directoryContestant(path: string, durable: boolean): Contestant {
  const storage: SessionStorage = new DirectoryStorage(path, { durable });
  const versions = new Map<string, string>();
  const record = Buffer.alloc(RECORD_BYTES, 'r');

  const write = async (id: string, expect: 'absent' | { version: string }): Promise<void> => {
    const result = await storage.write(id, streamOf(record), { expiresAt: Date.now() + LIFETIME, expect });
    assertDone(result.written, 'write()');
    if (result.written) versions.set(id, result.version ?? '');
  };
  return {
    name: 'DirectoryStorage',
    create: (id) => write(id, 'absent'),
    replace: (id) => write(id, { version: versions.get(id) ?? '' }),
    async read(id) {
      const bytes = await storage.read(id, ({ stream }) => collect(stream));
      assertDone(bytes?.length === RECORD_BYTES, 'read()');
    },
  };
}
