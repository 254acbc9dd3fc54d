import type { Backends } from '../apps/app-spec.js';
import { PLATFORMS } from '../apps/nest-app.js';
import type { Growth, GrowthPoint } from './growth.js';
import { injectedCost } from './injected-cost.js';

const COUNTS = [1, 2, 4, 8];
const REQUESTS = 200;

/** How the cost of a request grows with the number of sessions that its handler declares, changing all of them. */
export async function growthOfSessionCount(backends: Backends): Promise<Growth> {
  const points: GrowthPoint[] = [];
  for (const platform of PLATFORMS) {
    for (const sessions of COUNTS) {
      const spec = { app: 'several sessions', platform, kind: 'memory', backends, sessions } as const;
      for (const path of ['read', 'change']) {
        const cpu = await injectedCost({ spec, first: '/change', path: `/${path}`, requests: REQUESTS });
        points.push({ series: `${platform}: ${path}`, at: sessions, cpu });
      }
    }
  }
  return {
    name: 'growth-sessions-per-request',
    title: 'CPU time of a request, by the number of sessions (1 KB each, in memory) that its handler uses',
    axis: 'sessions in one request',
    points,
  };
}
