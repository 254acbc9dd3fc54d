import type { AppProcess } from '../apps/app-process.js';
import { assertDone } from '../measure/assert-done.js';
import { inFlight } from '../measure/in-flight.js';
import { BenchClient } from './bench-client.js';
import type { Workload } from './workload.js';

/** The app that is without sessions. */
export const WITHOUT = 'no sessions';

/** What one round cost one app. */
export interface RoundCost {
  /** CPU time of the app's process for a request, in microseconds. */
  readonly cpu: number;
  readonly perSecond: number;
  /** How long a client waited, in microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** The clients of one app, and what they ask for in one workload. */
export class Load {
  readonly #app: AppProcess;
  readonly #workload: Workload;
  readonly #clients: readonly BenchClient[];

  private constructor(app: AppProcess, workload: Workload) {
    this.#app = app;
    this.#workload = workload;
    this.#clients = Array.from({ length: workload.atOnce }, () => new BenchClient(app.origin));
  }

  /** Connects the clients, gives each its session, and sees to it that the app keeps it. */
  static async prepare(app: AppProcess, workload: Workload): Promise<Load> {
    const load = new Load(app, workload);
    if (workload.bytes > 0 && app.spec.app !== WITHOUT) {
      // One after the other: who does not keep order among parallel requests is not tested here
      for (const client of load.#clients) {
        await client.get(`/fill/${workload.bytes}`);
        const before = countIn(await client.get('/read'));
        const changed = countIn(await client.get('/change'));
        const after = countIn(await client.get('/read'));
        assertDone(changed === before + 1 && after === changed, `${app.spec.app}, keeping a change`);
      }
    }
    return load;
  }

  /** How much a client sends as `Cookie`, in bytes. */
  get cookieBytes(): number {
    return this.#clients[0]?.cookie?.length ?? 0;
  }

  async round(): Promise<RoundCost> {
    const before = await this.#app.usage();
    const begin = performance.now();
    const waits = await this.#run();
    const wall = performance.now() - begin;
    const after = await this.#app.usage();
    const { requests } = this.#workload;
    waits.sort((a, b) => a - b);
    return {
      cpu: (after.cpu - before.cpu) / requests,
      perSecond: (requests / wall) * 1000,
      p50: waits[Math.floor(requests / 2)] ?? NaN,
      p99: waits[Math.floor(requests * 0.99)] ?? NaN,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  /** Each client asks again as soon as it has its answer. */
  async #run(): Promise<Float64Array> {
    const { path, requests, atOnce, bytes } = this.#workload;
    const waits = new Float64Array(requests);
    const idle = [...this.#clients];
    await inFlight(atOnce, requests, async (at) => {
      const client = idle.pop()!;
      if (bytes === 0) client.forget();
      const begin = performance.now();
      await client.get(`/${path}`);
      waits[at] = (performance.now() - begin) * 1000;
      idle.push(client);
    });
    return waits;
  }
}

function countIn(body: string): number {
  return (JSON.parse(body) as { count: number }).count;
}
