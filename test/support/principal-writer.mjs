// A process of its own that uses the index of a DirectoryStorage of the built package, in the folder that is named first, for the
// principal `p`. It says `ready`, and what came of each call: `done <JSON>`.
//
// `add ID LIMIT`: adds one, for a request that began just now. With `stop` behind it, it stops itself (SIGSTOP) right before the
// step that would put the next state in place, and says so first.
// `evict N LIMIT`: adds N, each in the place of the oldest when it is full, and makes sure each time that there are not too many.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [path, job, what, limit, change] = process.argv.slice(2);
const say = (line) => fs.writeSync(1, `${line}\n`);

// Of a mark to the next one, or of a finished folder to its place
const NEXT_STATE = /\/principals\/[^/]+\/[^/]+(\/[^/]+\.\d+)?$/;
const { rename } = fs;
let isStopping = change === 'stop';
fs.rename = (from, to, done) => {
  if (isStopping && NEXT_STATE.test(to)) {
    isStopping = false;
    say('stops');
    process.kill(process.pid, 'SIGSTOP');
  }
  return rename(from, to, done);
};
syncBuiltinESMExports();

const { DirectoryStorage } = await import('nest-sessions');
const { principals } = new DirectoryStorage(path, { durable: job !== 'evict' });
const options = { expiresAt: Date.now() + 3_600_000, begunAgo: 0, limit: Number(limit) };

async function evict(id) {
  for (;;) {
    const result = await principals.add('p', id, options);
    const { length } = await principals.entries('p');
    if (length > options.limit) throw new Error(`there are ${length}`);
    if (result.added) return;
    await principals.remove('p', result.entries[0].id);
  }
}

say('ready');
if (job === 'add') say(`done ${JSON.stringify(await principals.add('p', what, options))}`);
else for (let times = 0; times < Number(what); times++) await evict(`${process.pid}-${times}`);
