import { AppProcess } from '../apps/app-process.js';
import type { Backends, StorageKind } from '../apps/app-spec.js';
import { inFlight } from '../measure/in-flight.js';
import { median } from '../measure/median.js';
import { BenchClient } from '../requests/bench-client.js';
import type { Growth, GrowthPoint } from './growth.js';

const FLIGHTS = [1, 4, 16, 64, 128];
const KINDS: readonly StorageKind[] = ['memory', 'redis', 'postgres'];
const REQUESTS = 256;
const ROUNDS = 12;
const WARM_UP_ROUNDS = 4;

/** How the cost of a change grows with the number of requests that change the same session at the same time. */
export async function growthOfParallelRequests(backends: Backends): Promise<Growth> {
  const points: GrowthPoint[] = [];
  for (const kind of KINDS) {
    const app = await AppProcess.start({ app: 'nest-sessions', platform: 'fastify', kind, backends });
    try {
      for (const atOnce of FLIGHTS) points.push(await pointOf(app, kind, atOnce));
    } finally {
      await app.stop();
    }
  }
  return {
    name: 'growth-parallel-requests',
    title: 'CPU time of a change (1 KB), by the number of requests that change the same session at once (Fastify)',
    axis: 'requests at once',
    points,
  };
}

async function pointOf(app: AppProcess, kind: StorageKind, atOnce: number): Promise<GrowthPoint> {
  const owner = new BenchClient(app.origin);
  await owner.get('/fill/1024');
  const clients = Array.from({ length: atOnce }, () => new BenchClient(app.origin, owner.cookie));
  const costs: number[] = [];
  const waits: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const before = await app.usage();
    const idle = [...clients];
    await inFlight(atOnce, REQUESTS, async () => {
      const client = idle.pop()!;
      const begin = performance.now();
      await client.get('/change');
      if (round >= 0) waits.push((performance.now() - begin) * 1000);
      idle.push(client);
    });
    const after = await app.usage();
    if (round >= 0) costs.push((after.cpu - before.cpu) / REQUESTS);
  }
  await Promise.all([owner, ...clients].map((client) => client.close()));
  return { series: kind, at: atOnce, cpu: median(costs), wall: median(waits) };
}
