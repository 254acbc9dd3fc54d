import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DirectoryStorage } from '../../../../src/storage/directory/directory-storage.js';
import { EPOCH_MEMORY, type AddResult } from '../../../../src/storage/principals/principal-index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { Child } from '../../../support/child.js';
import { everythingIn, temporaryFolder, temporaryIn, writtenAgo } from '../../../support/folder.js';

/** How often a writer is killed; more by night. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 8);
const HOUR = 3_600_000;

function bench() {
  const path = temporaryFolder();
  const storage = new DirectoryStorage(path);
  const { principals } = storage;
  return {
    path,
    storage,
    principals,
    add: (id: string, limit?: number) => principals.add('p', id, { expiresAt: Date.now() + HOUR, begunAgo: 0, limit }),
    ids: async () => (await principals.entries('p')).map(({ id }) => id),
    files: () => everythingIn(path).filter((name) => name.startsWith('principals/') && name.includes('.')),
  };
}

async function resultOf(writer: Child): Promise<AddResult> {
  return JSON.parse((await writer.line('done ')).slice('done '.length)) as AddResult;
}

describe('DirectoryPrincipals between processes', () => {
  it('4 processes that add 25 each with a limit of 5: never more, and 5 at the end', async () => {
    const { path, ids, files } = bench();
    const writers = Array.from({ length: 4 }, () => new Child('principal-writer.mjs', path, 'evict', '25', '5'));
    let isOver = false;
    const ended = Promise.all(writers.map((writer) => writer.exit())).finally(() => (isOver = true));
    let looks = 0;
    for (; !isOver; looks++) expect((await ids()).length).toBeLessThanOrEqual(5);
    expect(await ended).toEqual([0, 0, 0, 0]);
    expect(looks).toBeGreaterThan(100);
    expect(await ids()).toHaveLength(5);
    expect(files()).toHaveLength(2);
    expect(temporaryIn(path)).toEqual([]);
  }, 60_000);

  describe.each([
    ['the first state', []],
    ['the next state', ['a', 'b']],
  ])('a writer that was stopped right before it put %s in place', (_, before) => {
    async function stopped(limit: string) {
      const all = bench();
      for (const id of before) await all.add(id);
      const writer = new Child('principal-writer.mjs', all.path, 'add', 'late', limit, 'stop');
      await writer.line('stops');
      await writer.stopped();
      return { ...all, writer };
    }

    it('holds up nobody, and is one too many when somebody took the last place', async () => {
      const { writer, add, ids, files } = await stopped(String(before.length + 1));
      expect(await add('last', before.length + 1)).toMatchObject({ added: true });
      writer.goOn();
      expect(await resultOf(writer)).toMatchObject({ added: false, reason: 'full' });
      expect(await ids()).toEqual([...before, 'last']);
      expect(files()).toHaveLength(2);
    });

    it('is refused when the epoch was raised meanwhile', async () => {
      const { writer, principals, ids } = await stopped('5');
      expect((await principals.raiseEpoch('p')).map(({ id }) => id)).toEqual(before);
      await setTimeout(5);
      writer.goOn();
      expect(await resultOf(writer)).toEqual({ added: false, reason: 'epoch' });
      expect(await ids()).toEqual(before);
    });

    it('adds when nobody was faster, or there is still a place', async () => {
      for (const id of [undefined, 'other']) {
        const { writer, add, ids } = await stopped('5');
        if (id !== undefined) await add(id);
        writer.goOn();
        expect(await resultOf(writer)).toMatchObject({ added: true });
        expect(await ids()).toEqual([...before, ...(id === undefined ? [] : [id]), 'late']);
      }
    });
  });

  it(`D8: kill -9 at any instant, ${ROUNDS} times: the old state or the new, whole; leftovers are swept`, async () => {
    const { path, storage, add, ids, files } = bench();
    let left = 0;
    // Until it was in the middle of something at least once
    for (let round = 0; round < ROUNDS || left === 0; round++) {
      const writer = new Child('principal-writer.mjs', path, 'evict', '1000000', '5');
      await writer.line('ready');
      await setTimeout(Math.random() * 100);
      await writer.kill();
      left += temporaryIn(path).length;
      const before = await ids();
      expect(before.length).toBeLessThanOrEqual(5);
      const id = `after-${round}`;
      expect((await add(id)).added).toBe(true);
      expect(await ids()).toEqual([...before, id]);
      await storage.principals.remove('p', id);
    }
    const clock = new ManualClock();
    clock.advance(EPOCH_MEMORY);
    const sweeping = new DirectoryStorage(path, { clock });
    writtenAgo(path, HOUR);
    for (let calls = 0; calls < 2; calls++) expect(await sweeping.sweep()).toBe(0);
    expect(files()).toEqual([]);
    expect(temporaryIn(path)).toEqual([]);
  }, 600_000);
});
