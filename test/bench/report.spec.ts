import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../bench/apps/app-spec.js';
import { steepnessOf } from '../../bench/growth/growth.js';
import type { Heat } from '../../bench/requests/match.js';
import { addedTable, lossTable } from '../../bench/requests/tables.js';
import { workloadsOf } from '../../bench/requests/workload.js';

const exactly = (median: number) => ({ median, low: median, high: median });

function heat(over: number, control: number): Heat {
  const of = (app: string, overOurs: number) => ({
    app,
    cost: { cpu: 1, perSecond: 1, p50: 1, p99: 1 },
    ratio: exactly(1),
    added: exactly(50),
    overOurs: exactly(overOurs),
  });
  return {
    platform: 'express',
    kind: 'memory',
    workload: workloadsOf('memory')[0]!,
    traffic: [],
    rounds: 15,
    control: exactly(control),
    isSettled: true,
    measured: [of('nest-sessions', 0), of('a peer', over)],
  };
}

describe('the tables of the bench', () => {
  it('list what is lost, and nothing else', () => {
    expect(lossTable([heat(-7, 1)])).toMatch(/a peer.*7 us/);
    expect(lossTable([heat(7, 1)])).toBe('None.');
  });

  it('mark a row whose control is off, in either direction', () => {
    expect(addedTable([heat(7, 1.06)])).toContain('(!)');
    expect(addedTable([heat(7, 0.94)])).toContain('(!)');
    expect(addedTable([heat(7, 1.04)])).not.toContain('(!)');
  });
});

describe('the workloads', () => {
  it.each(KINDS)('use sessions in every way, of every size that fits, by 1, 10 and 100 clients: %s', (kind) => {
    const workloads = workloadsOf(kind);
    const has = (path: string, bytes: number, atOnce: number): boolean =>
      workloads.some((one) => one.path === path && one.bytes === bytes && one.atOnce === atOnce);
    expect([has('plain', 0, 10), has('plain', 1024, 10), has('create', 0, 10)]).toEqual([true, true, true]);
    for (const path of ['read', 'change']) {
      expect([1, 10, 100].map((atOnce) => has(path, 1024, atOnce))).toEqual([true, true, true]);
      const fits = kind !== 'by value';
      expect([10, 100].map((size) => has(path, size * 1024, 10))).toEqual([fits, fits]);
    }
  });
});

it('growth that is worse than linear is told from growth that is not', () => {
  const growing = (power: number) => ({
    name: '',
    title: '',
    axis: '',
    points: [1, 10, 100].map((at) => ({ series: 'one', at, cpu: at ** power })),
  });
  expect(steepnessOf(growing(1))).toMatchObject([{ series: 'one', isWorseThanLinear: false }]);
  expect(steepnessOf(growing(2))[0]!.exponent).toBeCloseTo(2);
  expect(steepnessOf(growing(2))).toMatchObject([{ isWorseThanLinear: true }]);
});

describe('what was measured', () => {
  const resultOf = (name: string): string => readFileSync(`bench/results/${name}`, 'utf8');

  it('is there for every kind of storage and workload, with the commit', () => {
    const { heats } = JSON.parse(resultOf('requests.json')) as {
      heats: (Heat & { run: { commit: string } })[];
    };
    for (const platform of ['express', 'fastify']) {
      for (const kind of KINDS) {
        const names = heats.filter((one) => one.platform === platform && one.kind === kind);
        expect(names.map(({ workload }) => workload.name)).toEqual(workloadsOf(kind).map(({ name }) => name));
      }
    }
    for (const { run } of heats) expect(run.commit).toMatch(/^[0-9a-f]{7,}$/);
  });

  it.each(['population', 'payload', 'sessions-per-request', 'parallel-requests'])(
    'has a chart and nothing worse than linear: growth, %s',
    (name) => {
      const growth = JSON.parse(resultOf(`growth-${name}.json`)) as Parameters<typeof steepnessOf>[0];
      expect(growth.points.length).toBeGreaterThan(0);
      expect(steepnessOf(growth).filter(({ isWorseThanLinear }) => isWorseThanLinear)).toEqual([]);
      expect(resultOf(`growth-${name}.svg`)).toMatch(/^<svg /);
    },
  );

  it('is in the README: a chart, a table, the command, the machine and what was lost', () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(readme).toContain('](bench/results/requests-express.svg)');
    expect(resultOf('requests-express.svg')).toMatch(/^<svg /);
    expect(readme).toContain('npm run bench -- requests');
    expect(readme).toMatch(
      /<!-- speed -->[^]*\| fastify[^]*Measured [^]* at commit [0-9a-f]+, Node [^]*<!-- \/speed -->/,
    );
    expect(readme).toContain('](bench/RESULTS.md#lost)');
  });
});
