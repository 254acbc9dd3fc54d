import { afterAll, describe, it } from 'vitest';
import type { Platform } from '../matrix.js';
import { Bench, type Keeping } from './bench.js';
import { exploreScenario, settingOf } from './explore-scenario.js';
import { report } from './report.js';
import { scenarios, type Scenario } from './scenarios.js';
import type { Cut } from './stepping-storage.js';
import type { Variant } from './variants.js';

declare module 'vitest' {
  interface TaskMeta {
    /** In how many orders of its steps a scenario was run, and over which storage. */
    interleavings?: { readonly storage: string; readonly scenario: string; readonly orders: number };
  }
}

/** How much is run over a storage. */
interface Extent {
  /** How calls are cut into steps on one instance; default: it is run on two only. */
  readonly one?: Cut;
  /** The same on two instances. */
  readonly two: Cut;
  /** Whether scenarios of many orders are run too; default `false`. */
  readonly isFast?: boolean;
}

/** Runs the scenarios in every order over one storage. */
export function interleavingsOver(storage: string, keeping: Keeping, { one, two, isFast = false }: Extent): void {
  const places: (readonly [where: string, platforms: readonly Platform[], cut: Cut])[] = [
    ['two instances', ['express', 'fastify'], two],
  ];
  if (one !== undefined) places.unshift(['one instance', ['fastify'], one]);
  const chosen = scenarios.filter((scenario) => {
    return (keeping.travel === 'by id' || !isById(scenario)) && (isFast || scenario.orders !== 'many');
  });
  describe.each(places)(`${storage}, %s`, (_, platforms, cut) => {
    const benches = new Map<Variant, Promise<Bench>>();
    const benchOf = (variant: Variant): Promise<Bench> => {
      const bench = benches.get(variant) ?? Bench.start(keeping, platforms, variant);
      benches.set(variant, bench);
      return bench;
    };
    afterAll(async () => {
      for (const bench of benches.values()) await (await bench).close();
    });

    it.for(chosen)('$title', { timeout: 60_000 }, async (scenario, { task }) => {
      const bench = await benchOf(scenario.variant);
      bench.cut = scenario.orders === 'few' ? cut : 'whole';
      const exploration = await exploreScenario(bench, scenario);
      task.meta.interleavings = { storage, scenario: scenario.title, orders: exploration.orders };
      if (exploration.failures.length > 0) throw new Error(report(settingOf(scenario), exploration));
    });
  });
}

/** Whether it does what only makes sense where a storage keeps the data. */
function isById({ variant, programs }: Scenario): boolean {
  return variant === 'ids are named' || programs.flat().some(({ kind }) => kind === 'find');
}
