import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collect, streamOf } from '../../../../src/common/byte-stream.js';
import { DirectoryStorage } from '../../../../src/storage/directory/directory-storage.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { Child } from '../../../support/child.js';
import { everythingIn, temporaryFolder, temporaryIn, writtenAgo } from '../../../support/folder.js';

/** How often a writer is killed; more by night. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 20);
const WRITERS = ['id0', 'id1', 'id2', 'id3'];
const NOTHING = '-';

const contentOf = (storage: DirectoryStorage, id: string): Promise<string | undefined> =>
  storage.read(id, async ({ stream }) => Buffer.from(await collect(stream)).toString());

/** What the last word of a killed writer allows to be stored: what it had before, if it did not say that it was done. */
function allowed(lines: readonly string[], id: string, before: string): readonly string[] {
  const contents = [before];
  for (const line of lines) {
    const [step, of, content = ''] = line.split(' ');
    if (of !== id) continue;
    if (step === 'done') contents.splice(0, contents.length, content);
    else contents.push(content);
  }
  return contents;
}

describe('DirectoryStorage between processes', () => {
  it(`D8: kill -9 at any instant, ${ROUNDS} times: the old record or the new, whole; leftovers are swept`, async () => {
    const path = temporaryFolder();
    const clock = new ManualClock();
    const storage = new DirectoryStorage(path, { clock });
    const known = new Map(WRITERS.map((id) => [id, NOTHING]));
    let left = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const writer = new Child('directory-writer.mjs', path, 'chaos', String(WRITERS.length));
      await writer.line('ready');
      await setTimeout(Math.random() * 100);
      await writer.kill();
      for (const id of WRITERS) {
        const content = (await contentOf(storage, id)) ?? NOTHING;
        const [one = ''] = content.split(';');
        if (content !== NOTHING) expect(content).toBe(`${one};`.repeat(2000));
        expect(allowed(writer.lines, id, known.get(id) ?? NOTHING)).toContain(one);
        known.set(id, one);
      }
      left += temporaryIn(path).length;
    }
    expect(left).toBeGreaterThan(0);

    await storage.sweep();
    clock.advance(2 * 3_600_000);
    writtenAgo(path, 3_600_000);
    await storage.sweep();
    expect(temporaryIn(path)).toEqual([]);
    expect(everythingIn(join(path, 'records')).filter((name) => name.includes('.'))).toEqual([]);
  }, 600_000);

  it('of the conditional writes of several processes each happens exactly once', async () => {
    const path = temporaryFolder();
    const storage = new DirectoryStorage(path);
    await storage.write('n', streamOf(Buffer.from('0')), { expiresAt: Date.now() + 3_600_000 });
    const writers = ['100', '150', '200'].map((times) => new Child('directory-writer.mjs', path, 'count', times));
    expect(await Promise.all(writers.map((writer) => writer.exit()))).toEqual([0, 0, 0]);
    expect(await contentOf(storage, 'n')).toBe('450');
    expect(everythingIn(path).filter((name) => name.includes('.'))).toHaveLength(2);
  }, 60_000);
});
