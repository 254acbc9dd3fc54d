import { join } from 'node:path';
import { drawChart } from '../report/chart.js';
import { RESULTS } from '../report/results.js';
import type { Growth } from './growth.js';

/** Draws one chart: both axes are logarithmic, so that what grows as its size does is a line of 45 degrees. */
export function drawGrowth({ name, title, axis, points }: Growth): Promise<void> {
  return drawChart(join(RESULTS, `${name}.svg`), {
    title,
    width: 560,
    height: 320,
    data: { values: points.map(({ series, at, cpu }) => ({ series, at, cpu: Math.max(cpu, 1) })) },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: axis, scale: { type: 'log' } },
      y: { field: 'cpu', type: 'quantitative', title: 'microseconds of CPU', scale: { type: 'log' } },
      color: { field: 'series', type: 'nominal', title: null, legend: { orient: 'bottom', columns: 4 } },
    },
  });
}
