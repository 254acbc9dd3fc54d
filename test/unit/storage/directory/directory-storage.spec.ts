import { createHash, randomBytes } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, streamOf, type ByteStream } from '../../../../src/common/byte-stream.js';
import { SessionStorageError, SessionTooLargeError } from '../../../../src/errors.js';
import { DirectoryStorage } from '../../../../src/storage/directory/directory-storage.js';
import type { DirectoryStorageOptions } from '../../../../src/storage/directory/directory-storage-options.js';
import type { SweepOptions, WriteOptions } from '../../../../src/storage/session-storage.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { everythingIn, temporaryFolder, temporaryIn, writtenAgo } from '../../../support/folder.js';

const HOUR = 3_600_000;

function bench(options: DirectoryStorageOptions = {}, path = join(temporaryFolder(), 'sessions')) {
  const clock = new ManualClock();
  const storage = new DirectoryStorage(path, { clock, ...options });
  return {
    path,
    clock,
    storage,
    write: (id: string, content: string | Uint8Array | ByteStream = '', more: Partial<WriteOptions> = {}) => {
      const source =
        typeof content === 'string' || content instanceof Uint8Array ? streamOf(Buffer.from(content)) : content;
      return storage.write(id, source, { expiresAt: clock.now() + HOUR, ...more });
    },
    read: (id: string) => storage.read(id, async ({ stream }) => Buffer.from(await collect(stream)).toString()),
    version: (id: string) => storage.read(id, async ({ version = '' }) => version),
    folder: (id: string) => folderOf(path, id),
    /** The files that are there, without the folders. */
    files: () => everythingIn(path).filter((name) => name.includes('.')),
  };
}

function folderOf(path: string, id: string): string {
  const name = createHash('sha256').update(id).digest('hex');
  return join(path, 'records', name.slice(0, 2), name);
}

async function versionOf(result: Promise<{ written: boolean; version?: string }>): Promise<string> {
  const { version } = await result;
  if (version === undefined) throw new Error('it was not written');
  return version;
}

/** Puts a folder's mark aside, as it would be between the two steps of nobody: only a killed process leaves that. */
function unmark(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.\d+$/.test(name)) unlinkSync(join(folder, name));
}

describe('DirectoryStorage', () => {
  describe('what stands on the disk', () => {
    it('is nothing until the first write: neither starting, reading, ending nor sweeping makes anything', async () => {
      const { path, storage, read, write } = bench();
      expect(await read('a')).toBeUndefined();
      expect(await storage.invalidate('a')).toBe(false);
      expect(await storage.sweep()).toBe(0);
      expect(await write('a', '', { expiresAt: 0 })).toEqual({ written: true });
      await storage.close();
      expect(everythingIn(join(path, '..'))).toEqual([]);
    });

    it('is a folder a record, named by the hash of its id, with a mark that tells version and expiry, and the bytes behind the id', async () => {
      const { clock, write, folder, files, path } = bench();
      const version = await versionOf(write('a', 'content', { expiresAt: clock.now() + 5000 }));
      const [bytesName = '', markName = ''] = readdirSync(folder('a')).toSorted((a, b) => a.length - b.length);
      expect(markName).toBe(version);
      expect(markName).toBe(`${bytesName}.${clock.now() + 5000}`);
      expect(readFileSync(join(folder('a'), bytesName), 'utf8')).toBe('a\ncontent');
      expect(statSync(join(folder('a'), markName)).size).toBe(0);
      expect(files()).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });

    it('is for this user alone: folders 0700, files 0600, whatever the umask', async () => {
      const before = process.umask(0);
      try {
        const { path, write, files } = bench();
        await write('a', 'x');
        await write('a', 'y');
        const modes = new Set(
          everythingIn(path).map(
            (name) => `${statSync(join(path, name)).isDirectory() ? 'folder' : 'file'} ${modeOf(join(path, name))}`,
          ),
        );
        expect(modes).toEqual(new Set(['folder 700', 'file 600']));
        expect(modeOf(path)).toBe('700');
        expect(files()).toHaveLength(2);
      } finally {
        process.umask(before);
      }
    });

    it('is fanned out: many records spread over many folders', async () => {
      const { path, write } = bench({ durable: false });
      await Promise.all(Array.from({ length: 300 }, (_, index) => write(`id${index}`)));
      const fan = readdirSync(join(path, 'records'));
      expect(fan.length).toBeGreaterThan(100);
      expect(fan.every((name) => /^[0-9a-f]{2}$/.test(name))).toBe(true);
    });

    it('never holds a path that an id could choose', async () => {
      const { path, write, files } = bench();
      for (const id of ['con', 'aux', '-rf', '__proto__', 'A'.repeat(255)]) await write(id);
      expect(
        files().every((name) => /^records\/[0-9a-f]{2}\/[0-9a-f]{64}\/[\w-]{16}\.[\w-]{16}(\.\d+)?$/.test(name)),
      ).toBe(true);
      expect(readdirSync(path).toSorted()).toEqual(['records', 'temporary']);
    });

    it('is gone when the record is: only fan-out folders stay', async () => {
      const { storage, write, files } = bench();
      await write('a');
      await write('b', 'x', { expect: { version: await versionOf(write('b')) } });
      await storage.invalidate('a');
      await write('b', '', { expiresAt: 0 });
      expect(files()).toEqual([]);
    });

    it('is whatever another object on the same folder has stored', async () => {
      const { path, write, clock } = bench();
      const other = bench({ clock }, path);
      const version = await versionOf(write('a', 'one'));
      expect(await other.version('a')).toBe(version);
      expect((await other.write('a', 'two', { expect: { version } })).written).toBe(true);
      expect(await write('a', 'three', { expect: { version } })).toEqual({ written: false, reason: 'conflict' });
      expect(await other.storage.invalidate('a')).toBe(true);
      expect(await write('a', 'three', { expect: { version } })).toEqual({ written: false, reason: 'missing' });
    });
  });

  describe('streams', () => {
    it('tells the version without reading the bytes', async () => {
      const { write, storage, folder } = bench();
      const version = await versionOf(write('a', 'content'));
      const accessed = statSync(join(folder('a'), version.replace(/\.\d+$/, ''))).atimeMs;
      const seen = await storage.read('a', async (entry) => ({ version: entry.version, bytes: entry.stream.bytes }));
      expect(seen).toEqual({ version, bytes: undefined });
      expect(statSync(join(folder('a'), version.replace(/\.\d+$/, ''))).atimeMs).toBe(accessed);
    });

    it('asks the source for the next piece when the last one is written', async () => {
      const { write, path } = bench();
      const sizes: number[] = [];
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let piece = 0; piece < 4; piece++) {
          sizes.push(piece === 0 ? 0 : sizeOfOnlyFile(path));
          yield Buffer.alloc(1000);
        }
      }
      await write('a', source());
      expect(sizes).toEqual([0, 1002, 2002, 3002]);
    });

    it('lends pieces of a large record one after the other', async () => {
      const { write, storage } = bench();
      const content = randomBytes(300_000);
      await write('a', content);
      const pieces = await storage.read('a', async ({ stream }) => {
        const all: Uint8Array[] = [];
        for await (const piece of stream) all.push(piece);
        return all;
      });
      expect(Math.max(...(pieces ?? []).map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
      expect(Buffer.concat(pieces ?? []).equals(content)).toBe(true);
    });

    it('lends every size around the size of a piece whole', async () => {
      const { write, read } = bench({ durable: false });
      for (const size of [16_383, 16_384, 16_385, 81_919, 81_920, 81_921]) {
        await write('a', 'x'.repeat(size));
        expect((await read('a'))?.length).toBe(size);
      }
    });

    it('leaves no descriptor open, however a consumer ends', async () => {
      const { write, storage } = bench();
      await write('a', randomBytes(200_000));
      const before = openFiles();
      for (let round = 0; round < 5; round++) {
        await expect(storage.read('a', () => Promise.reject(new Error('of the consumer')))).rejects.toThrow();
        await expect(
          storage.read('a', () => {
            throw new Error('of the consumer');
          }),
        ).rejects.toThrow();
        await storage.read('a', async () => undefined);
        await storage.read('a', async ({ stream }) => {
          for await (const piece of stream) return piece;
          return undefined;
        });
        // Begun and left
        await storage.read('a', async ({ stream }) => void stream[Symbol.asyncIterator]().next());
      }
      expect(openFiles()).toBe(before);
    });

    it('leaves no descriptor and no file behind a source that fails', async () => {
      const { write, files, path } = bench();
      await write('a', 'old');
      const before = openFiles();
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half');
        throw new Error('of the source');
      }
      await expect(write('a', broken())).rejects.toThrow('of the source');
      expect(openFiles()).toBe(before);
      expect(files()).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });

    it('leaves no file behind a write that was refused', async () => {
      const { write, read, files, path } = bench();
      const version = await versionOf(write('a', 'old'));
      await write('a', 'new');
      await write('a', 'late', { expect: { version } });
      await write('a', 'late', { expect: 'absent' });
      await write('b', 'late', { expect: { version } });
      expect(await read('a')).toBe('new');
      expect(files()).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });

    it('lends nothing any more when the consumer has settled, least of all what was opened since', async () => {
      const { write, storage } = bench();
      await write('a', 'content');
      await write('b', 'of somebody else');
      const late = await storage.read('a', async ({ stream }) => ({ stream }));
      await storage.read('b', async () => {
        await expect(collect(late?.stream ?? streamOf(new Uint8Array()))).rejects.toThrow('it is lent no longer');
      });
    });

    it('a record that is replaced or ended while it is read is read to its end', async () => {
      const { write, storage } = bench();
      const content = randomBytes(200_000);
      await write('a', content);
      const read = await storage.read('a', async ({ stream }) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of stream) {
          if (pieces.length === 0) await write('a', 'new');
          if (pieces.length === 1) await storage.invalidate('a');
          pieces.push(piece);
        }
        return Buffer.concat(pieces);
      });
      expect(read?.equals(content)).toBe(true);
    });
  });

  describe('maxBytes', () => {
    it.each([
      ['bytes in memory', () => streamOf(Buffer.alloc(11))],
      [
        'a stream',
        async function* () {
          yield Buffer.alloc(10);
          yield Buffer.alloc(1);
          throw new Error('it is read on');
        },
      ],
    ])('refuses more of %s before anything replaces the old record', async (_what, source) => {
      const { write, read, files, path } = bench({ maxBytes: 10 });
      await write('a', 'x'.repeat(10));
      for (const id of ['a', 'b']) await expect(write(id, source())).rejects.toThrow(SessionTooLargeError);
      expect(await read('a')).toBe('x'.repeat(10));
      expect(files()).toHaveLength(2);
      expect(temporaryIn(path)).toEqual([]);
    });
  });

  describe('symbolic links', () => {
    /** A storage, and a record of another one that a link may lead to. */
    async function planted() {
      const elsewhere = bench();
      await elsewhere.write('a', 'planted');
      const here = bench();
      await here.write('b', 'mine');
      return { here, elsewhere };
    }

    it.each([
      ['a record', ({ folder }: Bench) => folder('a')],
      ['a fan-out folder', ({ folder }: Bench) => join(folder('a'), '..')],
      ['all records', ({ path }: Bench) => join(path, 'records')],
    ])('in the place of %s are not followed: nothing is read, written or ended through them', async (_what, place) => {
      const { here, elsewhere } = await planted();
      rmSync(place(here), { recursive: true, force: true });
      mkdirSync(join(place(here), '..'), { recursive: true });
      symlinkSync(place(elsewhere), place(here));
      const before = elsewhere.files();
      const version = (await elsewhere.version('a')) ?? '';
      await expect(here.read('a')).rejects.toThrow('a symbolic link stands in its place');
      for (const expected of [{}, { expect: 'absent' }, { expect: { version } }, { expiresAt: 0 }] as const) {
        await expect(here.write('a', 'through', expected)).rejects.toThrow(SessionStorageError);
        await expect(here.write('c', 'through', expected).catch(() => 'refused')).resolves.toBeDefined();
      }
      await expect(here.storage.invalidate('a')).rejects.toThrow(SessionStorageError);
      here.clock.advance(2 * HOUR);
      await here.storage.sweep().catch((error: unknown) => expect(error).toBeInstanceOf(SessionStorageError));
      expect(elsewhere.files()).toEqual(before);
      expect(await elsewhere.read('a')).toBe('planted');
    });

    it('in the place of the bytes are not followed', async () => {
      const { here } = await planted();
      const version = (await here.version('b')) ?? '';
      const bytes = join(here.folder('b'), version.replace(/\.\d+$/, ''));
      const secret = join(here.path, '..', 'secret.txt');
      writeFileSync(secret, 'secret');
      unlinkSync(bytes);
      symlinkSync(secret, bytes);
      await expect(here.read('b')).rejects.toThrow(SessionStorageError);
      expect((await here.write('b', 'new', { expect: { version } })).written).toBe(true);
      expect(await here.read('b')).toBe('new');
      expect(readFileSync(secret, 'utf8')).toBe('secret');
    });

    it('in the place of the temporary folder are not written to', async () => {
      const here = bench();
      const elsewhere = temporaryFolder();
      mkdirSync(here.path);
      symlinkSync(elsewhere, join(here.path, 'temporary'));
      await expect(here.write('a', 'x')).rejects.toThrow('a symbolic link stands in its place');
      expect(everythingIn(elsewhere)).toEqual([]);
    });

    it("above the folder are the user's affair", async () => {
      const real = temporaryFolder();
      const link = join(temporaryFolder(), 'link');
      symlinkSync(real, link);
      const { write, read } = bench({}, join(link, 'sessions'));
      await write('a', 'one');
      await write('a', 'two');
      expect(await read('a')).toBe('two');
      expect(everythingIn(real).length).toBeGreaterThan(0);
    });
  });

  describe('what killed writers leave', () => {
    it('a folder whose record has lost its mark is none: it is written anew, and swept', async () => {
      for (const what of ['written', 'upserted', 'swept'] as const) {
        const { storage, write, read, folder, files, clock } = bench();
        await write('a', 'old');
        unmark(folder('a'));
        expect(await read('a')).toBeUndefined();
        expect(await storage.invalidate('a')).toBe(false);
        if (what === 'swept') {
          expect(await storage.sweep()).toBe(0);
          expect(lstatSync(folder('a'), { throwIfNoEntry: false })).toBeUndefined();
        } else {
          expect((await write('a', 'new', what === 'written' ? { expect: 'absent' } : {})).written).toBe(true);
          expect(await read('a')).toBe('new');
          expect(files()).toHaveLength(2);
        }
        clock.advance(1);
      }
    });

    it('an empty folder is no record', async () => {
      const { storage, write, read, folder } = bench();
      mkdirSync(folder('a'), { recursive: true });
      mkdirSync(folder('b'), { recursive: true });
      expect(await read('a')).toBeUndefined();
      expect((await write('a', 'new', { expect: 'absent' })).written).toBe(true);
      expect(await read('a')).toBe('new');
      await storage.sweep();
      expect(lstatSync(folder('b'), { throwIfNoEntry: false })).toBeUndefined();
    });

    it('a mark without its bytes is no record to read, and ends like one', async () => {
      const { write, read, storage, folder } = bench();
      const version = await versionOf(write('a', 'x'));
      unlinkSync(join(folder('a'), version.replace(/\.\d+$/, '')));
      expect(await read('a')).toBeUndefined();
      expect(await storage.invalidate('a')).toBe(true);
      expect((await write('a', 'new', { expect: 'absent' })).written).toBe(true);
    });

    it('files beside a living record are swept when their state is over, not while they may still take its place', async () => {
      const { storage, write, read, folder } = bench();
      const first = await versionOf(write('a', 'one'));
      const second = await versionOf(write('a', 'two', { expect: { version: first } }));
      const [, one = ''] = first.split('.');
      const [, two = ''] = second.split('.');
      const name = 'n'.repeat(16);
      const over = join(folder('a'), `${one}.${name}`);
      const coming = join(folder('a'), `${two}.${name}`);
      const foreign = join(folder('a'), 'README');
      for (const file of [over, coming, foreign]) writeFileSync(file, 'left');
      expect(await storage.sweep()).toBe(0);
      const isThere = (file: string) => lstatSync(file, { throwIfNoEntry: false }) !== undefined;
      expect([isThere(over), isThere(coming), isThere(foreign)]).toEqual([false, true, true]);
      expect(await read('a')).toBe('two');
    });

    it('temporary files and folders are swept an hour after they were last written to', async () => {
      const { storage, write, path } = bench();
      await write('a', 'x');
      const temporary = join(path, 'temporary');
      writeFileSync(join(temporary, 'file'), 'left');
      mkdirSync(join(temporary, 'folder'));
      writeFileSync(join(temporary, 'folder', 'file'), 'left');
      writtenAgo(path, HOUR - 10_000);
      await storage.sweep();
      expect(temporaryIn(path)).toEqual(['file', 'folder', 'folder/file']);
      writtenAgo(path, HOUR);
      await storage.sweep();
      expect(temporaryIn(path)).toEqual([]);
    });

    it('E6: temporary files are no leftovers because the clock of sessions is ahead of that of the file system', async () => {
      const { storage, write, clock, path } = bench();
      async function* slow(): AsyncGenerator<Uint8Array> {
        clock.advance(2 * HOUR);
        await storage.sweep();
        expect(temporaryIn(path)).toHaveLength(1);
        yield Buffer.from('slow');
      }
      await expect(write('a', slow(), { expiresAt: clock.now() + 3 * HOUR })).resolves.toMatchObject({ written: true });
    });

    it('a writer whose temporary file was swept meanwhile fails, and changes nothing', async () => {
      const { storage, write, read, clock, path } = bench();
      const version = await versionOf(write('a', 'old'));
      for (const more of [{}, { expect: { version } }, { expect: 'absent' }] as const) {
        async function* slow(): AsyncGenerator<Uint8Array> {
          yield Buffer.from('slow');
          writtenAgo(path, HOUR);
          await storage.sweep();
          expect(temporaryIn(path)).toEqual([]);
        }
        const id = 'expect' in more && more.expect === 'absent' ? 'new' : 'a';
        const expiresAt = clock.now() + 100 * HOUR;
        await write('a', 'old', { expiresAt });
        const current = (await storage.read('a', async (entry) => entry.version)) ?? '';
        const expected = 'expect' in more && typeof more.expect === 'object' ? { expect: { version: current } } : more;
        await expect(write(id, slow(), { ...expected, expiresAt })).rejects.toThrow('what was written of it is gone');
        expect(await read('a')).toBe('old');
        expect(await read('new')).toBeUndefined();
      }
    });
  });

  describe('sweep()', () => {
    it('ends what has expired, at the instant and not before, and leaves what lives', async () => {
      const { storage, write, clock, files, read } = bench({ durable: false });
      for (let index = 0; index < 50; index++) await write(`old${index}`, '', { expiresAt: clock.now() + 1000 });
      await write('living', 'x');
      clock.advance(999);
      expect(await storage.sweep()).toBe(0);
      clock.advance(1);
      expect(await storage.sweep()).toBe(50);
      expect(files()).toHaveLength(2);
      expect(await read('living')).toBe('x');
      expect(await storage.sweep()).toBe(0);
    });

    it('looks at 1,000 records a call, goes on where it stopped, and comes around', async () => {
      const { storage, write, clock, files } = bench({ durable: false });
      const write1500 = (round: number) =>
        Promise.all(
          Array.from({ length: 1500 }, (_, index) =>
            write(`id${round}-${index}`, '', { expiresAt: clock.now() + 1000 }),
          ),
        );
      await write1500(1);
      clock.advance(1000);
      expect([await storage.sweep(), await storage.sweep()]).toEqual([1000, 500]);
      await write1500(2);
      expect(await storage.sweep()).toBe(0);
      clock.advance(1000);
      const slices: number[] = [];
      for (let slice = await storage.sweep(); slice > 0; slice = await storage.sweep()) slices.push(slice);
      // The first looks at the 500 that were left of the last round, and at 500 more
      expect(slices).toEqual([1000, 500]);
      expect(files()).toEqual([]);
    }, 30_000);

    it('does not end a record that was renewed just now, wherever the renewal meets it', async () => {
      const { storage, write, clock, read, path } = bench({ durable: false });
      const other = bench({ clock: new ManualClock(clock.now() - HOUR) }, path);
      for (let round = 0; round < 50; round++) {
        const version = await versionOf(write('a', 'old', { expiresAt: clock.now() + 1000 }));
        clock.advance(1000);
        // Another process, whose clock is late, renews what has expired here
        const [renewed] = await Promise.all([
          (async () => {
            for (let turns = 0; turns < round % 10; turns++) await setImmediate();
            return other.write('a', 'renewed', { expect: { version }, expiresAt: clock.now() + HOUR });
          })(),
          storage.sweep(),
        ]);
        expect(await read('a')).toBe(renewed.written ? 'renewed' : undefined);
        await storage.invalidate('a');
      }
    });

    it('tells of what it has ended, under whatever id, with its bytes', async () => {
      const { storage, write, clock } = bench({ durable: false });
      const records = { a: 'one', ['_-'.repeat(127) + 'Z']: '', large: 'x'.repeat(100_000), lines: 'a\nb\n' };
      for (const [id, content] of Object.entries(records)) await write(id, content, { expiresAt: clock.now() + 1000 });
      await write('living', 'x');
      clock.advance(1000);
      const told: [string, string][] = [];
      const onExpired = async (id: string, stream: ByteStream): Promise<void> => {
        told.push([id, Buffer.from(await collect(stream)).toString()]);
      };
      expect(await storage.sweep({ onExpired })).toBe(4);
      expect(told).toHaveLength(4);
      expect(Object.fromEntries(told)).toEqual(records);
    });

    it('of several that sweep at once exactly one tells of a record', async () => {
      const { path, clock, write, files } = bench({ durable: false });
      const storages = Array.from({ length: 4 }, () => new DirectoryStorage(path, { clock, durable: false }));
      const ids = Array.from({ length: 100 }, (_, index) => `id${index}`);
      for (let round = 0; round < 5; round++) {
        for (const id of ids) await write(id, 'x', { expiresAt: clock.now() + 1000 });
        clock.advance(1000);
        const told: string[] = [];
        const onExpired = async (id: string): Promise<void> => void told.push(id);
        const ended = await Promise.all(storages.map((storage) => storage.sweep({ onExpired })));
        expect(ended.reduce((sum, count) => sum + count)).toBe(100);
        expect(told.toSorted()).toEqual(ids.toSorted());
        expect(files()).toEqual([]);
      }
    }, 30_000);

    it.each<[string, (bytes: string) => void]>([
      ['are missing', unlinkSync],
      ['were not written by it', (bytes) => writeFileSync(bytes, '{"v":1}\n{}')],
      ['have no line', (bytes) => writeFileSync(bytes, 'x'.repeat(300))],
      [
        'are a link',
        (bytes) => {
          unlinkSync(bytes);
          symlinkSync('/dev/zero', bytes);
        },
      ],
    ])('ends a record whose bytes %s, and tells nothing of it', async (_, damage) => {
      const { storage, write, clock, folder } = bench();
      const version = await versionOf(write('a', 'x', { expiresAt: clock.now() + 1000 }));
      damage(join(folder('a'), version.replace(/\.\d+$/, '')));
      clock.advance(1000);
      const told: string[] = [];
      expect(await storage.sweep({ onExpired: async (id) => void told.push(id) })).toBe(1);
      expect(told).toEqual([]);
      expect(lstatSync(folder('a'), { throwIfNoEntry: false })).toBeUndefined();
    });

    it('does not read what it ends when nobody asks', async () => {
      const { storage, write, clock, folder, path } = bench();
      const version = await versionOf(write('a', 'x', { expiresAt: clock.now() + 1000 }));
      const another = join(path, 'another name of the bytes');
      linkSync(join(folder('a'), version.replace(/\.\d+$/, '')), another);
      const accessed = statSync(another).atimeMs;
      clock.advance(1000);
      expect(await storage.sweep()).toBe(1);
      expect(statSync(another).atimeMs).toBe(accessed);
    });

    it('leaves no descriptor open, whatever becomes of the news', async () => {
      const { storage, write, clock } = bench({ durable: false });
      const before = openFiles();
      const listeners: NonNullable<SweepOptions['onExpired']>[] = [
        async () => {},
        () => Promise.reject(new Error('of the listener')),
        async (_, stream) => void (await stream[Symbol.asyncIterator]().next()),
        async (_, stream) => void stream[Symbol.asyncIterator]().next(),
      ];
      for (const onExpired of listeners) {
        await write('a', randomBytes(100_000), { expiresAt: clock.now() + 1000 });
        clock.advance(1000);
        expect(await storage.sweep({ onExpired })).toBe(1);
      }
      expect(openFiles()).toBe(before);
    });

    it('leaves alone what somebody else has put into the folder', async () => {
      const { storage, write, clock, path, folder } = bench();
      await write('a', '');
      const foreign = [join(path, 'README'), join(path, 'records', 'README'), join(folder('a'), '..', 'README')];
      for (const file of foreign) writeFileSync(file, 'not ours');
      clock.advance(HOUR);
      expect(await storage.sweep()).toBe(1);
      for (const file of foreign) expect(readFileSync(file, 'utf8')).toBe('not ours');
    });
  });

  describe('versions', () => {
    it('that were never given are no path', async () => {
      const { write, read, path } = bench();
      await write('a', 'old');
      for (const version of [
        '../../x',
        '/etc/passwd',
        `${'a'.repeat(16)}.${'b'.repeat(16)}.9999999999999999`,
        '.',
        '',
      ]) {
        expect(await write('a', 'new', { expect: { version } })).toEqual({ written: false, reason: 'conflict' });
        expect(await write('b', 'new', { expect: { version } })).toEqual({ written: false, reason: 'missing' });
      }
      expect(await read('a')).toBe('old');
      expect(readdirSync(path).toSorted()).toEqual(['records', 'temporary']);
    });

    it('tell an instant with a fraction, and one that is further than numbers go', async () => {
      const { write, read, clock } = bench();
      await write('a', 'x', { expiresAt: clock.now() + 0.5 });
      expect(await read('a')).toBe('x');
      await write('b', 'y', { expiresAt: 1e300 });
      clock.advance(1);
      expect(await read('a')).toBeUndefined();
      expect(await read('b')).toBe('y');
      expect((await write('b', 'z', { expiresAt: NaN })).written).toBe(true);
      expect(await read('b')).toBeUndefined();
    });
  });

  it('goes on when somebody removes the folder under it', async () => {
    const { path, write, read, storage } = bench();
    await write('a', 'x');
    renameSync(path, `${path}-away`);
    expect(await read('a')).toBeUndefined();
    expect(await storage.sweep()).toBe(0);
    await write('a', 'y');
    expect(await read('a')).toBe('y');
  });

  it('gives every record back as it was last written, whatever happens', async () => {
    const id = fc.constantFrom('a', 'b', 'A');
    const step = fc.oneof(
      fc.record({
        verb: fc.constant('write' as const),
        id,
        content: fc.string(),
        life: fc.integer({ min: -1, max: 3 }),
      }),
      fc.record({ verb: fc.constantFrom('invalidate' as const), id }),
      fc.record({ verb: fc.constantFrom('sweep' as const, 'advance' as const) }),
    );
    const path = temporaryFolder();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { storage, write, read, clock } = bench({ durable: false }, join(path, String(runs++)));
        const model = new Map<string, { content: string; expiresAt: number }>();
        for (const each of steps) {
          if (each.verb === 'write') {
            const { content, life } = each;
            const expiresAt = clock.now() + life;
            await write(each.id, content, { expiresAt });
            model.set(each.id, { content, expiresAt });
          } else if (each.verb === 'invalidate') {
            await storage.invalidate(each.id);
            model.delete(each.id);
          } else if (each.verb === 'sweep') await storage.sweep();
          else clock.advance(1);
          for (const id of ['a', 'b', 'A']) {
            const record = model.get(id);
            const alive = record !== undefined && record.expiresAt > clock.now();
            expect(await read(id)).toBe(alive ? Buffer.from(record.content).toString() : undefined);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});

type Bench = ReturnType<typeof bench>;

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

function sizeOfOnlyFile(path: string): number {
  const [name = ''] = temporaryIn(path);
  return statSync(join(path, 'temporary', name)).size;
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
