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

/** As many as take about a twentieth of a second; of larger sessions fewer do. */
const REQUESTS = { [KB]: 120, [10 * KB]: 60, [100 * KB]: 20 } as Readonly<Record<number, number>>;

const UNUSED: readonly Workload[] = [
  { name: 'not used, no cookie', path: 'plain', bytes: 0, atOnce: 10, requests: 240 },
  { name: 'not used, cookie', path: 'plain', bytes: KB, atOnce: 10, requests: 240 },
];

const ONE_KB: readonly Workload[] = [
  ...[1, 10, 100].map((atOnce) => used('read', KB, atOnce)),
  ...[1, 10, 100].map((atOnce) => used('change', KB, atOnce)),
  { name: 'create', path: 'create', bytes: 0, atOnce: 10, requests: 120 },
];

const LARGE: readonly Workload[] = [10 * KB, 100 * KB].flatMap((bytes) => [
  used('read', bytes, 10),
  used('change', bytes, 10),
]);

/** What is measured over a kind of storage; more than 1 KB does not go into a cookie. */
export function workloadsOf(kind: StorageKind): readonly Workload[] {
  return [...UNUSED, ...ONE_KB, ...(kind === 'by value' ? [] : LARGE)];
}

function used(path: 'read' | 'change', bytes: number, atOnce: number): Workload {
  const name = `${path} ${bytes / KB} KB${atOnce === 10 ? '' : `, ${atOnce} at once`}`;
  return { name, path, bytes, atOnce, requests: Math.max(REQUESTS[bytes] ?? 40, 2 * atOnce) };
}
