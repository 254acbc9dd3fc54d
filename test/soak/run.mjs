// Mixed traffic over real HTTP for SOAK_SECONDS, divided among the storages that are named (default: all): prints a line a
// sample, and fails with a message that names what has grown, or what does not fit the books of the clients.
// SOAK_SEED repeats the choices of an earlier run.
import { grown, lineOf, measure, slopeOf } from './vitals.mjs';
import { setImmediate } from 'node:timers/promises';
import { startApps, STORAGES, TOUCH_AFTER } from './apps.mjs';
import { connections, hangUp, sent } from './browser.mjs';
import { Traffic } from './traffic.mjs';

const SAMPLES = 24;
/** The share of a run, and the requests, after which what is compiled and kept once is there; a busy machine takes longer. */
const WARM_UP = 0.4;
const WARM_UP_REQUESTS = 1500;
const MAX_REQUESTS = 2_000_000;

const kinds = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STORAGES);
const seconds = Number(process.env.SOAK_SECONDS ?? 10) / kinds.length;
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);

function fail(kind, sentences) {
  for (const sentence of sentences) console.error(`soak failed (${kind}, seed ${seed}): ${sentence}`);
  if (sentences.length > 0) process.exitCode = 1;
}

/** Aborted connections take a moment to be gone. */
async function connectionsGone({ apps }, left) {
  for (let turns = 0; turns < 1000; turns++) {
    if (apps.reduce((sum, { sockets }) => sum + sockets.size, 0) <= left()) return;
    await setImmediate();
  }
}

function print(kind, started, { requests, gauges }, traffic, { store }) {
  const parts = [
    `${((performance.now() - started) / 1000).toFixed(1)} s`,
    `${requests} requests`,
    `records ${store.records()} (${traffic.living} live)`,
    lineOf(gauges),
  ];
  console.log(`${kind}: ${parts.join(', ')}`);
}

/** Compares what is stored with what clients know, once expired records are swept. */
async function unbalanced({ apps, store, clock }, traffic) {
  for (const { storage } of apps) while ((await storage.sweep()) > 0);
  const found = [];
  const [records, living] = [store.records(), traffic.living];
  if (records !== living)
    found.push(`${records} records are stored, ${living} sessions live by the books of their clients`);
  if (store.leftovers().length > 0) found.push(`${store.leftovers().length} temporary files were left`);
  for (const [index, session] of traffic.known.entries()) await session.check(apps[index % 2].origin, clock.now());
  for (const { events } of apps)
    if (events.storageFailed) found.push(`${events.storageFailed} calls of the storage failed`);
  return found;
}

async function soak(kind, world, idle) {
  const traffic = new Traffic(world, seed);
  const started = performance.now();
  const first = sent.count;
  const samples = [];
  let isWarm = false;
  let due = started + seconds * 1000 * WARM_UP;
  while (samples.length < SAMPLES && sent.count - first < MAX_REQUESTS) {
    await traffic.round();
    isWarm ||= sent.count - first >= WARM_UP_REQUESTS;
    if (!isWarm || performance.now() < due) continue;
    due = performance.now() + (seconds * 1000 * (1 - WARM_UP)) / SAMPLES;
    await connectionsGone(world, connections);
    samples.push({ requests: sent.count - first, gauges: measure(world) });
    print(kind, started, samples.at(-1), traffic, world);
  }
  fail(kind, grown(samples));
  fail(kind, await unbalanced(world, traffic));
  const events = world.apps.map((app) => JSON.stringify(app.events)).join(' ');
  console.log(`${kind}: heap ${slopeOf(samples).toFixed(1)} bytes a request; events ${events}`);
  // The apps are closed with touches under way
  world.clock.advance(TOUCH_AFTER);
  const living = traffic.known.filter((session) => session.lives(world.clock.now()));
  await Promise.all(living.map((session, index) => session.check(world.apps[index % 2].origin, world.clock.now())));
  hangUp();
  await world.close();
  if (world.calls > 0) fail(kind, [`${world.calls} calls of the storage are under way behind closed apps`]);
  // A request of the file system is listed until its callback has returned, and that may be where this runs
  await setImmediate();
  await connectionsGone(world, () => 0);
  if (world.clock.timers > 0) fail(kind, [`${world.clock.timers} timers are left behind closed apps`]);
  if (world.bus.listeners > 0) fail(kind, [`${world.bus.listeners} listeners of the bus are left behind closed apps`]);
  const left = process.getActiveResourcesInfo();
  const counted = [...new Set(left)].map((one) => `${left.filter((other) => other === one).length} ${one}`);
  if (left.length > idle) fail(kind, [`resources are left behind closed apps: ${counted.join(', ')}`]);
}

console.log(`soak: ${kinds.join(', ')}; ${seconds} s each, seed ${seed}`);
for (const kind of kinds) {
  const idle = process.getActiveResourcesInfo().length;
  const world = await startApps(kind);
  try {
    await soak(kind, world, idle);
  } catch (error) {
    fail(kind, [error.stack]);
    break;
  } finally {
    world.store.remove();
  }
}
// What has failed may have left something that keeps it alive
if (process.exitCode !== undefined) process.exit();
console.log('soak passed');
