/**
 * What an app pays on a route that does not use the session: CPU time a request in process, beside the same app with one empty
 * global interceptor, and, with `interceptor: 'declared'`, beside the app without any. Each app in a process of its own.
 */
import { AppProcess } from './apps/app-process.js';
import { leaveAppCore } from './apps/cores.js';
import { PLATFORMS, type Platform } from './apps/nest-app.js';
import { median, medianInterval, type MedianInterval } from './measure/median.js';
import { pairedRatios } from './measure/paired-ratio.js';
import { shuffled } from './measure/rounds.js';
import { writeResults } from './report/results.js';

/** What the issue allows the lower end of the interval to be. */
const ALLOWED = 1.03;
/** Two processes of one app differ for as long as they live, by up to a tenth: so there are some of each. */
const PAIRS = 8;
const ROUNDS = 25;
const REQUESTS = 400;
const WARM_UP_ROUNDS = 10;

const BACKENDS = { redisUrl: '', postgresUrl: '', folder: '' };

const COMPARISONS = [
  { app: 'nest-sessions', baseline: 'empty interceptor' },
  { app: "nest-sessions, interceptor: 'declared'", baseline: 'no sessions' },
  { app: 'empty interceptor', baseline: 'empty interceptor' },
] as const;

/** What an app costs beside another. */
interface Unused {
  readonly platform: Platform;
  readonly app: string;
  readonly baseline: string;
  /** CPU time a request in microseconds, medians of the rounds. */
  readonly cost: number;
  readonly baselineCost: number;
  readonly ratio: MedianInterval;
  readonly isWithin: boolean;
}

leaveAppCore();
const found: Unused[] = [];
for (const platform of PLATFORMS) {
  for (const { app, baseline } of COMPARISONS) {
    const unused = await compare(platform, app, baseline);
    found.push(unused);
    const { cost, baselineCost, ratio, isWithin } = unused;
    console.log(
      `${platform.padEnd(8)} ${`${app} : ${baseline}`.padEnd(54)} ${baselineCost.toFixed(1)} -> ${cost.toFixed(1)} us, ratio ${ratio.median.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}], ${isWithin ? 'within' : 'ABOVE'} ${ALLOWED}`,
    );
  }
}
writeResults('unused-session', { found });

async function compare(platform: Platform, app: string, baseline: string): Promise<Unused> {
  const without: number[] = [];
  const withIt: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const [first, second] = await costsOfPair(platform, baseline, app);
    without.push(...first);
    withIt.push(...second);
  }
  const ratio = medianInterval(pairedRatios(withIt, without));
  const isWithin = ratio.low <= ALLOWED;
  return { platform, app, baseline, cost: median(withIt), baselineCost: median(without), ratio, isWithin };
}

/** CPU time of a request in each round, of two apps that take turns. */
async function costsOfPair(
  platform: Platform,
  ...apps: readonly [string, string]
): Promise<readonly [readonly number[], readonly number[]]> {
  const processes = await Promise.all(
    apps.map((app) => AppProcess.start({ app, platform, kind: 'memory', backends: BACKENDS })),
  );
  const costs = new Map<AppProcess, number[]>(processes.map((one) => [one, []]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const one of shuffled(processes)) {
      const cost = await one.inject({ path: '/plain', times: REQUESTS });
      if (round >= 0) costs.get(one)!.push(cost);
    }
  }
  for (const one of processes) await one.stop();
  const [first, second] = processes.map((one) => costs.get(one)!);
  return [first!, second!];
}
