import type { MedianInterval } from '../measure/median.js';
import type { Measured } from './compare.js';
import { isOurs, type Heat } from './match.js';

/** Prints what a workload found, a line an app. */
export function printHeat({ workload, rounds, control, isSettled, measured, traffic }: Heat): void {
  const agreement = isSettled ? '' : ', NOT within 5 %';
  console.log(`\n${workload.name} (${rounds} rounds; no sessions beside itself ${interval(control)}${agreement})`);
  for (const one of measured) {
    const { app, cost, ratio, added } = one;
    const moved = traffic.find((traffic) => traffic.app === app);
    const columns = [
      app.padEnd(29),
      `${cost.cpu.toFixed(0).padStart(6)} us of CPU`,
      `x ${interval(ratio)}`,
      `+${added.median.toFixed(0)} us [${added.low.toFixed(0)}, ${added.high.toFixed(0)}]`,
      `${cost.perSecond.toFixed(0)}/s`,
      `p50 ${(cost.p50 / 1000).toFixed(2)} ms`,
      `p99 ${(cost.p99 / 1000).toFixed(2)} ms`,
      `${moved?.storageCalls.toFixed(2)} calls, ${moved?.storageBytes.toFixed(0)} B`,
      `cookie ${moved?.cookieBytes} B`,
      ...(isOurs(app) ? [] : [verdictOn(one)]),
    ];
    console.log(`  ${columns.join('  ')}`);
  }
}

/** What the interval says of ours beside a peer. */
export function verdictOn({ overOurs }: Pick<Measured, 'overOurs'>): 'ours takes less' | 'ours TAKES MORE' | 'equal' {
  if (overOurs.low > 0) return 'ours takes less';
  return overOurs.high < 0 ? 'ours TAKES MORE' : 'equal';
}

function interval({ median, low, high }: MedianInterval): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
