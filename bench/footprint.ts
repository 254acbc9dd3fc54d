/**
 * What a session of 1 KB takes in memory when there are 100,000 and a million of them, beside the stores of memory that
 * `express-session` has and the least that could hold them: a plain `Map` of buffers. Each in a process of its own.
 *
 * "resident" is what the system says; there the spread between runs is some percent.
 */
import { footprints, type Footprint } from './footprint/footprints.js';
import { writeResults } from './report/results.js';

/** What the issue allows ours to take, in times of what the plain `Map` takes. */
const ALLOWED = 1.3;
const JUDGED = 'SessionStorageMemory';

const COLUMNS = ['heap', 'outside', 'sum', 'resident'] as const satisfies readonly (keyof Footprint)[];

const found = await footprints();
for (const footprint of found) print(footprint);
writeResults('footprint', { footprints: found });

function print(footprint: Footprint): void {
  const { candidate, sessions, ratio, residentRatio } = footprint;
  const figures = COLUMNS.map((column) => `${column} ${footprint[column].toFixed(0).padStart(5)}`);
  let line = `${String(sessions).padStart(8)} ${candidate.padEnd(31)} ${figures.join(', ')} bytes each; beside a plain Map: ${ratio.toFixed(2)}, resident ${residentRatio.toFixed(2)}`;
  if (candidate === JUDGED) line += `, ${ratio <= ALLOWED ? 'within' : 'ABOVE'} ${ALLOWED}`;
  console.log(line);
}
