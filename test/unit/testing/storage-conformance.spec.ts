import { describe, expect, it } from 'vitest';
import { AssertionError } from 'node:assert';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import type { ConformanceOptions } from '../../../src/testing/conformance/conformance-bench.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { storageConformance } from '../../../src/testing/storage-conformance.js';
import { brokenStorages, type BrokenStorage } from './broken-storages.js';
import { GoodStorage } from './good-storage.js';

/** Without conditional writes, without a thought of time, and without an index of principals. */
class SmallStorage extends GoodStorage {
  override readonly conditionalWrites = false;
  protected override isOver = (): boolean => false;
  protected override newIndex(): undefined {}
}

const withoutIndex = { principals: false };
const small = { conditionalWrites: false, expires: false, ...withoutIndex };

const good = (clock: ManualClock) => new GoodStorage(clock);
const namesOf = (options: Omit<ConformanceOptions, 'create'> = {}) =>
  storageConformance({ create: good, ...options }).map(({ name }) => name);

/** What becomes of some cases over a broken storage: the name of each, and its error if it fails. */
async function results({ type }: BrokenStorage, isMeant: (name: string) => boolean) {
  const cases = storageConformance({ create: (clock) => new type(clock) }).filter(({ name }) => isMeant(name));
  return Promise.all(
    cases.map(async ({ name, run }) => ({ name, error: await run().catch((error: unknown) => error) })),
  );
}

/** Of these a storage that breaks one thing passes one at least. */
const OTHERS = ['write() leaves other ids alone', 'write() stores every value of a byte that come as bytes in memory'];

describe('storageConformance()', () => {
  it.each(storageConformance({ create: good }))('passes a good storage: $name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  it.each(storageConformance({ create: (clock) => new SmallStorage(clock), ...small }))(
    'passes a small storage: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );

  describe('fails a storage that', () => {
    it.each(brokenStorages)('$what: $shownBy', async (broken) => {
      const shown = await results(broken, (name) => name.startsWith(broken.shownBy));
      expect(shown).not.toEqual([]);
      expect(shown.filter(({ error }) => error === undefined)).toEqual([]);
      const others = await results(broken, (name) => OTHERS.includes(name));
      expect(others.some(({ error }) => error === undefined)).toBe(true);
    });

    it('breaks anything that a case is about', () => {
      const isShown = (name: string) => brokenStorages.some(({ shownBy }) => name.startsWith(shownBy));
      expect(namesOf().filter((name) => !isShown(name))).toEqual([]);
    });
  });

  it('names each case once', () => {
    expect(new Set(namesOf()).size).toBe(namesOf().length);
  });

  it('leaves out what a storage does not do', () => {
    const all = namesOf();
    const left = namesOf(small);
    expect(left.filter((name) => !all.includes(name))).toEqual([
      'conditionalWrites is false',
      'it keeps no index of principals',
    ]);
    const of = (names: readonly string[], about: RegExp) => names.filter((name) => about.test(name)).length;
    expect(of(all, /expire|E1|E5/)).toBeGreaterThan(8);
    expect(of(all, /expect|version|conditional /)).toBeGreaterThan(8);
    expect(left.filter((name) => /^E\d|with expect|version|a conditional|has expired/.test(name))).toEqual([]);
    expect(namesOf({ conditionalWrites: false }).filter((name) => /^E\d/.test(name))).toHaveLength(2);
    expect(namesOf({ expires: false }).filter((name) => name.startsWith('C13'))).toHaveLength(1);
    expect(left.filter((name) => /principal|epoch|holds\(\)|entries\(\)/.test(name))).toHaveLength(1);
    const silent = namesOf({ tellsExpired: false });
    expect(all.filter((name) => !silent.includes(name))).toEqual([
      'sweep() has told of as many as it says that it has removed',
    ]);
  });

  it('passes a storage that sweeps and tells nothing, where that is declared', async () => {
    class Silent extends GoodStorage {
      protected override async tell() {}
    }
    for (const { run } of storageConformance({ create: (clock) => new Silent(clock), tellsExpired: false }))
      await run();
  });

  it('fails a storage that says that it has conditional writes, where none are expected', async () => {
    const [declaration] = storageConformance({ create: good, conditionalWrites: false });
    await expect(declaration?.run()).rejects.toThrow(AssertionError);
  });

  describe('of an index of principals', () => {
    const runAll = async (type: new (clock: ManualClock) => GoodStorage, options: Partial<ConformanceOptions>) => {
      for (const { name, run } of storageConformance({ create: (clock) => new type(clock), ...options })) {
        if (!namesOf(small).includes(name) || name.includes('index of principals')) await run();
      }
    };
    class Without extends GoodStorage {
      protected override newIndex(): undefined {}
    }

    it('tries one where there is one, and none where there is none, when nothing is declared', async () => {
      await expect(runAll(Without, {})).resolves.toBeUndefined();
      expect(namesOf().filter((name) => name.includes('index of principals'))).toEqual([]);
    });

    it('fails a storage that has lost the one that is declared, in each of its cases', async () => {
      const declared = storageConformance({ create: (clock) => new Without(clock), principals: true });
      const cases = declared.filter(
        ({ name }) => !namesOf(small).includes(name) && !namesOf(withoutIndex).includes(name),
      );
      expect(cases.map(({ name }) => name)).toContain('it keeps an index of principals');
      expect(cases.length).toBeGreaterThan(30);
      for (const { run } of cases) await expect(run()).rejects.toThrow('the storage keeps an index of principals');
    });

    it('fails a storage that has one where none is declared', async () => {
      await expect(runAll(Without, withoutIndex)).resolves.toBeUndefined();
      await expect(runAll(GoodStorage, withoutIndex)).rejects.toThrow(AssertionError);
      await expect(runAll(GoodStorage, { principals: true })).resolves.toBeUndefined();
    });
  });

  it('lets time pass as it is told, for a storage with a clock of its own', async () => {
    const passed: number[] = [];
    const own = new ManualClock(0);
    const cases = storageConformance({
      create: (clock) => {
        own.advance(Math.max(0, clock.now() - own.now()));
        return new SessionStorageMemory({ clock: own });
      },
      pass: async (milliseconds, clock) => {
        passed.push(milliseconds);
        own.advance(milliseconds);
        clock.advance(milliseconds);
      },
    });
    await cases.find(({ name }) => name.startsWith('E1:'))?.run();
    expect(passed).toEqual([999, 1, 1]);
  });

  it('waits for a storage that is created later, and closes each that it created, whatever happens', async () => {
    let open = 0;
    class Closing extends GoodStorage {
      constructor(
        clock: ManualClock,
        private readonly closing: Promise<void>,
      ) {
        super(clock);
        open++;
      }

      override async read(): Promise<never> {
        throw new Error('down');
      }

      override async close() {
        open--;
        return this.closing;
      }
    }
    const run = async (name: string, closing: () => Promise<void>): Promise<unknown> => {
      const cases = storageConformance({ create: async (clock) => new Closing(clock, closing()) });
      return cases.find((one) => one.name === name)?.run();
    };
    await expect(run('two instances share nothing by accident', async () => {})).rejects.toThrow('down');
    expect(open).toBe(0);
    const failing = (): Promise<void> => Promise.reject(new Error('cannot close'));
    await expect(run('two instances share nothing by accident', failing)).rejects.toThrow('down');
    expect(open).toBe(0);
    await expect(run('conditionalWrites is true', failing)).rejects.toThrow('cannot close');
  });

  it('tells of long bytes that differ in a short message, and at once', async () => {
    const [large] = brokenStorages.filter(({ what }) => what === 'keeps 64 KiB at most');
    const failures = await results(large as BrokenStorage, (name) => name.startsWith('write() stores 1 MiB'));
    const [{ error } = { error: undefined }] = failures;
    expect(String(error)).toMatch(/read 65536 bytes that begin with \w+, expected 1048576 bytes that begin with \w+$/);
  });
});
