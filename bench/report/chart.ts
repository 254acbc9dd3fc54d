import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Error as ERRORS, logger, parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** It warns of scales of parts of a chart that are meant to be independent. */
const quiet = logger(ERRORS);

/** Draws a chart into an SVG file: text is dark on white, so that it reads on any page. */
export async function drawChart(path: string, spec: TopLevelSpec): Promise<void> {
  const { spec: vega } = compile({ background: 'white', ...spec }, { logger: quiet });
  const view = new View(parse(vega), { renderer: 'none' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${await view.toSVG()}\n`);
  view.finalize();
}
