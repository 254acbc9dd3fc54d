import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/common/clock.js';
import { directoryStorageSettings } from '../../../../src/storage/directory/directory-storage-options.js';
import { everythingIn, temporaryFolder } from '../../../support/folder.js';

describe('directoryStorageSettings()', () => {
  it('completes a path with the defaults, and makes nothing', () => {
    const folder = temporaryFolder();
    expect(directoryStorageSettings(join(folder, 'x', 'y'), {})).toEqual({
      path: join(folder, 'x', 'y'),
      durable: true,
      maxBytes: 16 * 1024 * 1024,
      clock: systemClock,
    });
    expect(everythingIn(folder)).toEqual([]);
  });

  it('takes all options in one object, as they are injected', () => {
    const path = temporaryFolder();
    expect(directoryStorageSettings({ path, durable: false, maxBytes: 5 }, {})).toMatchObject({
      path,
      durable: false,
      maxBytes: 5,
    });
  });

  it('takes a path relative to where the process works', () => {
    expect(directoryStorageSettings('.sessions', {}).path).toBe(resolve('.sessions'));
  });

  it.each([undefined, null, '', 5, 'a\0b', {}])('refuses the path %j, naming the cure', (path) => {
    expect(() => directoryStorageSettings(path as string, {})).toThrow(
      new TypeError(
        'Cannot create DirectoryStorage: its folder must be named: give a path, or provide DIRECTORY_STORAGE_OPTIONS with one',
      ),
    );
  });

  it.each([
    [{ durable: 'yes' }, 'durable must be true or false: received yes'],
    [{ maxBytes: 0 }, 'maxBytes must be a positive integer: received 0'],
    [{ maxBytes: 1.5 }, 'maxBytes must be a positive integer: received 1.5'],
    [{ maxBytes: NaN }, 'maxBytes must be a positive integer: received NaN'],
    [{ fsync: true }, 'it has no option fsync'],
  ])('refuses %j', (options, message) => {
    expect(() => directoryStorageSettings(temporaryFolder(), options as object)).toThrow(
      `Cannot create DirectoryStorage: ${message}`,
    );
  });

  it('refuses a folder that is a file, or that lies in one', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => directoryStorageSettings(file, {})).toThrow(
      `Cannot create DirectoryStorage: ${file} is not a folder: name another path`,
    );
    expect(() => directoryStorageSettings(join(file, 'a', 'b'), {})).toThrow(
      /file\/a\/b can not be made: .*file is not a folder/,
    );
  });

  it('refuses a folder that this user may not write to, or not make', async () => {
    const above = temporaryFolder();
    chmodSync(above, 0o755);
    const folder = join(above, 'locked');
    mkdirSync(folder, 0o555);
    const program = `
      import { DirectoryStorage } from 'nest-sessions';
      if (process.getuid?.() === 0) process.setuid(65534);
      for (const path of process.argv.slice(1)) {
        try { new DirectoryStorage(path); console.log('made'); } catch (error) { console.log(error.message); }
      }`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
      folder,
      join(folder, 'x'),
    ]);
    const [itself, within] = stdout.trim().split('\n');
    expect(itself).toBe(
      `Cannot create DirectoryStorage: ${folder} is not this user's to write: change its owner or mode, or name another path`,
    );
    expect(within).toContain(`${folder}/x can not be made: ${folder} is not this user's to write`);
  });
});
