import type { Step } from './scheduler.js';

/** What differs between what was expected and what was seen. */
export interface Difference {
  readonly where: string;
  readonly expected: string;
  readonly seen: string;
}

/** An order of steps that went wrong. */
export interface Failure {
  readonly steps: readonly Step[];
  readonly difference: Difference;
}

/** What came of running something in every order. */
export interface Exploration {
  readonly orders: number;
  readonly failures: readonly Failure[];
}

/**
 * Says what went wrong, and how: the failing order of the fewest steps, and among those the one in which programs take turns least
 * often.
 *
 * @param setting what was run
 * @returns nothing when all went well
 */
export function report(setting: readonly string[], { orders, failures }: Exploration): string {
  const [shortest] = failures.toSorted(
    ({ steps: one }, { steps: other }) => one.length - other.length || switchesOf(one) - switchesOf(other),
  );
  if (shortest === undefined) return '';
  const { steps, difference } = shortest;
  return [
    `${failures.length} of ${orders} orders fail. The shortest:`,
    ...setting.map((line) => `  ${line}`),
    ...linesOf(steps).map((line) => `  ${line}`),
    `${difference.where}:`,
    `  expected ${difference.expected}`,
    `  but saw  ${difference.seen}`,
  ].join('\n');
}

/** Compares what was expected with what was seen. */
export function compare(where: string, expected: unknown, seen: unknown): Difference | undefined {
  const difference = { where, expected: textOf(expected), seen: textOf(seen) };
  return difference.expected === difference.seen ? undefined : difference;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** How a program is called. */
export function letterOf(program: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + program);
}

function linesOf(steps: readonly Step[]): readonly string[] {
  let number = 0;
  return steps.map(({ program, text, isTold, result }) => {
    const place = isTold ? '' : `${++number}.`;
    return `${place.padStart(3)} ${letterOf(program)} ${text}${result === undefined ? '' : `: ${result}`}`;
  });
}

function switchesOf(steps: readonly Step[]): number {
  return steps.filter(({ program }, index) => program !== steps[index - 1]?.program).length;
}
