import { startPostgres } from '../../test/support/servers/postgres-server.js';
import { startRedis } from '../../test/support/servers/redis-server.js';
import { newId } from './contestant.js';
import type { DriverOperation, DriverPair } from './driver-pair.js';
import { pgPair } from './driver-postgres.js';
import { ioRedisPair, nodeRedisPair } from './driver-redis.js';
import { inFlight } from '../measure/in-flight.js';
import { median, medianInterval, type MedianInterval } from '../measure/median.js';
import { pairedRatios } from '../measure/paired-ratio.js';
import { inRounds, type Amount, type Candidate, type Cost } from '../measure/rounds.js';

/** What one operation costs by a storage, and by one way to do it with the driver alone. */
export interface DriverCost {
  readonly driver: string;
  readonly storageName: string;
  readonly operation: DriverOperation;
  /** The driver's command or statement. */
  readonly rawName: string;
  /** Whether that is as safe as the storage: it changes nothing that somebody else has changed meanwhile. */
  readonly isSafe: boolean;
  /** How many are under way at once. */
  readonly atOnce: number;
  /**
   * Medians of the rounds, in microseconds an operation. Time is that until all are done, divided by their number: a round
   * trip takes `atOnce` times as long.
   */
  readonly storage: Cost;
  readonly raw: Cost;
  /** Medians of the rounds' ratios, storage to driver alone. CPU is that of this process, not of the server. */
  readonly wallRatio: MedianInterval;
  readonly cpuRatio: MedianInterval;
  readonly rounds: number;
}

const RECORDS = 500;
const FLIGHTS = [1, 10];
const OPERATIONS = ['read', 'create', 'replace'] as const satisfies readonly DriverOperation[];
const AMOUNT = { rounds: 400, timesPerRound: 50, seconds: 5 } satisfies Amount;
/** Of one candidate, warming up included. */
const MOST_CALLS = (AMOUNT.rounds + 2) * AMOUNT.timesPerRound;

/**
 * Measures `RedisStorage` and `PostgresStorage` beside their drivers, on servers that it starts and stops.
 *
 * @returns by driver, operation, number at once; where the driver can do it safely or not, both
 * @throws {Error} when there is no server on this machine, and none can be installed
 */
export async function driverCosts(): Promise<readonly DriverCost[]> {
  const costs: DriverCost[] = [];
  const redis = await startRedis();
  try {
    for (const connect of [nodeRedisPair, ioRedisPair]) costs.push(...(await costsOf(await connect(redis.url))));
  } finally {
    await redis.remove();
  }
  const postgres = await startPostgres();
  try {
    costs.push(...(await costsOf(await pgPair(postgres.url))));
  } finally {
    await postgres.remove();
  }
  return costs;
}

async function costsOf(pair: DriverPair): Promise<readonly DriverCost[]> {
  const costs: DriverCost[] = [];
  try {
    const ids = Array.from({ length: RECORDS }, newId);
    const replacements = pair.raw.filter(({ operation }) => operation === 'replace').map(({ run }) => run);
    for (const replace of [pair.storage.replace, ...replacements]) {
      await inFlight(10, RECORDS, (at) => replace(ids[at]!));
    }
    for (const operation of OPERATIONS) {
      for (const atOnce of FLIGHTS) costs.push(...(await costsOfOperation(pair, operation, atOnce, ids)));
    }
  } finally {
    await pair.close();
  }
  return costs;
}

async function costsOfOperation(
  { driver, storage, raw }: DriverPair,
  operation: DriverOperation,
  atOnce: number,
  existing: readonly string[],
): Promise<readonly DriverCost[]> {
  const ours = candidateOf(storage[operation], operation, atOnce, existing);
  const others = raw
    .filter((one) => one.operation === operation)
    .map((one) => ({ one, ...candidateOf(one.run, operation, atOnce, existing) }));
  const costs = await inRounds([ours, ...others], AMOUNT);
  return others.map((other) => ({
    driver,
    storageName: storage.name,
    operation,
    rawName: other.one.name,
    isSafe: other.one.isSafe,
    atOnce,
    ...compared(costs.get(ours)!, costs.get(other)!),
  }));
}

function compared(
  storage: readonly Cost[],
  raw: readonly Cost[],
): Pick<DriverCost, 'storage' | 'raw' | 'wallRatio' | 'cpuRatio' | 'rounds'> {
  const ratio = (kind: keyof Cost): MedianInterval =>
    medianInterval(pairedRatios(valuesOf(storage, kind), valuesOf(raw, kind)));
  return {
    storage: medians(storage),
    raw: medians(raw),
    wallRatio: ratio('wall'),
    cpuRatio: ratio('cpu'),
    rounds: raw.length,
  };
}

function candidateOf(
  work: (id: string) => Promise<void>,
  operation: DriverOperation,
  atOnce: number,
  existing: readonly string[],
): Candidate {
  // Made before, for an id costs as much as a tenth of a command
  const ids = operation === 'create' ? Array.from({ length: MOST_CALLS }, newId) : existing;
  let next = 0;
  return { name: operation, run: (times) => inFlight(atOnce, times, () => work(ids[next++ % ids.length]!)) };
}

function medians(costs: readonly Cost[]): Cost {
  return { wall: median(valuesOf(costs, 'wall')), cpu: median(valuesOf(costs, 'cpu')) };
}

function valuesOf(costs: readonly Cost[], kind: keyof Cost): readonly number[] {
  return costs.map((cost) => cost[kind]);
}
