import * as nest from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import * as library from 'nest-sessions';
import { type ManualClock, storageConformance } from 'nest-sessions/testing';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { root } from './compile.js';

/* The storage that docs/storages.md works out: as short as it says, and as good as the suite asks. */

const FILE = '// key-value-storage.ts\n';

/** What the block declares, as somebody who has copied it would import it. */
interface Worked {
  readonly KEY_VALUE_CLIENT: symbol;
  readonly KeyValueStorage: new (client: MapClient) => library.SessionStorage;
}

/** A key-value store that forgets by itself, as most do. */
class MapClient {
  readonly entries = new Map<string, { readonly bytes: Uint8Array; readonly expiresAt: number }>();

  constructor(readonly clock: Pick<ManualClock, 'now'> = Date) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expiresAt > this.clock.now() ? entry.bytes : undefined;
  }

  async set(key: string, bytes: Uint8Array, expiresAt: number): Promise<void> {
    this.entries.set(key, { bytes, expiresAt });
  }

  async delete(key: string): Promise<void> {
    this.entries.delete(key);
  }
}

const code = workedStorage('docs/storages.md');
const { KEY_VALUE_CLIENT, KeyValueStorage } = load(code);

describe('the storage worked out in docs/storages.md', () => {
  it('is 20 lines, imports apart', () => {
    const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('import '));
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(code).not.toMatch(/^import [^;]*\n[^;]*;/m);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120);
  });

  it('is the one that the README shows', () => {
    expect(workedStorage('README.md')).toBe(code);
  });

  const forgets = (clock: ManualClock) => new KeyValueStorage(new MapClient(clock));
  it.each(storageConformance({ create: forgets, conditionalWrites: false }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  const keeps = () => new KeyValueStorage(new MapClient({ now: () => -Infinity }));
  it.each(storageConformance({ create: keeps, conditionalWrites: false, expires: false }))(
    'over a client that forgets nothing: $name',
    async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    },
  );
});

describe('the ways to register it', () => {
  const client = new MapClient();
  const providers: nest.Provider[] = [{ provide: KEY_VALUE_CLIENT, useValue: client }];
  const { CACHE_STORAGE_DELEGATE, CacheStorage, SessionsModule } = library;

  @nest.Module({ providers: [...providers, KeyValueStorage], exports: [KeyValueStorage] })
  class StorageModule {}

  const cached = {
    useFactory: (delegate: library.SessionStorage) => new CacheStorage(delegate),
    inject: [KeyValueStorage],
  };
  const delegate = { provide: CACHE_STORAGE_DELEGATE, useExisting: KeyValueStorage };

  it.each([
    ['an instance', SessionsModule.forRoot({ storage: new KeyValueStorage(client) })],
    ['a class', SessionsModule.forRoot({ storage: KeyValueStorage, providers })],
    ['useClass', SessionsModule.forRoot({ storage: { useClass: KeyValueStorage }, providers })],
    [
      'useFactory',
      SessionsModule.forRoot({
        storage: { useFactory: (one: MapClient) => new KeyValueStorage(one), inject: [KEY_VALUE_CLIENT] },
        providers,
      }),
    ],
    [
      'useExisting',
      SessionsModule.forRoot({
        storage: { useExisting: KeyValueStorage },
        providers: [...providers, KeyValueStorage],
      }),
    ],
    [
      'useExisting of a module',
      SessionsModule.forRoot({ storage: { useExisting: KeyValueStorage }, imports: [StorageModule] }),
    ],
    [
      'an instance of a factory of options',
      SessionsModule.forRootAsync({ useFactory: () => ({ sid: { storage: new KeyValueStorage(client) } }) }),
    ],
    ['a cache by a factory', SessionsModule.forRoot({ storage: cached, providers: [...providers, KeyValueStorage] })],
    [
      'a cache as a class',
      SessionsModule.forRoot({ storage: CacheStorage, providers: [...providers, KeyValueStorage, delegate] }),
    ],
    [
      'a cache as a class, around a storage of a module',
      SessionsModule.forRoot({ storage: CacheStorage, imports: [StorageModule], providers: [delegate] }),
    ],
  ])('%s: what is written arrives at the client that was injected', async (_, sessions) => {
    const module = await Test.createTestingModule({ imports: [sessions] }).compile();
    const storage = module.get<library.SessionStorage>(library.getStorageToken());
    client.entries.clear();
    await storage.write('a', library.streamOf(Buffer.from('bytes')), { expiresAt: Date.now() + 60_000 });
    expect([...client.entries.keys()]).toEqual(['session:a']);
    const read = await storage.read('a', ({ stream }) => library.collect(stream));
    expect(Buffer.from(read ?? []).toString()).toBe('bytes');
    await module.close();
  });
});

function workedStorage(document: string): string {
  const text = readFileSync(join(root, document), 'utf8');
  const [block, another] = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].filter(([, start]) => start?.startsWith(FILE));
  if (block?.[1] === undefined || another !== undefined) throw new Error(`Expected one block of ${FILE}`);
  return block[1].slice(FILE.length);
}

/** Runs the block as CommonJS: what an app made by `nest new` makes of it. */
function load(source: string): Worked {
  const modules = new Map<string, unknown>([
    ['@nestjs/common', nest],
    ['nest-sessions', library],
  ]);
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const exports = {};
  compileFunction(outputText, ['exports', 'require'])(exports, (name: string) => modules.get(name));
  return exports as Worked;
}
