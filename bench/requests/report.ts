import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '../apps/app-spec.js';
import { putBetween } from '../report/put-between.js';
import { RESULTS, runFacts, writeResults, type RunFacts } from '../report/results.js';
import { drawCosts } from './cost-chart.js';
import type { Heat } from './match.js';
import { addedTable, fullTable, lossTable, summaryTable } from './tables.js';

/** A heat, and the run that it is of: parts of the results may be measured at different times. */
type DatedHeat = Heat & { readonly run: RunFacts };

/**
 * Writes what was found where people look for it: `results/`, the tables of `RESULTS.md`, and that of the README. Heats of the
 * same platform and kind take the place of those that were there.
 */
export async function report(found: readonly Heat[]): Promise<void> {
  const run = runFacts();
  const isNew = ({ platform, kind }: Heat): boolean =>
    found.some((heat) => heat.platform === platform && heat.kind === kind);
  const heats = [...known().filter((heat) => !isNew(heat)), ...found.map((heat) => ({ ...heat, run }))].toSorted(
    byPlace,
  );
  writeResults('requests', { heats });
  const facts = factsOf(heats);
  writeFileSync(join(RESULTS, 'requests.md'), `# \`npm run bench -- requests\`\n\n${facts}\n\n${fullTable(heats)}\n`);
  const results = join(RESULTS, '..', 'RESULTS.md');
  putBetween(results, 'requests', `${facts}\n\n${addedTable(heats)}`);
  putBetween(results, 'losses', lossTable(heats));
  putBetween(join(RESULTS, '..', '..', 'README.md'), 'speed', `${summaryTable(heats)}\n\n${facts}`);
  await drawCosts(heats);
}

function known(): readonly DatedHeat[] {
  const path = join(RESULTS, 'requests.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { heats: DatedHeat[] }).heats : [];
}

function byPlace(one: DatedHeat, other: DatedHeat): number {
  const place = ({ platform, kind }: DatedHeat): string => `${platform} ${KINDS.indexOf(kind)}`;
  return place(one).localeCompare(place(other));
}

function factsOf(heats: readonly DatedHeat[]): string {
  const runs = [...new Set(heats.map(({ run }) => `${run.measuredAt.slice(0, 10)} at commit ${run.commit}`))];
  const [{ run } = { run: runFacts() }] = heats;
  return `Measured ${runs.join(' and ')}, Node ${run.node}, ${run.cores} cores (${run.cpu}).`;
}
