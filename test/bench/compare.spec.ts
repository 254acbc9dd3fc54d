import { expect, it } from 'vitest';
import { compare, type Runner } from '../../bench/requests/compare.js';

/** Costs that come again and again. */
function costing(...cpu: readonly number[]): Runner {
  let round = 0;
  return { round: async () => ({ cpu: cpu[round++ % cpu.length]!, perSecond: 1, p50: 2, p99: 3 }) };
}

const field = (without: Runner, control: Runner) => {
  const ours = costing(30);
  return {
    without,
    control,
    ours,
    all: new Map([
      ['ours', ours],
      ['peer', costing(50)],
    ]),
  };
};

it('rounds end when the app without sessions agrees with itself, at the fewest that say something', async () => {
  const { rounds, isSettled, control } = await compare(field(costing(10), costing(10.1)), 100);
  expect({ rounds, isSettled }).toEqual({ rounds: 15, isSettled: true });
  expect(control.median).toBeCloseTo(1.01);
});

it('rounds are added as long as it does not, up to the most', async () => {
  expect(await compare(field(costing(10), costing(12)), 40)).toMatchObject({ rounds: 40, isSettled: false });
});

it('rounds are added until it does', async () => {
  const settling = costing(...Array<number>(12).fill(20), ...Array<number>(1000).fill(10));
  const { rounds, isSettled } = await compare(field(costing(10), settling), 1000);
  expect(isSettled).toBe(true);
  expect(rounds).toBeGreaterThan(15);
});

it('each is measured beside the app without sessions and beside ours, with an interval', async () => {
  const { measured } = await compare(field(costing(10), costing(10)), 20);
  expect(measured).toMatchObject([
    { app: 'ours', added: { median: 20, low: 20, high: 20 }, ratio: { median: 3 }, overOurs: { median: 0 } },
    { app: 'peer', added: { median: 40 }, ratio: { median: 5 }, overOurs: { median: 20 }, cost: { p50: 2, p99: 3 } },
  ]);
});
