/**
 * What sessions cost an app for a request over HTTP, beside the same app without them and beside the peers, over every kind of
 * storage. `--kind=redis` and `--platform=express` measure a part, `--rounds=60` takes longer to give up on noise.
 */
import { parseArgs } from 'node:util';
import { KINDS } from './apps/app-spec.js';
import { startBackends } from './apps/bench-backends.js';
import { hasOwnCore, leaveAppCore } from './apps/cores.js';
import { PLATFORMS } from './apps/nest-app.js';
import { heatsOf, type Heat } from './requests/match.js';
import { printHeat } from './requests/print-heat.js';
import { report } from './requests/report.js';

const { values } = parseArgs({
  options: {
    kind: { type: 'string' },
    platform: { type: 'string' },
    rounds: { type: 'string', default: '30' },
  },
});
const kinds = KINDS.filter((kind) => values.kind === undefined || values.kind === kind);
const platforms = PLATFORMS.filter((platform) => values.platform === undefined || values.platform === platform);
if (kinds.length * platforms.length === 0)
  throw new Error(`Cannot measure that: there are ${[...KINDS, ...PLATFORMS].join(', ')}`);

if (!hasOwnCore) console.log('The app shares its core with the load: there is no other, or no taskset');
leaveAppCore();
const backends = await startBackends();
try {
  for (const platform of platforms) {
    for (const kind of kinds) {
      console.log(`\n=== ${kind}, ${platform}`);
      const heats: Heat[] = [];
      for await (const heat of heatsOf({ platform, kind, mostRounds: Number(values.rounds) }, backends)) {
        printHeat(heat);
        heats.push(heat);
      }
      await report(heats);
    }
  }
} finally {
  await backends.remove();
}
