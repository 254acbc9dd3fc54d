import { median, medianInterval, type MedianInterval } from '../measure/median.js';
import { pairedRatios } from '../measure/paired-ratio.js';
import { shuffled } from '../measure/rounds.js';
import type { Load, RoundCost } from './load.js';

/** What one app costs in one workload. */
export interface Measured {
  readonly app: string;
  /** Medians of the rounds. */
  readonly cost: RoundCost;
  /** CPU time a request beside that of the app without sessions, in the same round: as a ratio, and in microseconds more. */
  readonly ratio: MedianInterval;
  readonly added: MedianInterval;
  /** CPU time a request more than ours takes, in microseconds; of ours itself 0. */
  readonly overOurs: MedianInterval;
}

/** What a comparison found. */
export interface Comparison {
  readonly rounds: number;
  /** Of the app without sessions, beside itself in another process. */
  readonly control: MedianInterval;
  /** Whether the control has agreed with itself before the rounds ran out. */
  readonly isSettled: boolean;
  readonly measured: readonly Measured[];
}

/** What can be measured round by round. */
export type Runner = Pick<Load, 'round'>;

/** An app without sessions, the same in another process, ours, and the peers. */
export interface Field {
  readonly without: Runner;
  readonly control: Runner;
  readonly ours: Runner;
  readonly all: ReadonlyMap<string, Runner>;
}

/** How far the control may be from itself, as a share of what it costs. */
export const AGREEMENT = 0.05;
const FEWEST_ROUNDS = 15;

/**
 * Measures all in turns, in changing order, until the control agrees with itself.
 *
 * @param mostRounds ends it if it never does
 */
export async function compare({ without, control, ours, all }: Field, mostRounds: number): Promise<Comparison> {
  const costs = new Map<Runner, RoundCost[]>([without, control, ...all.values()].map((load) => [load, []]));
  const cpuOf = (load: Runner): number[] => costs.get(load)!.map(({ cpu }) => cpu);
  let agreement: MedianInterval = { median: NaN, low: 0, high: Infinity };
  let rounds = 0;
  while (rounds < FEWEST_ROUNDS || (!agrees(agreement) && rounds < mostRounds)) {
    for (const load of shuffled([...costs.keys()])) costs.get(load)!.push(await load.round());
    rounds++;
    agreement = medianInterval(pairedRatios(cpuOf(control), cpuOf(without)));
  }
  const baseline = cpuOf(without);
  const measured = [...all].map(([app, load]) => ({
    app,
    cost: medianCost(costs.get(load)!),
    ratio: medianInterval(pairedRatios(cpuOf(load), baseline)),
    added: medianInterval(differences(cpuOf(load), baseline)),
    overOurs: medianInterval(differences(cpuOf(load), cpuOf(ours))),
  }));
  return { rounds, control: agreement, isSettled: agrees(agreement), measured };
}

function agrees({ low, high }: MedianInterval): boolean {
  return low >= 1 - AGREEMENT && high <= 1 + AGREEMENT;
}

function differences(costs: readonly number[], baseline: readonly number[]): readonly number[] {
  return costs.map((cost, round) => cost - baseline[round]!);
}

function medianCost(costs: readonly RoundCost[]): RoundCost {
  const of = (figure: keyof RoundCost): number => median(costs.map((cost) => cost[figure]));
  return { cpu: of('cpu'), perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') };
}
