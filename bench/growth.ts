/**
 * How the cost of sessions grows: with how many a storage holds, with the bytes of one, with how many one request uses, and with
 * how many requests change one at the same time. `npm run bench -- growth --of=payload` measures one of them.
 */
import { parseArgs } from 'node:util';
import { startBackends } from './apps/bench-backends.js';
import { leaveAppCore } from './apps/cores.js';
import { drawGrowth } from './growth/draw-growth.js';
import { steepnessOf, type Growth } from './growth/growth.js';
import { growthOfParallelRequests } from './growth/of-parallel-requests.js';
import { growthOfPayload } from './growth/of-payload.js';
import { growthOfPopulation } from './growth/of-population.js';
import { growthOfSessionCount } from './growth/of-session-count.js';
import { writeResults } from './report/results.js';

const GROWTHS = {
  population: growthOfPopulation,
  payload: growthOfPayload,
  'session-count': growthOfSessionCount,
  'parallel-requests': growthOfParallelRequests,
};

const { values } = parseArgs({ options: { of: { type: 'string' } } });
const chosen = Object.entries(GROWTHS).filter(([name]) => values.of === undefined || values.of === name);
if (chosen.length === 0) throw new Error(`Cannot measure that: there are ${Object.keys(GROWTHS).join(', ')}`);

leaveAppCore();
const backends = await startBackends();
try {
  for (const [, growthOf] of chosen) {
    const growth = await growthOf(backends.ofOneApp());
    print(growth);
    writeResults(growth.name, growth);
    await drawGrowth(growth);
  }
} finally {
  await backends.remove();
}

function print(growth: Growth): void {
  console.log(`\n${growth.title}`);
  for (const { series, exponent, isWorseThanLinear } of steepnessOf(growth)) {
    const own = growth.points.filter((point) => point.series === series);
    const figures = own.map(({ at, cpu, wall }) => {
      const time = wall === undefined ? '' : ` (${wall.toFixed(0)} us of time)`;
      return `${at}: ${cpu.toFixed(0)} us${time}`;
    });
    const verdict = isWorseThanLinear ? 'WORSE than linear' : 'linear at worst';
    console.log(
      `  ${series.padEnd(26)} ${figures.join(', ')}; grows by the power of ${exponent.toFixed(2)}, ${verdict}`,
    );
  }
}
