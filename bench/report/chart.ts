import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Draws a chart into an SVG file: text is dark on white, so that it reads on any page. */
export async function drawChart(path: string, spec: TopLevelSpec): Promise<void> {
  const { spec: vega } = compile({ background: 'white', ...spec });
  const view = new View(parse(vega), { renderer: 'none' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${await view.toSVG()}\n`);
  view.finalize();
}
