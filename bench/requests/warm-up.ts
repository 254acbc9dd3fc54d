import type { AppProcess } from '../apps/app-process.js';
import { Load } from './load.js';

/** Until V8 has compiled what there is to compile: measured, the CPU time of a change falls for 6,000 requests, to a third. */
const REQUESTS = 6000;

/** Brings an app to where a request costs what later ones do. */
export async function warmUp(app: AppProcess): Promise<void> {
  for (const path of ['plain', 'read', 'change', 'create'] as const) {
    const bytes = path === 'create' ? 0 : 1024;
    const load = await Load.prepare(app, { name: 'warm-up', path, bytes, atOnce: 10, requests: REQUESTS });
    await load.round();
    await load.close();
  }
}
