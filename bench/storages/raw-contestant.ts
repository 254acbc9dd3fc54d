import { mkdirSync } from 'node:fs';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES, type Contestant } from './contestant.js';

/** The least that replaces a file as a whole: another is written and renamed. No version, no expiry, no check of anything. */
export function rawContestant(path: string, durable: boolean): Contestant {
  mkdirSync(path, { recursive: true });
  const record = Buffer.alloc(RECORD_BYTES, 'r');

  const write = async (id: string): Promise<void> => {
    const temporary = join(path, `${id}.temporary`);
    if (!durable) {
      await writeFile(temporary, record, { flag: 'wx', mode: 0o600 });
      return rename(temporary, join(path, id));
    }
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(record);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(path, id));
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  };
  return {
    name: 'raw fs',
    create: write,
    replace: write,
    async read(id) {
      assertDone((await readFile(join(path, id))).length === RECORD_BYTES, 'readFile()');
    },
  };
}
