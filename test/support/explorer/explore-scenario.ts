import type { Bench } from './bench.js';
import { explore } from './explore.js';
import { judge } from './judge.js';
import { textOf } from './program.js';
import { compare, letterOf, type Difference, type Exploration, type Failure } from './report.js';
import { run } from './run.js';
import type { Scenario } from './scenarios.js';
import { modelSettingsOf } from './variants.js';

/** No scenario has as many orders, as long as programs end after a few steps. */
const MOST_ORDERS = 5_000;

/** Among so many failures there is a short one. */
const MOST_FAILURES = 200;

/** Runs a scenario in every order of its steps, until too many have failed, and compares each run with the model. */
export async function exploreScenario(bench: Bench, scenario: Scenario): Promise<Exploration> {
  const { cache, travel } = bench.keeping;
  const settings = modelSettingsOf(scenario.variant, travel);
  const failures: Failure[] = [];
  let orders = 0;
  for await (const one of explore((choose) => run(bench, scenario, choose))) {
    orders++;
    const difference = (await judge(scenario, one, settings, cache)) ?? tooMany(orders);
    if (difference !== undefined) failures.push({ steps: one.steps, difference });
    // Where one is stuck others would be, each for as long as it takes to find out
    if (one.stuck !== undefined || orders > MOST_ORDERS || failures.length === MOST_FAILURES) break;
  }
  return { orders, failures };
}

function tooMany(orders: number): Difference | undefined {
  return orders > MOST_ORDERS ? compare('The number of orders', `${MOST_ORDERS} at most`, 'more') : undefined;
}

/** Says what a scenario is, line by line. */
export function settingOf({ setUp, programs }: Scenario): readonly string[] {
  return [
    ...setUp.map((action) => `before: ${textOf(action)}`),
    ...programs.map((actions, program) => `${letterOf(program)}: ${actions.map(textOf).join('; then ')}`),
  ];
}
