import { join } from 'node:path';
import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  SessionStorageMemory,
  type CacheStorageOptions,
  type Clock,
  type SessionStorage,
} from 'nest-sessions';
import { storageConformance, type ConformanceOptions } from 'nest-sessions/testing';
import { describe, expect, it } from 'vitest';
import { OrderedStorage } from '../../src/storage/ordered-storage.js';
import { temporaryFolder } from '../support/folder.js';
import { MapStorage } from '../support/map-storage.js';
import { PlainStorage } from '../unit/storage/plain-storage.js';

type Create = ConformanceOptions['create'];

const memory = (clock: Clock): SessionStorage => new SessionStorageMemory({ clock });
const directory = (clock: Clock): SessionStorage =>
  new DirectoryStorage(join(temporaryFolder(), 'sessions'), { clock });
const simplified = (clock: Clock): SessionStorage => new MapStorage(clock);
const smallest = (clock: Clock): SessionStorage => new PlainStorage(clock);
const ordered = (clock: Clock): SessionStorage => new OrderedStorage(new PlainStorage(clock));

const cacheOver =
  (delegate: (clock: Clock) => SessionStorage, options: CacheStorageOptions = {}): Create =>
  (clock) =>
    new CacheStorage(delegate(clock), { clock, ...options });

const unconditional = { conditionalWrites: false };

/** What must keep the contract, and what it says that it does not do; the run prints a line for each. */
const storages: readonly (readonly [name: string, create: Create, declared?: Omit<ConformanceOptions, 'create'>])[] = [
  ['memory', memory],
  ['directory', directory],
  ['a simplified storage', simplified, unconditional],
  ['the smallest custom storage', smallest, unconditional],
  ['a custom storage in the order of the core', ordered],
  ['cache over memory', cacheOver(memory)],
  ['cache over directory', cacheOver(directory)],
  // A simplified storage does not tell when a record expires: the cache leaves that to the core
  ['cache over a simplified storage', cacheOver(simplified), { ...unconditional, expires: false }],
  ['cache over the smallest custom storage', cacheOver(smallest), unconditional],
  ['cache over memory, asked each time', cacheOver(memory, { maxStaleness: 0 })],
  ['cache over memory, too small for a record', cacheOver(memory, { maxBytes: 1 })],
  [
    'cache over memory, with a bus',
    (clock) => new CacheStorage(memory(clock), { clock, bus: new InProcessInvalidationBus() }),
  ],
];

for (const [name, create, declared] of storages) {
  describe(`conformance of ${name}`, () => {
    it.each(casesOf(create, declared))('$name', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    });
  });
}

function casesOf(create: Create, declared: Omit<ConformanceOptions, 'create'> | undefined) {
  const cases = storageConformance({ create, ...declared });
  // Its versions are hashes, and what the core stores is never the same twice
  return create === ordered ? cases.filter(({ name }) => !name.startsWith('C13: a version never')) : cases;
}
