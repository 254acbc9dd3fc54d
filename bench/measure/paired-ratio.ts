/** The ratio of each round: what a candidate cost, in times of what the baseline cost right before or after it. */
export function pairedRatios(costs: readonly number[], baseline: readonly number[]): readonly number[] {
  return costs.map((cost, round) => cost / baseline[round]!);
}
