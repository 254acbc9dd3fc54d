/** Something to measure: does its work `times` over. */
export interface Candidate {
  readonly name: string;
  run(times: number): Promise<void>;
}

/** What two candidates cost, measured in turns. */
export interface PairedRatio {
  /** Median CPU time a run, in microseconds. */
  readonly baseline: number;
  readonly candidate: number;
  /** Median of the rounds' ratios, candidate to baseline, and its 95 % interval. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

/** How much to measure. */
export interface Amount {
  readonly rounds: number;
  readonly timesPerRound: number;
}

/** The quantile of the normal distribution that leaves 2.5 % on either side. */
const Z = 1.96;

/**
 * Compares the CPU time of two candidates in one process. Each round runs both, one right after the other and in changing
 * order, so that what else the machine does falls on both.
 */
export async function pairedRatio(
  baseline: Candidate,
  candidate: Candidate,
  { rounds, timesPerRound }: Amount,
): Promise<PairedRatio> {
  await baseline.run(timesPerRound * 2);
  await candidate.run(timesPerRound * 2);
  const pairs: { readonly baseline: number; readonly candidate: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [baseline, candidate] : [candidate, baseline];
    const cost = new Map<Candidate, number>();
    for (const one of order) cost.set(one, await cpuTime(one, timesPerRound));
    pairs.push({ baseline: cost.get(baseline) ?? NaN, candidate: cost.get(candidate) ?? NaN });
  }
  const ratios = pairs.map((pair) => pair.candidate / pair.baseline).toSorted((a, b) => a - b);
  // Order statistics: no assumption about the noise, which has a long tail
  const margin = (Z * Math.sqrt(rounds)) / 2;
  return {
    baseline: median(pairs.map((pair) => pair.baseline)),
    candidate: median(pairs.map((pair) => pair.candidate)),
    ratio: median(ratios),
    low: ratios[Math.floor(rounds / 2 - margin)] ?? NaN,
    high: ratios[Math.ceil(rounds / 2 + margin)] ?? NaN,
    rounds,
  };
}

async function cpuTime(candidate: Candidate, times: number): Promise<number> {
  const start = process.cpuUsage();
  await candidate.run(times);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / times;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
