/** What something costs at one size of one thing. */
export interface GrowthPoint {
  /** What is measured: a storage and an operation, say. */
  readonly series: string;
  /** The size: how many sessions, how many bytes. */
  readonly at: number;
  /** CPU time of one operation or request, in microseconds. */
  readonly cpu: number;
  /** How long one takes, in microseconds; absent where only CPU time tells. */
  readonly wall?: number;
}

/** How a cost grows with one thing. */
export interface Growth {
  /** The name of its chart. */
  readonly name: string;
  /** Says what stands on the axes, and what was done. */
  readonly title: string;
  readonly axis: string;
  readonly points: readonly GrowthPoint[];
}

/** Steeper than this is worse than linear, whatever the noise. */
const LINEAR = 1.15;

/** Says for each series how steeply it grows from its first size to its last: 0 not at all, 1 as the size does. */
export function steepnessOf({
  points,
}: Growth): readonly { readonly series: string; readonly exponent: number; readonly isWorseThanLinear: boolean }[] {
  return [...new Set(points.map(({ series }) => series))].map((series) => {
    const own = points.filter((point) => point.series === series);
    const [first, last] = [own[0]!, own.at(-1)!];
    const exponent = Math.log(last.cpu / first.cpu) / Math.log(last.at / first.at);
    return { series, exponent, isWorseThanLinear: exponent > LINEAR };
  });
}
