import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../../src/common/byte-stream.js';
import { SessionStorageError } from '../../../../src/errors.js';
import { DirectoryStorage } from '../../../../src/storage/directory/directory-storage.js';
import type { DirectoryStorageOptions } from '../../../../src/storage/directory/directory-storage-options.js';
import { EPOCH_MEMORY, type AddOptions } from '../../../../src/storage/principals/principal-index.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { everythingIn, temporaryFolder, temporaryIn } from '../../../support/folder.js';
import { GoodPrincipals } from '../../testing/good-principals.js';
import { answer, anyCommand } from '../principals/principal-commands.js';

const HOUR = 3_600_000;

function bench(options: DirectoryStorageOptions = {}, path = join(temporaryFolder(), 'sessions')) {
  const clock = new ManualClock();
  const storage = new DirectoryStorage(path, { clock, ...options });
  const { principals } = storage;
  return {
    path,
    clock,
    storage,
    principals,
    add: (id: string, more: Partial<AddOptions> = {}, principal = 'p') =>
      principals.add(principal, id, { expiresAt: clock.now() + HOUR, begunAgo: 0, ...more }),
    ids: async (principal = 'p') => (await principals.entries(principal)).map(({ id }) => id),
    folder: (principal = 'p') => folderOf(path, principal),
    /** The files that are there, without the folders. */
    files: () => everythingIn(path).filter((name) => name.includes('.')),
  };
}

function folderOf(path: string, principal: string): string {
  const name = createHash('sha256').update(principal).digest('hex');
  return join(path, 'principals', name.slice(0, 2), name);
}

/** The file of a principal's state, and its mark. */
function stateIn(folder: string): readonly [bytes: string, mark: string] {
  const [bytes = '', mark = ''] = readdirSync(folder).toSorted((a, b) => a.length - b.length);
  return [join(folder, bytes), join(folder, mark)];
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('DirectoryPrincipals', () => {
  it('add() tells an instant after it was written: what the disk takes is no part of the request’s age', async () => {
    let ticks = 0;
    const clock = { now: () => ++ticks, after: new ManualClock().after };
    const { principals } = new DirectoryStorage(temporaryFolder(), { clock });
    const result = await principals.add('p', 'a', { expiresAt: HOUR, begunAgo: 0 });
    expect(result).toEqual({ added: true, at: ticks });
  });

  it('answers as the contract says, whatever happens, through several objects on one folder', async () => {
    const path = temporaryFolder();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyCommand, { maxLength: 25 }), async (commands) => {
        const { clock, storage, path: folder } = bench({ durable: false }, join(path, String(runs++)));
        const other = new DirectoryStorage(folder, { clock, durable: false });
        const model = new GoodPrincipals(clock);
        for (const [turn, command] of commands.entries()) {
          const { principals } = turn % 2 === 0 ? storage : other;
          if (command.verb === 'pass') clock.advance(command.time);
          else if (command.verb === 'sweep') expect(await storage.sweep()).toBe(0);
          else
            expect(await answer(principals, command, clock.now())).toEqual(await answer(model, command, clock.now()));
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  describe('what stands on the disk', () => {
    it('is nothing until something is added or raised: neither looking nor removing makes anything', async () => {
      const { path, principals, storage, add } = bench();
      expect(await principals.entries('p')).toEqual([]);
      expect(await principals.holds('p', 'a', 0)).toBe(false);
      await principals.remove('p', 'a');
      expect((await add('a', { begunAgo: EPOCH_MEMORY * 2 })).added).toBe(false);
      expect(await storage.sweep()).toBe(0);
      expect(everythingIn(join(path, '..'))).toEqual([]);
      await principals.raiseEpoch('p');
      expect(everythingIn(path)).toContain('principals');
    });

    it('is a folder a principal, like that of a record, with a line of JSON behind the principal', async () => {
      const { clock, add, folder, files, path } = bench();
      await add('a');
      await add('b', { expiresAt: clock.now() + 5000 });
      const [bytes, mark] = stateIn(folder());
      const [now, hour] = [clock.now(), clock.now() + HOUR];
      expect(readFileSync(bytes, 'utf8')).toBe(
        `p\n{"v":1,"entries":[["a",${now},${hour}],["b",${now},${now + 5000}]]}`,
      );
      expect(mark).toBe(`${bytes}.${hour}`);
      expect(files()).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });

    it('is there until the last entry expires, or the epoch need not be remembered', async () => {
      const { clock, principals, add, folder } = bench();
      const expiry = (): number => Number(stateIn(folder())[1].split('.').at(-1));
      await add('a', { expiresAt: clock.now() + 1000 });
      expect(expiry()).toBe(clock.now() + 1000);
      await principals.raiseEpoch('p');
      expect(expiry()).toBe(clock.now() + EPOCH_MEMORY + 1);
      clock.advance(1);
      await add('b', { expiresAt: clock.now() + EPOCH_MEMORY * 2 });
      expect(expiry()).toBe(clock.now() + EPOCH_MEMORY * 2);
    });

    it('is gone when the last entry is removed, unless an epoch is remembered', async () => {
      const { principals, add, files } = bench();
      for (const id of ['a', 'b']) await add(id);
      for (const id of ['a', 'b']) await principals.remove('p', id);
      expect(files()).toEqual([]);
      await add('a');
      await principals.raiseEpoch('p');
      await principals.remove('p', 'a');
      expect(files()).toHaveLength(2);
    });

    it('is not written by a call that changes nothing', async () => {
      const { principals, add, folder } = bench();
      await add('a', { limit: 1 });
      const before = stateIn(folder());
      await add('b', { limit: 1 });
      await add('b', { begunAgo: EPOCH_MEMORY + 1 });
      await principals.remove('p', 'b');
      await principals.entries('p');
      expect(stateIn(folder())).toEqual(before);
    });

    it('is for this user alone: folders 0700, files 0600, whatever the umask', async () => {
      const before = process.umask(0);
      try {
        const { add, path } = bench();
        for (const id of ['a', 'b']) await add(id);
        const modes = everythingIn(join(path, 'principals')).map((name) => {
          const { mode } = statSync(join(path, 'principals', name));
          return (mode & 0o777).toString(8);
        });
        expect(modes.toSorted()).toEqual(['600', '600', '700', '700']);
      } finally {
        process.umask(before);
      }
    });

    it('may be made by a version that keeps no principals', async () => {
      const { storage, clock, add, ids, path } = bench();
      await storage.write('a', streamOf(Buffer.from('x')), { expiresAt: clock.now() + HOUR });
      expect(readdirSync(path).toSorted()).toEqual(['records', 'temporary']);
      expect(await ids()).toEqual([]);
      expect(await storage.sweep()).toBe(0);
      expect((await add('a')).added).toBe(true);
      expect(await ids()).toEqual(['a']);
    });

    it('leaves no descriptor open, and no file of a state that was not put in place', async () => {
      const { add, principals, path, clock } = bench({ durable: false });
      const { principals: other } = new DirectoryStorage(path, { durable: false, clock });
      await add('first');
      const before = openFiles();
      const calls = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? principals : other).add('p', `id${index}`, { expiresAt: Infinity, begunAgo: 0, limit: 7 }),
      );
      const results = await Promise.all(calls);
      expect(results.filter(({ added }) => added)).toHaveLength(6);
      expect(openFiles()).toBe(before);
      expect(everythingIn(join(path, 'principals')).filter((name) => name.includes('.'))).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });
  });

  describe('sweep()', () => {
    it('ends what has expired, at the instant and not before, and counts and tells of records alone', async () => {
      const { storage, add, clock, files } = bench({ durable: false });
      for (let index = 0; index < 20; index++) await add('a', { expiresAt: clock.now() + 1000 }, `p${index}`);
      for (let index = 0; index < 5; index++) {
        await storage.write(`a${index}`, streamOf(Buffer.from('x')), { expiresAt: clock.now() + 1000 });
      }
      await add('a', {}, 'living');
      clock.advance(999);
      expect(await storage.sweep()).toBe(0);
      expect(files()).toHaveLength(52);
      clock.advance(1);
      const told: string[] = [];
      expect(await storage.sweep({ onExpired: async (id) => void told.push(id) })).toBe(5);
      expect(told.toSorted()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
      expect(files()).toHaveLength(2);
    });

    it('comes around all principals, a bounded slice a call, though there is no record', async () => {
      const { storage, add, clock, files } = bench({ durable: false });
      const all = Array.from({ length: 1500 }, (_, index) => `p${index}`);
      await Promise.all(all.map((principal) => add('a', { expiresAt: clock.now() + 1000 }, principal)));
      clock.advance(1000);
      expect([await storage.sweep(), files().length]).toEqual([0, 1000]);
      expect([await storage.sweep(), files().length]).toEqual([0, 0]);
    }, 30_000);

    it('tidies up beside a state that lives', async () => {
      const { storage, add, folder } = bench();
      await add('a');
      await add('b');
      const [bytes] = stateIn(folder());
      const [before = ''] = bytes.split('/').at(-1)?.split('.') ?? [];
      const left = join(folder(), `${'0'.repeat(16)}.${before}`);
      writeFileSync(left, 'left by a process that was killed');
      expect(await storage.sweep()).toBe(0);
      expect(readdirSync(folder())).toHaveLength(2);
    });
  });

  describe('a state that is broken', () => {
    const damages: readonly (readonly [string, string | Buffer])[] = [
      ['is empty', ''],
      ['is cut', 'p\n{"v":1,"epoch":'],
      ['is no JSON', 'p\nsecret'],
      ['is of another version', 'p\n{"v":2,"entries":[]}'],
      ['is all zeros', Buffer.alloc(100)],
    ];

    it.each(damages)('because it %s lets nobody in: every call rejects, and says what to do', async (_, content) => {
      const { principals, add, folder, ids } = bench();
      await principals.raiseEpoch('p');
      await add('b', {}, 'q');
      const before = openFiles();
      writeFileSync(stateIn(folder())[0], content);
      const message = `Cannot read principal: what is stored of it is broken: remove ${folder()}, after you have ended its sessions, which are in no list then`;
      const calls = [
        () => add('a'),
        () => principals.holds('p', 'a', 0),
        () => principals.remove('p', 'a'),
        () => principals.entries('p'),
        () => principals.raiseEpoch('p'),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(new SessionStorageError(message));
      expect(openFiles()).toBe(before);
      expect(await ids('q')).toEqual(['b']);
      rmSync(folder(), { recursive: true });
      expect((await add('a')).added).toBe(true);
    });

    it('ends with its expiry', async () => {
      const { add, clock, folder, ids, storage, files } = bench();
      await add('a', { expiresAt: clock.now() + 1000 });
      writeFileSync(stateIn(folder())[0], '');
      clock.advance(1000);
      expect(await ids()).toEqual([]);
      await storage.sweep();
      expect(files()).toEqual([]);
    });

    it('because its bytes are gone lets nobody in, and says what to do', async () => {
      const { principals, add, folder } = bench({ durable: false });
      await principals.raiseEpoch('p');
      unlinkSync(stateIn(folder())[0]);
      const message = `Cannot change principal: others change it all the time, or what is stored of it has lost its bytes: remove ${folder()} then`;
      await expect(add('a')).rejects.toThrow(new SessionStorageError(message));
      await expect(principals.raiseEpoch('p')).rejects.toThrow(new SessionStorageError(message));
      expect(await principals.holds('p', 'a', Infinity)).toBe(false);
    });
  });

  describe('symbolic links', () => {
    it.each([
      ['a principal', ({ folder }: Bench) => folder()],
      ['a fan-out folder', ({ folder }: Bench) => join(folder(), '..')],
      ['all principals', ({ path }: Bench) => join(path, 'principals')],
    ])('in the place of %s are not followed', async (_, place) => {
      const elsewhere = bench();
      await elsewhere.add('planted');
      const here = bench();
      await here.add('b', {}, 'q');
      rmSync(place(here), { recursive: true, force: true });
      mkdirSync(join(place(here), '..'), { recursive: true });
      symlinkSync(place(elsewhere), place(here));
      const before = elsewhere.files();
      for (const call of [() => here.ids(), () => here.add('a'), () => here.principals.remove('p', 'planted')]) {
        await expect(call()).rejects.toThrow('a symbolic link stands in its place');
      }
      here.clock.advance(2 * HOUR);
      await here.storage.sweep().catch((error: unknown) => expect(error).toBeInstanceOf(SessionStorageError));
      expect(elsewhere.files()).toEqual(before);
    });

    it("above the folder are the user's affair, though several begin at once", async () => {
      const real = temporaryFolder();
      const link = join(temporaryFolder(), 'link');
      symlinkSync(real, link);
      const path = join(link, 'sessions');
      const storages = Array.from({ length: 8 }, () => new DirectoryStorage(path));
      const results = await Promise.all(
        storages.map(({ principals }, index) =>
          principals.add('p', `id${index}`, { expiresAt: Infinity, begunAgo: 0, limit: 5 }),
        ),
      );
      expect(results.filter(({ added }) => added)).toHaveLength(5);
    });
  });

  it('a request is as old as it was when it came, however long it has waited since', async () => {
    const { principals, add, clock, ids } = bench({ durable: false });
    const [, added] = await Promise.all([
      // Whoever waits behind it goes on before anything else is done, but looks for the state first
      principals.raiseEpoch('p').then(() => clock.advance(1000)),
      add('a'),
    ]);
    expect(added).toEqual({ added: false, reason: 'epoch' });
    expect(await ids()).toEqual([]);
  });

  it('lets 128 changes of a principal wait at the most, and other principals pass', async () => {
    const { add, principals, ids } = bench({ durable: false });
    const calls = Array.from({ length: 140 }, (_, index) => add(`id${index}`));
    const other = add('a', {}, 'q');
    const settled = await Promise.allSettled(calls);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(140 - 129);
    expect(refused[0]).toMatchObject({
      reason: new SessionStorageError('Cannot change principal: more than 128 changes wait'),
    });
    expect((await other).added).toBe(true);
    expect(await ids()).toHaveLength(129);
    await expect(principals.remove('p', 'id0')).resolves.toBeUndefined();
    expect(await ids()).toHaveLength(128);
  });

  it('a record is no principal, and a principal is no record', async () => {
    const { storage, add, clock, ids, principals } = bench();
    await storage.write('p', streamOf(Buffer.from('x')), { expiresAt: clock.now() + HOUR });
    await add('p');
    expect(await storage.invalidate('p')).toBe(true);
    expect(await ids()).toEqual(['p']);
    await principals.remove('p', 'p');
    expect(await storage.read('p', async () => true)).toBeUndefined();
  });
});

type Bench = ReturnType<typeof bench>;
