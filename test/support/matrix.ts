import {
  CacheStorage,
  DirectoryStorage,
  InProcessInvalidationBus,
  SessionStorageMemory,
  type Clock,
  type SessionStorage,
} from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import { inject } from 'vitest';
import { temporaryFolder } from './folder.js';
import { postgresBackend } from './postgres.js';
import { timedRedis } from './redis-time.js';
import type { Travel } from './travel.js';

export const PLATFORMS = ['express', 'fastify'] as const;

export type Platform = (typeof PLATFORMS)[number];

/** One store of records; every connection to it is as another process would have one. */
export interface Backend {
  connect(): SessionStorage;
}

/** One cell of platforms x storages x ways to travel. */
export interface Cell {
  readonly platform: Platform;
  /** Default: in a cookie, by id. */
  readonly travel?: Travel;
  /** By value: whether the server knows which sessions have ended; then its store is for that. */
  readonly isRevocable?: boolean;
  /** Opens an empty store; by value it is for revocation, or for nothing. */
  readonly open: (clock: Clock) => Backend;
}

type Cells = readonly (readonly [name: string, cell: Cell])[];

/** Every storage that all behaviours must hold over: one line each. */
const STORAGES: readonly (readonly [name: string, open: Cell['open']])[] = [
  ['memory', (clock) => connections(new SessionStorageMemory({ clock }))],
  ['directory', directory],
  ['cache over directory', cachedDirectory],
  ...(inject('redisUrl') === null ? [] : overRedis()),
  ...(inject('postgresUrl') === null ? [] : overPostgres()),
];

/**
 * By id in a cookie, over every storage. For `describe.each(cells)('%s', (_, cell) => ...)`: the name begins with the platform,
 * since the reporter counts covered rows by that.
 */
export const cells: Cells = PLATFORMS.flatMap((platform) =>
  STORAGES.map(([storage, open]) => [`${platform}, ${storage}`, { platform, open }] as const),
);

/** Where the engine itself removes what has expired, and nobody tells of it; everywhere else a sweep does. */
export const forgetfulCells: Cells = cells.filter(([name]) => name.endsWith('redis'));

/** By id: the same, and in a header over one storage, since how a token travels is nothing to a storage. */
export const idCells: Cells = [...cells, ...inMemory('memory, header by id', { travel: 'header by id' })];

/** By value, where the server keeps nothing. */
export const valueCells: Cells = inMemory('cookie by value', { travel: 'cookie by value' });

/** By value, where the server keeps the ids of sessions that have ended before their time. */
export const revocableCells: Cells = inMemory('memory, cookie by value with revocation', {
  travel: 'cookie by value',
  isRevocable: true,
});

/** Every way to travel, for rows that hold whatever it is. */
export const travelCells: Cells = [...idCells, ...valueCells];

/** Whether the session itself travels. */
export function isByValue({ travel }: Cell): boolean {
  return travel === 'cookie by value';
}

/** What a storage is expected to be asked for, where there is one that sessions are kept in; by value nothing. */
export function ofStorage<Call>(cell: Cell, calls: readonly Call[]): readonly Call[] {
  return isByValue(cell) ? [] : calls;
}

/** How many values an answer hands out that has changed a session of its client: by value it is the change that travels. */
export function perChange(cell: Cell): number {
  return isByValue(cell) ? 1 : 0;
}

/** Whether a session that has ended is dead for who kept its token: by value alone only its deadlines end it. */
export function endsAtServer(cell: Cell): boolean {
  return !isByValue(cell) || cell.isRevocable === true;
}

function inMemory(name: string, cell: Pick<Cell, 'travel' | 'isRevocable'>): Cells {
  const [, open] = STORAGES[0]!;
  return PLATFORMS.map((platform) => [`${platform}, ${name}`, { platform, open, ...cell }] as const);
}

/** A folder of one test; each connection is a storage object of its own, as in another process. */
function directory(clock: Clock): Backend {
  const path = temporaryFolder();
  return { connect: () => new DirectoryStorage(path, { clock, durable: false }) };
}

/** The same, and each connection has a cache of its own; they tell each other by a bus. */
function cachedDirectory(clock: Clock): Backend {
  return cached(directory(clock), clock);
}

function overRedis(): typeof STORAGES {
  return [
    ['redis', (clock) => timedRedis('redis 6', clock)],
    ['cache over redis', (clock) => cached(timedRedis('ioredis 6', clock), clock)],
  ];
}

function overPostgres(): typeof STORAGES {
  return [
    ['postgres', postgresBackend],
    ['cache over postgres', (clock) => cached(postgresBackend(clock), clock)],
  ];
}

function cached({ connect }: Backend, clock: Clock): Backend {
  const bus = new InProcessInvalidationBus();
  return { connect: () => new CacheStorage(connect(), { clock, bus }) };
}

/** Lets one object stand for many connections: the library orders the writers of one storage object, not of its delegate. */
function connections(storage: SessionStorage): Backend {
  return { connect: () => new ForwardingStorage(storage) };
}
