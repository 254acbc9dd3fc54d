/** Runs the benches named on the command line, or all, each in a process of its own: `npm run bench -- directory`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHES = ['unused-session', 'requests', 'growth', 'footprint', 'drivers', 'directory', 'streaming', 'sealing'];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const unknown = names.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) throw new Error(`Cannot run bench ${unknown.join(', ')}: there are ${BENCHES.join(', ')}`);

for (const name of names.length > 0 ? names : BENCHES) {
  console.log(`\n== ${name}`);
  // Options are for a bench that was named
  const script = join(import.meta.dirname, `${name}.js`);
  const { status } = spawnSync(process.execPath, [script, ...(names.length > 0 ? options : [])], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
