import { median, medianInterval } from './median.js';
import { inRounds, type Amount, type Candidate } from './rounds.js';

/** What two candidates cost, measured in turns. */
export interface PairedRatio {
  /** Median CPU time a run, in microseconds. */
  readonly baseline: number;
  readonly candidate: number;
  /** Median of the rounds' ratios, candidate to baseline, and its 95 % interval. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Compares the CPU time of two candidates. */
export async function pairedRatio(baseline: Candidate, candidate: Candidate, amount: Amount): Promise<PairedRatio> {
  const costs = await inRounds([baseline, candidate], amount);
  const [without, withIt] = [baseline, candidate].map((one) => (costs.get(one) ?? []).map(({ cpu }) => cpu));
  const { median: ratio, low, high } = medianInterval(pairedRatios(withIt!, without!));
  return { baseline: median(without!), candidate: median(withIt!), ratio, low, high };
}

/** Each round's ratio. */
export function pairedRatios(costs: readonly number[], baseline: readonly number[]): readonly number[] {
  return costs.map((cost, round) => cost / baseline[round]!);
}
