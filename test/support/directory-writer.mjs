// A process of its own that writes to a DirectoryStorage of the built package, in the folder that is named first.
//
// `chaos N`: begins, replaces and ends records, several at once, until it is killed. Of each step it says what it is about to do
// and that it is done: `begin <id> <content>`, `done <id> <content>`; the content `-` is no record.
// `count N`: adds 1 to the number under `n`, N times, each time on the condition that nobody was faster.
import { writeSync } from 'node:fs';
import { collect, DirectoryStorage, streamOf } from 'nest-sessions';

const [path, job, count] = process.argv.slice(2);
const storage = new DirectoryStorage(path, { durable: job === 'chaos' });
const expiresAt = Date.now() + 3_600_000;

const say = (line) => writeSync(1, `${line}\n`);
const seen = (id) =>
  storage.read(id, async ({ stream, version }) => ({ version, text: Buffer.from(await collect(stream)).toString() }));

/** Large enough to be written in several pieces, each of which says what all of it is. */
async function* source(content) {
  for (let piece = 0; piece < 20; piece++) yield Buffer.from(`${content};`.repeat(100));
}

async function chaos(id) {
  for (;;) {
    const before = await seen(id);
    const content = before !== undefined && Math.random() < 0.2 ? '-' : Math.random().toString(36).slice(2, 12);
    say(`begin ${id} ${content}`);
    const expect = before === undefined ? 'absent' : { version: before.version };
    const result =
      content === '-'
        ? await storage.write(id, streamOf(Buffer.alloc(0)), { expiresAt: 0, expect })
        : await storage.write(id, source(content), { expiresAt, expect });
    if (!result.written) throw new Error(`refused: ${result.reason}`);
    say(`done ${id} ${content}`);
  }
}

async function add() {
  for (;;) {
    const { version, text } = await seen('n');
    const bytes = streamOf(Buffer.from(String(Number(text) + 1)));
    if ((await storage.write('n', bytes, { expiresAt, expect: { version } })).written) return;
  }
}

say('ready');
if (job === 'chaos') await Promise.all(Array.from({ length: Number(count) }, (_, index) => chaos(`id${index}`)));
else for (let times = 0; times < Number(count); times++) await add();
