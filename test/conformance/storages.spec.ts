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
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { OrderedStorage } from '../../src/storage/ordered-storage.js';
import { temporaryFolder } from '../support/folder.js';
import { MapStorage } from '../support/map-storage.js';
import { pgliteStorage, postgresBackend, startPglite } from '../support/postgres.js';
import { REDIS_DRIVERS, type RedisDriver } from '../support/redis.js';
import { timedRedis } from '../support/redis-time.js';
import { PlainStorage } from '../unit/storage/plain-storage.js';

type Create = ConformanceOptions['create'];

const memory = (clock: Clock): SessionStorage => new SessionStorageMemory({ clock });
const directory = (clock: Clock): SessionStorage =>
  new DirectoryStorage(join(temporaryFolder(), 'sessions'), { clock });
const simplified = (clock: Clock): SessionStorage => new MapStorage(clock);
const smallest = (clock: Clock): SessionStorage => new PlainStorage(clock);
const postgres = (clock: Clock): SessionStorage => postgresBackend(clock).connect();
const redis =
  (driver: RedisDriver) =>
  (clock: Clock): SessionStorage =>
    timedRedis(driver, clock).connect();
const ordered = (clock: Clock): SessionStorage => new OrderedStorage(new PlainStorage(clock));

const cacheOver =
  (delegate: (clock: Clock) => SessionStorage, options: CacheStorageOptions = {}): Create =>
  (clock) =>
    new CacheStorage(delegate(clock), { clock, ...options });

const cachedRedis = cacheOver(redis('redis 6'));

const withoutIndex = { principals: false };
const unconditional = { conditionalWrites: false, ...withoutIndex };

type Line = readonly [name: string, create: Create, declared?: Omit<ConformanceOptions, 'create'>];

/** What must keep the contract, and what it says that it does not do; the run prints a line for each. */
const storages: readonly Line[] = [
  ['memory', memory],
  ['directory', directory],
  ['a simplified storage', simplified, unconditional],
  ['the smallest custom storage', smallest, unconditional],
  ['a custom storage in the order of the core', ordered, withoutIndex],
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
  ['postgres by PGlite', pgliteStorage],
  ...ofServer('redisUrl', [
    ...REDIS_DRIVERS.map((driver): Line => [`redis by ${driver}`, redis(driver)]),
    ['cache over redis', cachedRedis],
    ['cache over redis, asked each time', cacheOver(redis('redis 6'), { maxStaleness: 0 })],
  ]),
  ...ofServer('postgresUrl', [
    ['postgres by pg', postgres],
    ['cache over postgres', cacheOver(postgres)],
  ]),
];

for (const [name, create, declared] of storages) {
  describe(`conformance of ${name}`, () => {
    if (create === pgliteStorage) beforeAll(startPglite, 60_000);
    it.each(casesOf(create, declared))('$name', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    });
  });
}

/** Nothing where there is no such server: the last lines of the run say so. */
function ofServer(url: 'redisUrl' | 'postgresUrl', lines: readonly Line[]): readonly Line[] {
  return inject(url) === null ? [] : lines;
}

function casesOf(create: Create, declared: Omit<ConformanceOptions, 'create'> | undefined) {
  const cases = storageConformance({ create, principals: true, ...declared });
  // Its versions are hashes, and what the core stores is never the same twice
  if (create === ordered) return cases.filter(({ name }) => !name.startsWith('C13: a version never'));
  // Redis does not tell when a record expires: until it is asked again, the cache leaves that to the core
  return create === cachedRedis ? cases.filter(({ name }) => !name.startsWith('E5: ')) : cases;
}
