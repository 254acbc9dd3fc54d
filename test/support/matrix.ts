import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  SessionStorageMemory,
  type Clock,
  type SessionStorage,
} from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import { temporaryFolder } from './folder.js';

export const PLATFORMS = ['express', 'fastify'] as const;

export type Platform = (typeof PLATFORMS)[number];

/** One store of records; every connection to it is as another process would have one. */
export interface Backend {
  connect(): SessionStorage;
}

/** One cell of platforms x storages. */
export interface Cell {
  readonly platform: Platform;
  /** Opens an empty store. */
  readonly open: (clock: Clock) => Backend;
}

/** Every storage that all behaviours must hold over: one line each. */
const STORAGES: readonly (readonly [name: string, open: Cell['open']])[] = [
  ['memory', (clock) => connections(new SessionStorageMemory({ clock }))],
  ['directory', directory],
  ['cache over directory', cachedDirectory],
];

/**
 * For `describe.each(cells)('%s', (_, cell) => ...)`: the name begins with the platform, since the reporter counts covered
 * rows by that.
 */
export const cells: readonly (readonly [name: string, cell: Cell])[] = PLATFORMS.flatMap((platform) =>
  STORAGES.map(([storage, open]) => [`${platform}, ${storage}`, { platform, open }] as const),
);

/** A folder of one test; each connection is a storage object of its own, as in another process. */
function directory(clock: Clock): Backend {
  const path = temporaryFolder();
  return { connect: () => new DirectoryStorage(path, { clock, durable: false }) };
}

/** The same, and each connection has a cache of its own; they tell each other by a bus. */
function cachedDirectory(clock: Clock): Backend {
  const { connect } = directory(clock);
  const bus = new InProcessInvalidationBus();
  return { connect: () => new CacheStorage(connect(), { clock, bus }) };
}

/** Lets one object stand for many connections: the library orders the writers of one storage object, not of its delegate. */
function connections(storage: SessionStorage): Backend {
  return { connect: () => new ForwardingStorage(storage) };
}
