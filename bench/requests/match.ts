import { AppProcess } from '../apps/app-process.js';
import type { AppSpec, StorageKind } from '../apps/app-spec.js';
import { peersOf } from '../apps/apps.js';
import type { BenchBackends } from '../apps/bench-backends.js';
import type { Platform } from '../apps/nest-app.js';
import { compare, type Comparison } from './compare.js';
import { Load, WITHOUT } from './load.js';
import { warmUp } from './warm-up.js';
import { workloadsOf, type Workload } from './workload.js';

/** What one workload found of all who keep sessions in one way, on one platform. */
export interface Heat extends Comparison {
  readonly platform: Platform;
  readonly kind: StorageKind;
  readonly workload: Workload;
  readonly traffic: readonly Traffic[];
}

/** What one request of an app moves. */
export interface Traffic {
  readonly app: string;
  /** Calls of the storage, and bytes of session data in them. */
  readonly storageCalls: number;
  readonly storageBytes: number;
  /** What a client sends as `Cookie`, in bytes. */
  readonly cookieBytes: number;
}

/** A kind of storage on a platform. */
export interface Match {
  readonly platform: Platform;
  readonly kind: StorageKind;
  /** No more rounds than these, whether the control agrees with itself by then or not. */
  readonly mostRounds: number;
}

/** The name of our app, set up as most have it. */
export const OURS = 'nest-sessions';
/** Ours without a price on routes that do not use the session: which does not depend on the storage. */
const DECLARED = "nest-sessions, interceptor: 'declared'";

/** Whether an app is none of a peer. */
export function isOurs(app: string): boolean {
  return app === OURS || app === DECLARED;
}

/** Lets all who keep sessions in one way run every workload, each in a process of its own. */
export async function* heatsOf(
  { platform, kind, mostRounds }: Match,
  backends: BenchBackends,
): AsyncGenerator<Heat, void> {
  const apps: AppProcess[] = [];
  const start = async (app: string, counts = false): Promise<AppProcess> => {
    const spec: AppSpec = { app, platform, kind, backends: backends.ofOneApp(), counts };
    const started = await AppProcess.start(spec);
    apps.push(started);
    return started;
  };
  try {
    const names = [OURS, ...(kind === 'memory' ? [DECLARED] : []), ...peersOf(platform, kind)];
    const [without, control] = [await start(WITHOUT), await start(WITHOUT)];
    const competitors: AppProcess[] = [];
    const counted: AppProcess[] = [];
    for (const name of names) {
      competitors.push(await start(name));
      counted.push(await start(name, true));
    }
    for (const app of [without, control, ...competitors]) await warmUp(app);
    for (const workload of workloadsOf(kind)) {
      const traffic: Traffic[] = [];
      for (const app of counted) traffic.push(await trafficOf(app, workload));
      const loads: Load[] = [];
      const prepare = async (app: AppProcess): Promise<Load> => {
        const load = await Load.prepare(app, workload);
        loads.push(load);
        await load.round();
        return load;
      };
      const field = { without: await prepare(without), control: await prepare(control) };
      const all = new Map<string, Load>();
      for (const app of competitors) all.set(app.spec.app, await prepare(app));
      const comparison = await compare({ ...field, ours: all.get(OURS)!, all }, mostRounds);
      yield { platform, kind, workload, traffic, ...comparison };
      for (const load of loads) await load.close();
    }
  } finally {
    for (const app of apps) await app.stop();
  }
}

/** Counts in a process of its own, since to count has a price. */
async function trafficOf(app: AppProcess, workload: Workload): Promise<Traffic> {
  const load = await Load.prepare(app, workload);
  const before = await app.usage();
  await load.round();
  const after = await app.usage();
  await load.close();
  return {
    app: app.spec.app,
    storageCalls: (after.calls - before.calls) / workload.requests,
    storageBytes: (after.bytes - before.bytes) / workload.requests,
    cookieBytes: load.cookieBytes,
  };
}
