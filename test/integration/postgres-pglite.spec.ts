import { PGlite } from '@electric-sql/pglite';
import { PostgresStorage, postgresDdl } from 'nest-sessions/postgres';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf, versionOf, write } from '../support/postgres-pool.js';

// How it keeps the contract is in test/conformance; here it is as people have it, with a clock of its own
describe('PostgresStorage by PGlite', () => {
  let pglite: PGlite;

  beforeAll(async () => void (pglite = await PGlite.create()), 60_000);
  afterAll(() => pglite.close());

  it('takes one as it is, and makes its tables once for many who ask', async () => {
    const storages = Array.from({ length: 5 }, () => new PostgresStorage(pglite, { schema: 'web', table: 'many' }));
    await Promise.all(storages.map((storage) => storage.ensureSchema()));
    const version = await versionOf(write(storages[0]!, 'a', 'one', { expect: 'absent' }));
    await versionOf(write(storages[1]!, 'a', 'two', { expect: { version } }));
    expect(await textOf(storages[2]!, 'a')).toBe('two');
  });

  it('runs what postgresDdl() gives', async () => {
    await pglite.exec(postgresDdl({ table: 'migrated' }));
    const storage = new PostgresStorage(pglite, { table: 'migrated' });
    await write(storage, 'a', 'stored');
    expect(await storage.invalidate('a')).toBe(true);
  });

  it('tells what has expired by its own clock', async () => {
    const storage = new PostgresStorage(pglite, { table: 'expiring' });
    await storage.ensureSchema();
    await write(storage, 'a', 'short', { expiresAt: Date.now() + 200 });
    while ((await textOf(storage, 'a')) !== undefined) await setTimeout(5);
    expect(await storage.sweep()).toBe(1);
  });

  it('without its tables it says what to call', async () => {
    await expect(write(new PostgresStorage(pglite, { table: 'missing' }), 'a', '')).rejects.toThrow(
      'Cannot use table "missing": it or that of principals is not there: await ensureSchema()',
    );
  });

  it('a write that stands in line is not done when nobody waits for it any more', async () => {
    const storage = new PostgresStorage(pglite, { table: 'aborted' });
    await storage.ensureSchema();
    const controller = new AbortController();
    let letGo = (): void => {};
    const held = pglite.runExclusive(() => new Promise<void>((resolve) => (letGo = resolve)));
    const first = write(storage, 'a', 'first');
    const late = write(storage, 'b', 'late', { signal: controller.signal });
    // The first has been given to PGlite, and the other one stands in line
    await new Promise(setImmediate);
    controller.abort();
    letGo();
    await Promise.all([held, first, expect(late).rejects.toMatchObject({ code: 'ERR_SESSION_STORAGE' })]);
    expect(await textOf(storage, 'b')).toBeUndefined();
  });
});
