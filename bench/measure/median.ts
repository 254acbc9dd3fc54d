/** The middle of some values, and where the middle of all such values is likely to be. */
export interface MedianInterval {
  readonly median: number;
  /** Bounds of the 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/** The quantile of the normal distribution that leaves 2.5 % on either side. */
const Z = 1.96;

/** @returns the upper of two middle values; `NaN` of none */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** By order statistics: no assumption about the noise, which has a long tail. */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = values.toSorted((a, b) => a - b);
  const margin = (Z * Math.sqrt(sorted.length)) / 2;
  return {
    median: median(sorted),
    low: sorted[Math.floor(sorted.length / 2 - margin)] ?? NaN,
    high: sorted[Math.ceil(sorted.length / 2 + margin)] ?? NaN,
  };
}
