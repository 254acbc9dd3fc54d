import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { DirectoryStorage, SessionStorageMemory, type SessionStorage } from 'nest-sessions';
import { PostgresStorage } from 'nest-sessions/postgres';
import { RedisStorage } from 'nest-sessions/redis';
import pg from 'pg';
import { createClient } from 'redis';
import type { Backends } from '../apps/app-spec.js';
import { inFlight } from '../measure/in-flight.js';
import { median } from '../measure/median.js';
import { costOf, type Cost } from '../measure/rounds.js';
import { newId } from '../storages/contestant.js';
import { storageContestant } from '../storages/storage-contestant.js';
import type { Growth, GrowthPoint } from './growth.js';

/** A storage, and how many sessions it is filled with at the most. */
interface Populated {
  readonly name: string;
  readonly storage: SessionStorage;
  readonly most: number;
  close(): Promise<void>;
}

const COUNTS = [1000, 10_000, 100_000, 1_000_000];
const ROUNDS = 25;
const CALLS = 200;
const AT_ONCE = 10;
/** Of those who fill a storage. */
const FILLING = 64;

/** How the cost of a storage's calls grows with the number of sessions that it holds, those that are used chosen by chance. */
export async function growthOfPopulation(backends: Backends): Promise<Growth> {
  const points: GrowthPoint[] = [];
  for (const populated of [memory(), await redis(backends), await postgres(backends), directory(backends)]) {
    points.push(...(await pointsOf(populated)));
    await populated.close();
  }
  return {
    name: 'growth-population',
    title: 'CPU time of one call of a storage (1 KB), by the number of sessions that it holds',
    axis: 'sessions in the storage',
    points,
  };
}

async function pointsOf({ name, storage, most }: Populated): Promise<readonly GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  const contestant = storageContestant(name, storage);
  const ids: string[] = [];
  for (const count of COUNTS.filter((count) => count <= most)) {
    const first = ids.length;
    for (let at = first; at < count; at++) ids.push(newId());
    await inFlight(FILLING, count - first, (at) => contestant.replace(ids[first + at]!));
    for (const operation of ['read', 'replace'] as const) {
      const { cpu, wall } = await costOfCalls((id) => contestant[operation](id), ids);
      points.push({ series: `${name}: ${operation === 'read' ? 'read' : 'change'}`, at: count, cpu, wall });
    }
  }
  return points;
}

async function costOfCalls(call: (id: string) => Promise<void>, ids: readonly string[]): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const chosen = chosenOf(ids);
    const { cpu, wall } = await costOf(() => inFlight(AT_ONCE, CALLS, (at) => call(chosen[at]!)));
    costs.push({ cpu: cpu / CALLS, wall: wall / CALLS });
  }
  return { cpu: median(costs.map(({ cpu }) => cpu)), wall: median(costs.map(({ wall }) => wall)) };
}

/** Some by chance, each once: of two that change one at the same time, one is refused. */
function chosenOf(ids: readonly string[]): readonly string[] {
  const chosen = new Set<string>();
  while (chosen.size < CALLS) chosen.add(ids[randomInt(ids.length)]!);
  return [...chosen];
}

function memory(): Populated {
  const storage = new SessionStorageMemory({ maxEntries: 2_000_000, maxBytes: 2 ** 32 });
  return { name: 'memory', storage, most: 1_000_000, close: async () => {} };
}

async function redis({ redisUrl }: Backends): Promise<Populated> {
  // Whoever calls it learns of its failures
  const client = await createClient({ url: redisUrl })
    .on('error', () => {})
    .connect();
  return {
    name: 'redis',
    storage: new RedisStorage(client),
    most: 1_000_000,
    async close() {
      await client.flushAll();
      client.destroy();
    },
  };
}

async function postgres({ postgresUrl }: Backends): Promise<Populated> {
  const pool = new pg.Pool({ connectionString: postgresUrl });
  const storage = new PostgresStorage(pool);
  await storage.ensureSchema();
  return { name: 'postgres', storage, most: 1_000_000, close: () => pool.end() };
}

/** A tenth of the others: a million records are three million files and folders. */
function directory({ folder }: Backends): Populated {
  const storage = new DirectoryStorage(join(folder, 'population'), { durable: false });
  return { name: 'directory', storage, most: 100_000, close: () => storage.close() };
}
