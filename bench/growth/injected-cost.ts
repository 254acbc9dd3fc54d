import { AppProcess } from '../apps/app-process.js';
import type { AppSpec } from '../apps/app-spec.js';
import { median } from '../measure/median.js';
import { BenchClient } from '../requests/bench-client.js';

const ROUNDS = 15;
/** Until V8 has compiled what there is to compile; large data takes longer than it takes requests. */
const WARM_UP = { requests: 6000, milliseconds: 3000 };

/** Something to ask an app for. */
export interface Asked {
  readonly spec: AppSpec;
  /** What a client asks for first, to have its session. */
  readonly first?: string;
  readonly path: string;
  readonly requests: number;
}

/** The CPU time of one request in process, in microseconds: the median of some rounds, of an app in a process of its own. */
export async function injectedCost({ spec, first, path, requests }: Asked): Promise<number> {
  const app = await AppProcess.start(spec);
  try {
    const client = new BenchClient(app.origin);
    if (first !== undefined) await client.get(first);
    const { cookie } = client;
    await client.close();
    const injected = (): Promise<number> => app.inject({ path, cookie, times: requests });
    const begin = performance.now();
    for (let done = 0; done < WARM_UP.requests; done += requests) {
      await injected();
      if (performance.now() - begin > WARM_UP.milliseconds) break;
    }
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) costs.push(await injected());
    return median(costs);
  } finally {
    await app.stop();
  }
}
