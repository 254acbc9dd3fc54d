import { describe, it } from 'vitest';
import { explore } from '../support/explorer/explore.js';
import type { IndexPlace } from '../support/explorer/principal-bench.js';
import { judgePrincipals } from '../support/explorer/principal-judge.js';
import { runPrincipals, type PrincipalOutcome } from '../support/explorer/principal-run.js';
import { principalScenarios, type PrincipalScenario } from '../support/explorer/principal-scenarios.js';
import { letterOf, report, type Failure } from '../support/explorer/report.js';
import { sample } from '../support/explorer/sample.js';
import type { Choose } from '../support/explorer/scheduler.js';

/** Among so many failures there is a short one. */
const MOST_FAILURES = 200;

/** Where entries are kept, how many instances there are, and whether this is where most orders are run. */
const places: readonly (readonly [where: string, place: IndexPlace, instances: number, isMain: boolean])[] = [
  ['two instances', 'apart', 2, true],
  ['one instance', 'apart', 1, false],
  ['two instances, an index that knows of records', 'with records', 2, false],
];

function outcomesOf(
  { orders }: PrincipalScenario,
  isMain: boolean,
  run: (choose: Choose) => Promise<PrincipalOutcome>,
): AsyncGenerator<PrincipalOutcome> {
  if (orders === 'few' || (orders === 'some' && isMain)) return explore(run);
  return sample(isMain ? 300 : 50, run);
}

function settingOf({ setUp, programs }: PrincipalScenario): readonly string[] {
  return [
    ...setUp.map(({ text }) => `before: ${text}`),
    ...programs.map((acts, program) => `${letterOf(program)}: ${acts.map(({ text }) => text).join('; then ')}`),
  ];
}

describe.each(places)('principals, %s', (_, place, instances, isMain) => {
  it.for(principalScenarios)('$title', { timeout: 60_000 }, async (scenario, { task }) => {
    const run = (choose: Choose) => runPrincipals(scenario, place, instances, choose);
    const failures: Failure[] = [];
    let orders = 0;
    for await (const outcome of outcomesOf(scenario, isMain, run)) {
      orders++;
      const difference = judgePrincipals(scenario, outcome);
      if (difference !== undefined) failures.push({ steps: outcome.steps, difference });
      if (outcome.stuck !== undefined || failures.length === MOST_FAILURES) break;
    }
    task.meta.interleavings = { storage: 'principals', scenario: scenario.title, orders };
    if (failures.length > 0) throw new Error(report(settingOf(scenario), { orders, failures }));
  });
});
