import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import type { StorageKind } from '../apps/app-spec.js';
import { drawChart } from '../report/chart.js';
import { RESULTS } from '../report/results.js';
import { OURS, type Heat } from './match.js';

/** What the chart shows: what an app does most. */
const SHOWN = new Set(['not used, cookie', 'read 1 KB', 'change 1 KB', 'create']);
/** Where there is a peer to be seen beside ours. */
const KINDS: readonly StorageKind[] = ['memory', 'redis', 'postgres', 'directory', 'by value'];
const OUR_COLOUR = '#d6275e';
const PEER_COLOURS = ['#5b7083', '#8fa3b3', '#33475b', '#b9c6d0', '#74889a', '#a8b5bf'];

/** Draws what each kind of storage adds to a request, ours beside the peers, on both platforms. */
export async function drawCosts(heats: readonly Heat[]): Promise<void> {
  const bars = heats
    .filter(({ workload, kind }) => SHOWN.has(workload.name) && KINDS.includes(kind))
    .flatMap(({ platform, kind, workload, measured }) =>
      measured.map(({ app, added }) => ({
        platform,
        kind,
        workload: workload.name,
        app,
        added: Math.max(0, added.median),
        low: Math.max(0, added.low),
        high: Math.max(0, added.high),
      })),
    );
  if (bars.length === 0) return;
  const names = [OURS, ...new Set(bars.map(({ app }) => app).filter((app) => app !== OURS))];
  for (const platform of new Set(bars.map((bar) => bar.platform))) {
    const own = bars.filter((bar) => bar.platform === platform);
    const present = names.filter((name) => own.some(({ app }) => app === name));
    await drawChart(join(RESULTS, `requests-${platform}.svg`), specOf(platform, own, present));
  }
}

function specOf(platform: string, bars: readonly object[], names: readonly string[]): TopLevelSpec {
  return {
    title: {
      text: `CPU time that sessions add to a request, on ${platform}`,
      subtitle: 'microseconds, less is better; with the 95 % interval',
    },
    data: { values: [...bars] },
    facet: { row: { field: 'kind', title: null, sort: [...KINDS], header: { labelAngle: 0, labelAlign: 'left' } } },
    resolve: { scale: { x: 'independent', y: 'independent' } },
    spec: {
      width: 560,
      height: { step: 11 },
      encoding: {
        y: { field: 'workload', type: 'nominal', title: null, sort: [...SHOWN] },
        yOffset: { field: 'app', sort: [...names] },
      },
      layer: [
        {
          mark: { type: 'bar' },
          encoding: {
            x: { field: 'added', type: 'quantitative', title: null },
            color: {
              field: 'app',
              type: 'nominal',
              title: null,
              scale: { domain: [...names], range: [OUR_COLOUR, ...PEER_COLOURS.slice(0, names.length - 1)] },
              legend: { orient: 'top', columns: 2, labelLimit: 400 },
            },
          },
        },
        {
          mark: { type: 'rule', color: '#222' },
          encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
        },
      ],
    },
  };
}
