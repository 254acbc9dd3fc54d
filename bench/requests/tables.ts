import { KINDS, type StorageKind } from '../apps/app-spec.js';
import { PLATFORMS, type Platform } from '../apps/nest-app.js';
import type { MedianInterval } from '../measure/median.js';
import { markdownTable } from '../report/markdown-table.js';
import { AGREEMENT, type Measured } from './compare.js';
import { isOurs, OURS, type Heat } from './match.js';
import { verdictOn } from './print-heat.js';

/** Everything that was found: a row an app and workload. */
export function fullTable(heats: readonly Heat[]): string {
  const head = [
    'platform',
    'kept',
    'request',
    'app',
    'CPU (us)',
    'times no sessions',
    'added (us)',
    'requests/s',
    'p50 (ms)',
    'p99 (ms)',
    'storage calls',
    'stored bytes',
    'cookie',
  ];
  const rows = heats.flatMap(({ platform, kind, workload, measured, traffic }) =>
    measured.map(({ app, cost, ratio, added }) => {
      const moved = traffic.find((one) => one.app === app);
      return [
        platform,
        kind,
        workload.name,
        app,
        cost.cpu.toFixed(0),
        interval(ratio, 2),
        interval(added, 0),
        cost.perSecond.toFixed(0),
        (cost.p50 / 1000).toFixed(2),
        (cost.p99 / 1000).toFixed(2),
        String(Number(moved?.storageCalls.toFixed(2))),
        String(Math.round(moved?.storageBytes ?? 0)),
        String(moved?.cookieBytes),
      ];
    }),
  );
  return markdownTable(head, rows);
}

/** What sessions add to a request, ours beside the peers: a row a kind of storage and workload. */
export function addedTable(heats: readonly Heat[]): string {
  const rows = heats.map((heat) => {
    const { platform, kind, workload, control, measured, traffic } = heat;
    const peers = measured.filter(({ app }) => !isOurs(app));
    return [
      platform,
      kind,
      workload.name,
      measured
        .filter(({ app }) => isOurs(app))
        .map((one) => `${one.app === OURS ? '' : "'declared': "}${interval(one.added, 0)}`)
        .join('<br>'),
      peers.map((peer) => `${peer.app} ${interval(peer.added, 0)}`).join('<br>') || 'none',
      peers.map((peer) => said(peer)).join('<br>'),
      String(Number(traffic.find(({ app }) => app === OURS)?.storageCalls.toFixed(2))),
      `${interval(control, 2)}${isOff(control) ? ' (!)' : ''}`,
    ];
  });
  return markdownTable(['platform', 'kept', 'request', 'ours', 'peers', '', 'our calls', 'control'], rows);
}

/** Whether two processes of the app without sessions differ by so much that the row says little. */
function isOff({ median }: MedianInterval): boolean {
  return Math.abs(median - 1) > AGREEMENT;
}

/** Where a peer takes less than ours. */
export function lossTable(heats: readonly Heat[]): string {
  const rows = heats.flatMap(({ platform, kind, workload, measured }) =>
    measured
      .filter((one) => !isOurs(one.app) && verdictOn(one) === 'ours TAKES MORE')
      .map(({ app, overOurs }) => [platform, kind, workload.name, app, `${(-overOurs.median).toFixed(0)} us`]),
  );
  return rows.length === 0 ? 'None.' : markdownTable(['platform', 'kept', 'request', 'peer', 'ours takes more'], rows);
}

const SUMMARY = ['not used, cookie', 'read 1 KB', 'change 1 KB', 'create'];

/** The most of it in one small table: ours and the best peer. */
export function summaryTable(heats: readonly Heat[]): string {
  const kindsOf = (of: Platform): readonly StorageKind[] =>
    KINDS.filter((kind) => heats.some((heat) => heat.platform === of && heat.kind === kind));
  const rows = PLATFORMS.flatMap((platform) =>
    kindsOf(platform).map((kind) => [
      platform,
      kind,
      ...SUMMARY.map((name) => {
        const heat = heats.find((one) => one.platform === platform && one.kind === kind && one.workload.name === name);
        return heat === undefined ? '' : oursAndBest(heat.measured);
      }),
    ]),
  );
  return markdownTable(['platform', 'kept', ...SUMMARY], rows);
}

function oursAndBest(measured: readonly Measured[]): string {
  const of = ({ added }: Measured): string => Math.max(0, added.median).toFixed(0);
  const ours = measured.find(({ app }) => app === OURS);
  const [best] = measured.filter(({ app }) => !isOurs(app)).toSorted((a, b) => a.added.median - b.added.median);
  const text = ours === undefined ? '' : of(ours);
  return best === undefined ? text : `${text} (${of(best)})`;
}

function said(peer: Measured): string {
  return { 'ours takes less': 'less', equal: 'equal', 'ours TAKES MORE': '**more**' }[verdictOn(peer)];
}

function interval({ median, low, high }: MedianInterval, digits: number): string {
  return `${median.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
