/**
 * `RedisStorage` and `PostgresStorage` beside the least that their drivers must do, by the same client or pool: read, create and
 * replace of records of 1 KB, one after the other and 10 at once. A replace is measured beside two: one that overwrites whatever
 * is there, and one that, like the storage, first compares a version.
 *
 * The servers are on this machine, where the way to them costs next to nothing: over a network, ratios of time are nearer to 1.
 */
import { driverCosts, type DriverCost } from './storages/driver-costs.js';
import type { MedianInterval } from './measure/median.js';
import { writeResults } from './report/results.js';

/** What the issue allows ours to take, in times of what the driver alone takes. */
const ALLOWED = 1.3;

const costs = await driverCosts();
for (const cost of costs) print(cost);
writeResults('drivers', { costs });

function print(cost: DriverCost): void {
  const { driver, operation, rawName, isSafe, atOnce, storage, raw, wallRatio, cpuRatio, rounds } = cost;
  const us = (value: number): string => value.toFixed(0).padStart(4);
  const title = `${driver.padEnd(9)} ${operation.padEnd(7)} ${String(atOnce).padStart(2)} at once, beside ${rawName}${isSafe ? '' : ' (unsafe)'}`;
  const verdict = wallRatio.median <= ALLOWED && cpuRatio.median <= ALLOWED ? 'within' : 'ABOVE';
  console.log(
    `${title.padEnd(74)} time ${us(storage.wall)} : ${us(raw.wall)} us, ${text(wallRatio)}; CPU ${us(storage.cpu)} : ${us(raw.cpu)} us, ${text(cpuRatio)}; ${verdict} ${ALLOWED} (${rounds} rounds)`,
  );
}

function text({ median, low, high }: MedianInterval): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
