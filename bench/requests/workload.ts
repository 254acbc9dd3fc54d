import type { StorageKind } from '../apps/app-spec.js';

/** What clients ask an app for. */
export interface Workload {
  readonly name: string;
  readonly path: 'plain' | 'read' | 'change' | 'create';
  /** Whether clients come with a session, and of how much data; 0: without one. */
  readonly bytes: number;
  /** How many clients there are, each with a session of its own. */
  readonly atOnce: number;
  /** Requests of a round, of all clients together. */
  readonly requests: number;
}

const KB = 1024;

/** As many as take about a tenth of a second: of fewer, what the core did before is a part of their cost. */
const REQUESTS = { [KB]: 500, [10 * KB]: 200, [100 * KB]: 50 } as Readonly<Record<number, number>>;

const NO_COOKIE: Workload = { name: 'not used, no cookie', path: 'plain', bytes: 0, atOnce: 10, requests: 1000 };
const COOKIE: Workload = { name: 'not used, cookie', path: 'plain', bytes: KB, atOnce: 10, requests: 1000 };
const CREATE: Workload = { name: 'create', path: 'create', bytes: 0, atOnce: 10, requests: 500 };

const ONE_KB: readonly Workload[] = [used('read', KB, 10), used('change', KB, 10), CREATE];

const OTHER_CLIENTS: readonly Workload[] = [1, 100].flatMap((atOnce) => [
  used('read', KB, atOnce),
  used('change', KB, atOnce),
]);

const LARGE: readonly Workload[] = [10 * KB, 100 * KB].flatMap((bytes) => [
  used('read', bytes, 10),
  used('change', bytes, 10),
]);

/** What is measured over a kind of storage. More than 1 KB does not go into a cookie. */
export function workloadsOf(kind: StorageKind): readonly Workload[] {
  const small = [NO_COOKIE, COOKIE, ...ONE_KB, ...OTHER_CLIENTS];
  return kind === 'by value' ? small : [...small, ...LARGE];
}

function used(path: 'read' | 'change', bytes: number, atOnce: number): Workload {
  const name = `${path} ${bytes / KB} KB${atOnce === 10 ? '' : `, ${atOnce} at once`}`;
  return { name, path, bytes, atOnce, requests: Math.max(REQUESTS[bytes] ?? 40, 2 * atOnce) };
}
