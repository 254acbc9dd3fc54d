import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { KINDS, type StorageKind } from '../../bench/apps/app-spec.js';
import { APPS, peersOf } from '../../bench/apps/apps.js';
import { PLATFORMS } from '../../bench/apps/nest-app.js';
import { StorageCount } from '../../bench/apps/storage-count.js';
import { BenchClient } from '../../bench/requests/bench-client.js';
import { isOurs, OURS } from '../../bench/requests/match.js';

const isThere = (kind: StorageKind): boolean =>
  (inject('redisUrl') !== null || !kind.includes('redis')) &&
  (inject('postgresUrl') !== null || !kind.includes('postgres'));

/** All that is compared: every app that keeps sessions in one way on one platform. */
const CANDIDATES = PLATFORMS.flatMap((platform) =>
  KINDS.filter(isThere).flatMap((kind) => [OURS, ...peersOf(platform, kind)].map((app) => ({ platform, kind, app }))),
);

async function started({ platform, kind, app }: (typeof CANDIDATES)[number], count?: StorageCount) {
  const folder = await mkdtemp(join(tmpdir(), 'nest-sessions-bench-'));
  const backends = { folder, redisUrl: inject('redisUrl') ?? '', postgresUrl: inject('postgresUrl') ?? '' };
  const running = await APPS[app]!({ app, platform, kind, backends }, count);
  onTestFinished(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });
  await running.listen(0, '127.0.0.1');
  const client = new BenchClient(await running.getUrl());
  onTestFinished(() => client.close());
  return client;
}

const countIn = async (answer: Promise<string>): Promise<number> =>
  (JSON.parse(await answer) as { count: number }).count;

describe('the apps of the bench', () => {
  it('are all that are to be compared', () => {
    const names = new Set(CANDIDATES.map(({ app }) => app));
    expect([...names].filter((app) => !isOurs(app)).toSorted()).toEqual([
      '@fastify/secure-session',
      '@fastify/session',
      'cookie-session',
      'express-session',
      'express-session, memorystore',
      'iron-session',
    ]);
  });

  it.each(CANDIDATES)('keep a change: $app, $kind, $platform', async (candidate) => {
    const client = await started(candidate);
    await client.get('/fill/1024');
    const before = await countIn(client.get('/read'));
    expect(await countIn(client.get('/change'))).toBe(before + 1);
    expect(await countIn(client.get('/read'))).toBe(before + 1);
  });
});

describe('what ours asks a storage for', () => {
  const kinds = KINDS.filter((kind) => isThere(kind) && kind !== 'by value');

  it.each(PLATFORMS.flatMap((platform) => kinds.map((kind) => ({ platform, kind, app: OURS }))))(
    'is as little as it may be: $kind, $platform',
    async (candidate) => {
      const count = new StorageCount();
      const client = await started(candidate, count);
      const callsOf = async (path: string): Promise<number> => {
        const before = count.calls;
        await client.get(path);
        return count.calls - before;
      };
      const reads = candidate.kind.startsWith('cache') ? 0 : 1;
      expect(await callsOf('/create')).toBe(1);
      expect(await callsOf('/plain')).toBe(0);
      expect(await callsOf('/read')).toBe(reads);
      expect(await callsOf('/change')).toBe(reads + 1);
    },
  );
});
