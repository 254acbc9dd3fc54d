/** Something to measure: does its work `times` over. */
export interface Candidate {
  readonly name: string;
  run(times: number): Promise<void>;
}

/** What one run of a candidate's work cost in one round, in microseconds. */
export interface Cost {
  readonly wall: number;
  /** Of all threads of this process. */
  readonly cpu: number;
}

/** How much to measure. */
export interface Amount {
  readonly rounds: number;
  readonly timesPerRound: number;
  /** No round begins later than this; default: none is left out. */
  readonly seconds?: number;
}

/** Fewer say nothing of the spread. */
const FEWEST_ROUNDS = 10;

/**
 * Measures candidates in one process. Each round runs all of them, one right after the other and in changing order, so that
 * what else the machine does falls on all.
 *
 * @returns for each candidate its cost in each round, in the order of the rounds
 */
export async function inRounds(
  candidates: readonly Candidate[],
  { rounds, timesPerRound, seconds = Infinity }: Amount,
): Promise<ReadonlyMap<Candidate, readonly Cost[]>> {
  for (const candidate of candidates) await candidate.run(timesPerRound * 2);
  const costs = new Map<Candidate, Cost[]>(candidates.map((candidate) => [candidate, []]));
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() > end) break;
    for (const candidate of shuffled(candidates)) {
      const cost = await costOf(() => candidate.run(timesPerRound));
      costs.get(candidate)?.push({ wall: cost.wall / timesPerRound, cpu: cost.cpu / timesPerRound });
    }
  }
  return costs;
}

/** What some work costs in all. */
export async function costOf(work: () => Promise<void>): Promise<Cost> {
  const begin = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - begin) * 1000, cpu: user + system };
}

/** A copy in random order. */
export function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
