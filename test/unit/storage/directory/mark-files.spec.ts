import { linkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SessionStorageError } from '../../../../src/errors.js';
import { MarkFiles } from '../../../../src/storage/directory/mark-files.js';
import { everythingIn, temporaryFolder } from '../../../support/folder.js';

describe('MarkFiles', () => {
  it('makes names of one empty file, and that file when it is missing', async () => {
    const folder = temporaryFolder();
    const marks = new MarkFiles(join(folder, 'empty'));
    for (const name of ['a', 'b', 'c']) await marks.make(join(folder, name));
    expect(everythingIn(folder)).toEqual(['a', 'b', 'c', 'empty']);
    expect(new Set(['a', 'b', 'c', 'empty'].map((name) => statSync(join(folder, name)).ino)).size).toBe(1);
    expect(statSync(join(folder, 'a')).size).toBe(0);
  });

  it('goes on with another file when the first has as many names as a file can have', async () => {
    const folder = temporaryFolder();
    const marks = new MarkFiles(join(folder, 'empty'));
    await marks.make(join(folder, 'first'));
    let names = 0;
    try {
      for (; names < 70_000; names++) linkSync(join(folder, 'empty'), join(folder, `name${names}`));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EMLINK' });
    }
    for (const name of ['a', 'b']) await marks.make(join(folder, name));
    expect(statSync(join(folder, 'a')).size).toBe(0);
    expect(statSync(join(folder, 'b')).ino).toBe(statSync(join(folder, 'a')).ino);
  }, 60_000);

  it('refuses to make what is there already', async () => {
    const folder = temporaryFolder();
    const marks = new MarkFiles(join(folder, 'empty'));
    writeFileSync(join(folder, 'a'), 'something');
    await expect(marks.make(join(folder, 'a'))).rejects.toThrow(SessionStorageError);
    expect(statSync(join(folder, 'a')).size).toBe(9);
  });
});
