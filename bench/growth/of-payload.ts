import type { Backends } from '../apps/app-spec.js';
import type { Growth, GrowthPoint } from './growth.js';
import { injectedCost } from './injected-cost.js';

const KB = 1024;
/** The serializer takes 1 MiB by default. */
const SIZES = [1, 4, 16, 64, 256, 1000].map((size) => size * KB);

/** How what sessions add to a request grows with the bytes of their data, beside express-session. */
export async function growthOfPayload(backends: Backends): Promise<Growth> {
  const points: GrowthPoint[] = [];
  for (const bytes of SIZES) {
    const requests = Math.max(10, Math.min(300, Math.round((300 * 4 * KB) / bytes)));
    const costOf = (app: string, path: string): Promise<number> =>
      injectedCost({
        spec: { app, platform: 'express', kind: 'memory', backends },
        ...(app !== 'no sessions' && { first: `/fill/${bytes}` }),
        path,
        requests,
      });
    for (const path of ['/read', '/change']) {
      const without = await costOf('no sessions', path);
      for (const app of ['nest-sessions', 'express-session']) {
        points.push({ series: `${app}: ${path.slice(1)}`, at: bytes / KB, cpu: (await costOf(app, path)) - without });
      }
    }
  }
  return {
    name: 'growth-payload',
    title: 'CPU time that a session in memory adds to a request, by the size of its data (Express)',
    axis: 'KB of JSON',
    points,
  };
}
